"""
How far off the positions of faces are, by distance: from depth, and from their size alone.

``python -m benchmark.position`` renders people at known places (``position_scene.py``), runs the
pipeline and what locates faces, and prints the table of docs/explanation/position.md. People's
heads vary as those of adults do; the estimate does not know by how much.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmark.position_scene import (
    CAMERA_MATRIX,
    SIZE,
    Portrait,
    Pose,
    load_portraits,
    render,
    with_noise,
    with_sensor_errors,
)
from benchmark.run import RESULTS, keep, table_text
from fer_ros.media.image_messages import depth_to_array
from fer_ros.nodes.parameters import SPECS
from fer_ros.perception.localization import Position, estimate_positions, locate_faces
from fer_ros.perception.pipeline import Pipeline, PipelineConfig, build_pipeline

DISTANCES = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0)
#: Of the head's size: as interpupillary distances of adults (Dodgson 2004).
_PEOPLE = 0.060
_FRAMES = 3
#: From this angle on a head counts as turned aside [deg].
_TURNED = 20.0


class _DepthImage:
    """The fields of sensor_msgs/Image, in either encoding of depth."""

    def __init__(self, depth: np.ndarray, encoding: str) -> None:
        self.encoding, self.is_bigendian = encoding, 0
        self.height, self.width = depth.shape
        pixels = np.round(depth * 1000).astype('<u2') if encoding == '16UC1' else (
            np.where(depth > 0, depth, np.nan).astype('<f4'))
        self.step, self.data = pixels.strides[0], memoryview(pixels.tobytes())


def random_pose(distance: float, generator: np.random.Generator) -> Pose:
    """Return a head at a distance [m], in the middle two thirds of the picture, at ease."""
    place = np.array([generator.uniform(-0.45, 0.45) * distance,
                      generator.uniform(-0.15, 0.15) * distance, distance])
    return Pose(place, generator.uniform(-40, 40), generator.uniform(-15, 15),
                generator.uniform(-10, 10), generator.normal(1, _PEOPLE))


def look(pipeline: Pipeline, portrait: Portrait, pose: Pose,
         generator: np.random.Generator) -> dict[str, Position | None] | None:
    """
    Return where the face seems to be, by each means; None if it is not found.

    :returns: '16UC1', '32FC1' and 'size' -> position.
    """
    pipeline.reset()
    color, depth = render(portrait, pose)
    for i in range(_FRAMES):
        faces = pipeline.process(with_noise(color, generator), i / 30).faces
    if len(faces) != 1:
        return None
    detection, noisy = faces[0].track.detection, with_sensor_errors(depth, generator)
    found: dict[str, Position | None] = {
        encoding: locate_faces(depth_to_array(_DepthImage(noisy, encoding)), [detection.box],
                               SIZE, CAMERA_MATRIX)[0] for encoding in ('16UC1', '32FC1')}
    found['size'] = estimate_positions(
        [detection], CAMERA_MATRIX, SPECS['face_width'].default)[0]
    return found


def row_of(distance: float, seen: list[tuple[Pose, dict[str, Position | None] | None]]) -> (
        dict[str, Any]):
    """Return errors [cm], and how often the truth lies within the standard deviation told."""
    row: dict[str, Any] = {'distance [m]': distance, 'found [%]': 100 * float(np.mean(
        [places is not None for _, places in seen]))}
    for means in ('16UC1', '32FC1', 'size'):
        pairs = [(pose, place) for pose, places in seen if places
                 and (place := places[means]) is not None]
        errors = np.array([np.linalg.norm(place[:3] - pose.place) for pose, place in pairs])
        row[f'{means}: median [cm]'], row[f'{means}: 90 % [cm]'] = _percentiles(100 * errors)
    aside = np.array([abs(pose.yaw) >= _TURNED for pose, _ in pairs])
    ratios = 100 * errors / [np.linalg.norm(pose.place) for pose, _ in pairs]
    row['size: median [%]'], row['size: 90 % [%]'] = _percentiles(ratios)
    row['looking ahead: median [%]'] = _percentiles(ratios[~aside])[0]
    row['turned aside: median [%]'] = _percentiles(ratios[aside])[0]
    along = np.array([abs(np.linalg.norm(place[:3]) - np.linalg.norm(pose.place)) / place.stddev
                      for pose, place in pairs])
    row['within 1 stddev [%]'], row['within 2 stddev [%]'] = (
        100 * float(np.mean(along < limit)) for limit in (1, 2))
    return row


def _percentiles(errors: np.ndarray) -> list[float]:
    """Return the median and what 90 % are below; NaN of nothing."""
    return np.percentile(errors, [50, 90]).tolist() if len(errors) else [np.nan, np.nan]


def measure(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """
    Return a row for each distance.

    :param count: of people at each.
    """
    pipeline, generator = build_pipeline(PipelineConfig()), np.random.default_rng(seed)
    portraits = load_portraits(pipeline.detector)
    rows = []
    for distance in tqdm(DISTANCES, disable=None):
        seen = []
        for i in range(count):
            pose = random_pose(distance, generator)
            seen.append((pose, look(pipeline, portraits[i % len(portraits)], pose, generator)))
        rows.append(row_of(distance, seen))
    return rows


def main() -> int:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--people', type=int, default=40, help='at each distance')
    parser.add_argument('--output', type=Path, default=RESULTS / 'position.json')
    options = parser.parse_args()
    rows = measure(options.people)
    print(table_text(rows))
    keep(options.output, {'people': options.people, 'rows': rows})
    return 0


if __name__ == '__main__':
    sys.exit(main())
