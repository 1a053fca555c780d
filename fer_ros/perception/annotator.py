"""Draw what was found, always on a copy."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from fer_ros.perception.activation import blend, enlarge
from fer_ros.perception.preprocessing import crop_transform
from fer_ros.perception.types import QUALITY_OK, UNCERTAIN, BoundingBox, TrackedFace

#: BGR; one fixed color an emotion, so that pictures of different runs compare.
COLORS = {
    'neutral': (200, 200, 200), 'happy': (60, 200, 250), 'surprise': (240, 160, 60),
    'sad': (210, 100, 60), 'angry': (60, 60, 230), 'disgust': (70, 160, 60),
    'fear': (200, 80, 180), 'contempt': (110, 130, 160), UNCERTAIN: (130, 130, 130),
}
#: The mosaic over a face: how wide it is, in widths of the face, and how many cells across.
_WIDER, _CELLS = 1.5, 6
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_DARK = (30, 30, 30)
_MAP_SIZE = (48, 48)


def annotate(
        image: np.ndarray, faces: Sequence[TrackedFace], labels: Sequence[str],
        overlay: str = 'bars', regions: Sequence[BoundingBox] | None = None) -> np.ndarray:
    """
    Draw faces with id, state, confidence and probabilities.

    :param image: uint8 (H, W) gray or (H, W, 3) BGR; not changed.
    :param faces: the faces of this very image.
    :param labels: the emotions in the order of the probabilities.
    :param overlay: 'bars' (probabilities), 'cam' (class activation map) or 'none'.
    :param regions: hide these first, and the faces (see :func:`anonymize`); None hides nothing.
    :returns: uint8 (H, W, 3) BGR, a new array.
    """
    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy()
    if regions is not None:
        anonymize(canvas, [*regions, *(face.track.detection.box for face in faces)])
    if overlay == 'cam':
        for face in faces:
            _draw_activation(canvas, face)
    for face in faces:
        _draw_face(canvas, face, labels, bars=overlay == 'bars')
    return canvas


def anonymize(canvas: np.ndarray, regions: Sequence[BoundingBox]) -> None:
    """
    Make faces unrecognizable, in place: a mosaic of 6 cells across each face and what is near.

    A mosaic of block means keeps nothing finer than its cells, unlike a blur, which can be
    undone in part.

    :param canvas: uint8 (H, W, 3).
    :param regions: boxes of whole faces [px]; see :func:`concealed_part`.
    """
    height, width = canvas.shape[:2]
    for box in regions:
        part = canvas[concealed_part(box, width, height)]
        if part.size == 0:
            continue
        # Of a face that is cut off by the border the cells stay as coarse.
        cells = [int(np.clip(np.ceil(_CELLS * inside / max(whole, 1.0)), 1, _CELLS))
                 for inside, whole in ((part.shape[1], _WIDER * box.width),
                                       (part.shape[0], _WIDER * box.height))]
        coarse = cv2.resize(part, (cells[0], cells[1]), interpolation=cv2.INTER_AREA)
        part[...] = cv2.resize(
            coarse, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_NEAREST)


def concealed_part(box: BoundingBox, width: int, height: int) -> tuple[slice, slice]:
    """
    Return what is hidden around a face: its box, widened by a quarter on every side.

    :param box: of the face [px].
    :param width: of the picture [px].
    :param height: of the picture [px].
    :returns: rows and columns inside the picture.
    """
    beyond = (_WIDER - 1) / 2
    wide = BoundingBox(box.x - beyond * box.width, box.y - beyond * box.height,
                       _WIDER * box.width, _WIDER * box.height).clipped(width, height)
    return (slice(int(wide.y), int(np.ceil(wide.y + wide.height))),
            slice(int(wide.x), int(np.ceil(wide.x + wide.width))))


def tag_text(face: TrackedFace, labels: Sequence[str]) -> str:
    """Return id, state and how sure that is; without a state what is likeliest."""
    emotion = face.emotion
    state = 'no state' if emotion.label == UNCERTAIN else emotion.label
    if emotion.quality != QUALITY_OK:
        return f'{face.track.id} {state} ({emotion.quality})'
    if not len(emotion.probabilities):
        return f'{face.track.id} {state}'
    sure = f'{round(100 * emotion.confidence)}%'
    if emotion.label == UNCERTAIN:
        sure = f'({labels[int(np.argmax(emotion.probabilities))]} {sure})'
    return f'{face.track.id} {state} {sure}'


def _draw_face(canvas: np.ndarray, face: TrackedFace, labels: Sequence[str],
               bars: bool) -> None:
    box, emotion = face.track.detection.box, face.emotion
    color = COLORS.get(emotion.label, COLORS[UNCERTAIN])
    x1, y1 = round(box.x), round(box.y)
    x2, y2 = round(box.x + box.width), round(box.y + box.height)
    cv2.rectangle(canvas, (x1, y1), (x2, y2), color, 2, cv2.LINE_AA)
    for x, y in () if face.track.detection.landmarks is None else face.track.detection.landmarks:
        cv2.circle(canvas, (round(float(x)), round(float(y))), 2, color, -1, cv2.LINE_AA)
    _draw_tag(canvas, tag_text(face, labels), x1, y1, color)
    if bars and len(emotion.probabilities):
        _draw_bars(canvas, emotion.probabilities, labels, x2 + 4, y1)


def _draw_tag(canvas: np.ndarray, text: str, x: int, y: int,
              color: tuple[int, int, int]) -> None:
    """Write text on a filled tag above (x, y), or below where there is no room above."""
    (width, height), base = cv2.getTextSize(text, _FONT, 0.5, 1)
    x = int(np.clip(x - 1, 0, max(canvas.shape[1] - width - 6, 0)))
    top = max(y - height - base - 5, 0)
    cv2.rectangle(canvas, (x, top), (x + width + 6, top + height + base + 4), color, -1)
    cv2.putText(canvas, text, (x + 3, top + height + 2), _FONT, 0.5, _DARK, 1, cv2.LINE_AA)


def _draw_bars(canvas: np.ndarray, probabilities: np.ndarray, labels: Sequence[str],
               x: int, y: int) -> None:
    """Draw one bar an emotion on a darkened panel right of the face, inside the image."""
    row, width = 13, 108
    panel_height = row * len(labels) + 4
    height, image_width = canvas.shape[:2]
    if image_width < width or height < panel_height:
        return
    x, y = int(np.clip(x, 0, image_width - width)), int(np.clip(y, 0, height - panel_height))
    panel = canvas[y:y + panel_height, x:x + width]
    panel[:] = panel // 3
    for i, (label, p) in enumerate(zip(labels, probabilities)):
        top = y + 3 + i * row
        end = x + 54 + max(round(float(p) * 50), 1)
        cv2.rectangle(canvas, (x + 54, top + 1), (end, top + row - 4),
                      COLORS.get(label, COLORS[UNCERTAIN]), -1)
        cv2.putText(canvas, label, (x + 3, top + row - 5), _FONT, 0.33, (235, 235, 235), 1,
                    cv2.LINE_AA)


def _draw_activation(canvas: np.ndarray, face: TrackedFace) -> None:
    """Lay the class activation map over the face, warped back from the crop."""
    if face.activation_map is None:
        return
    smooth = enlarge(face.activation_map, _MAP_SIZE)
    transform = crop_transform(face.track.detection, _MAP_SIZE)
    region = _region_of(transform, canvas.shape[1], canvas.shape[0])
    x, y = int(region.x), int(region.y)
    part = canvas[y:y + int(region.height), x:x + int(region.width)]
    if part.size == 0:
        return
    transform[:, 2] += transform[:, :2] @ (x, y)
    heat = cv2.warpAffine(smooth, transform, (part.shape[1], part.shape[0]),
                          flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    part[:] = blend(part, heat)


def _region_of(transform: np.ndarray, width: int, height: int) -> BoundingBox:
    """Return the part of the image that a crop shows: whole pixels, within the image."""
    right, bottom = _MAP_SIZE
    corners = np.array([[0, 0], [right, 0], [0, bottom], [right, bottom]], float)
    back = cv2.invertAffineTransform(transform)
    points = corners @ back[:, :2].T + back[:, 2]
    x, y = np.clip(np.floor(points.min(0)) - 1, 0, (width, height))
    x2, y2 = np.clip(np.ceil(points.max(0)) + 2, 0, (width, height))
    return BoundingBox(float(x), float(y), float(x2 - x), float(y2 - y))
