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


def scene_with_faces(count: int, width: int = 640, height: int = 480,
                     columns: int = 4) -> np.ndarray:
    """
    Place faces on a grid.

    :param count: 0 to columns * columns / 2.
    :param columns: of the grid; it has half as many rows.
    :returns: uint8 (height, width, 3) BGR.
    :raises ValueError: for another count.
    """
    rows = columns // 2
    if not 0 <= count <= columns * rows:
        raise ValueError(f'count is {count}, allowed 0..{columns * rows}')
    ramp = np.linspace(90, 150, width, dtype=np.float32)
    scene = np.repeat(np.repeat(ramp[None, :, None], height, 0), 3, 2).astype(np.uint8)
    faces = portraits()
    side = width // columns
    for i in range(count):
        x, y = side * (i % columns), (height // rows) * (i // columns)
        y += (height // rows - side) // 2
        scene[y:y + side, x:x + side] = cv2.resize(
            faces[i % 2], (side, side), interpolation=cv2.INTER_AREA)
    return scene
