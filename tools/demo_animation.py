"""
Make the README's animation of a run of the demo.

``make demo DURATION=30``, then ``python -m tools.demo_animation [demo_output]``: frames of the
annotated video and, below them, the tone that ``behavior_node`` chose at that time.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from fer_ros.media.recorder import fitted

TARGET = Path(__file__).resolve().parent.parent / 'docs' / 'images' / 'demo.webp'
#: what GitHub shows without a wait [bytes].
LARGEST = 2_000_000
_SIZE, _CAPTION = (480, 360), 30


def tone_at(summary: dict[str, Any], t: float) -> dict[str, Any]:
    """
    Return the tone at a time of the video.

    :param summary: ``summary.json``; its first tone is there before any image.
    :param t: [s] in the video.
    """
    tones: list[dict[str, Any]] = summary['tones']
    return [tone for tone in tones if tone is tones[0] or tone['t'] <= t][-1]


def frames(folder: Path, start: float, end: float, rate: float) -> Iterator[np.ndarray]:
    """
    Give the frames of the animation, RGB.

    :param folder: what the demo has written.
    :param start: [s] in the video.
    :param end: likewise.
    :param rate: frames a second to keep.
    :raises OSError: if there is no video.
    """
    summary = json.loads((folder / 'summary.json').read_text(encoding='utf-8'))
    video = cv2.VideoCapture(str(folder / 'annotated.avi'))
    if not video.isOpened():
        raise OSError(f"'{folder}' holds no annotated.avi: run make demo DURATION=30 first")
    step, number = video.get(cv2.CAP_PROP_FPS) / rate, 0
    due = start * rate * step
    while number < end * rate * step:
        there, frame = video.read()
        if not there:
            break
        if number >= due:
            yield captioned(frame, tone_at(summary, number / (rate * step)))
            due += step
        number += 1
    video.release()


def captioned(frame: np.ndarray, tone: dict[str, Any]) -> np.ndarray:
    """Return a small copy, RGB, with the robot's tone below."""
    picture = fitted(frame, _SIZE)
    bar = np.full((_CAPTION, _SIZE[0], 3), 30, np.uint8)
    cv2.putText(bar, f'the robot speaks: {tone["tone"]}  ({tone["reason"]})', (8, 20),
                cv2.FONT_HERSHEY_SIMPLEX, 0.5, (240, 240, 240), 1, cv2.LINE_AA)
    return np.ascontiguousarray(np.vstack([picture, bar])[..., ::-1])


def main() -> None:
    """Write the animation."""
    parser = argparse.ArgumentParser(description='Make the animation of a run of the demo.')
    parser.add_argument('folder', type=Path, nargs='?', default=Path('demo_output'))
    parser.add_argument('--output', type=Path, default=TARGET)
    parser.add_argument('--start', type=float, default=0.0, help='[s] in the video')
    parser.add_argument('--end', type=float, default=20.0, help='likewise')
    parser.add_argument('--rate', type=float, default=6.0, help='frames a second')
    options = parser.parse_args()
    pictures = [Image.fromarray(frame) for frame in frames(
        options.folder, options.start, options.end, options.rate)]
    if not pictures:
        raise SystemExit(f"the video in '{options.folder}' ends before {options.start} s")
    pictures[0].save(options.output, save_all=True, append_images=pictures[1:], loop=0,
                     duration=round(1000 / options.rate), quality=45, method=4)
    size = options.output.stat().st_size
    print(f'written: {options.output}, {len(pictures)} frames, {size / 1e6:.2f} MB')
    if size > LARGEST:
        raise SystemExit(f'more than {LARGEST / 1e6:g} MB: lower --rate or --end')


if __name__ == '__main__':
    main()
