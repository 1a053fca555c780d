"""Pictures with a known number of real faces."""

from __future__ import annotations

import cv2
import numpy as np


def portraits() -> list[np.ndarray]:
    """Return square BGR crops around the faces of scikit-image's and matplotlib's portraits."""
    from matplotlib import cbook
    from skimage import data
    astronaut = data.astronaut()[..., ::-1][20:220, 120:320]
    with cbook.get_sample_data('grace_hopper.jpg') as file:
        hopper = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    return [np.ascontiguousarray(astronaut), np.ascontiguousarray(hopper[30:330, 110:410])]


def scene_with_faces(count: int, width: int = 640, height: int = 480) -> np.ndarray:
    """
    Place faces on a grid of up to 4x2 cells.

    :param count: 0 to 8.
    :returns: uint8 (height, width, 3) BGR.
    :raises ValueError: for another count.
    """
    if not 0 <= count <= 8:
        raise ValueError(f'count is {count}, allowed 0..8')
    ramp = np.linspace(90, 150, width, dtype=np.float32)
    scene = np.repeat(np.repeat(ramp[None, :, None], height, 0), 3, 2).astype(np.uint8)
    faces = portraits()
    side = width // 4
    for i in range(count):
        x, y = side * (i % 4), (height // 2) * (i // 4) + (height // 2 - side) // 2
        scene[y:y + side, x:x + side] = cv2.resize(
            faces[i % 2], (side, side), interpolation=cv2.INTER_AREA)
    return scene
