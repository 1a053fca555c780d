"""``python -m fer_ros view``: the page in the browser over a camera or a file, without ROS."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import numpy as np

from fer_ros.behavior.policy_file import load_policy
from fer_ros.command_help import HelpFormatter
from fer_ros.commands.viewing import Viewing
from fer_ros.dashboard.access import Access, is_loopback
from fer_ros.dashboard.invitation import PORT, invitation, open_browser
from fer_ros.dashboard.live_feed import LiveFeed
from fer_ros.dashboard.picture_desk import PictureDesk
from fer_ros.dashboard.server import DashboardServer
from fer_ros.media.bag_reading import is_bag
from fer_ros.media.bag_source import BagSource
from fer_ros.media.frame_source import FrameSource, open_frame_source
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.resources import resource_path

#: Pictures of a folder are shown for so long [s].
_HOLD = 3.0


def main(argv: list[str]) -> int:
    """
    Serve the page until the source and Ctrl-C end it.

    :returns: 0.
    :raises ValueError: if the source is none.
    :raises OSError: if the address cannot be listened on.
    """
    options = _parser().parse_args(argv)
    source: FrameSource = BagSource(options.source, options.image_topic, options.loop) if is_bag(
        options.source) else open_frame_source(options.source, options.loop, _HOLD)
    models = {name: getattr(options, name) for name in ('detector_model', 'emotion_model')
              if getattr(options, name)}
    pipeline = build_pipeline(PipelineConfig(**models))
    policy = load_policy(options.policy or resource_path('config/behavior.yaml'),
                         options.language)
    feed = LiveFeed()
    viewing = Viewing(pipeline, policy, feed, source.name, options.overlay, options.anonymize)
    server = DashboardServer(
        feed, viewing, PictureDesk(**models), Access(options.host), options.port)
    server.start()
    print(f'{source.name} at {server.address} (Ctrl-C ends it)' if is_loopback(options.host)
          else invitation(server.address), flush=True)
    if options.browser:
        open_browser(server.address)
    try:
        _run(source, viewing)
    finally:
        source.close()
        server.stop()
    return 0


def _run(source: FrameSource, viewing: Viewing) -> None:
    """
    Show every frame; at the end, whatever that is, the page stays with what was seen.

    :raises ValueError: if there is nothing to show; a file that breaks off is shown so far.
    """
    shown, reason = 0, 'the source has ended; start it with --loop to have it begin anew'
    try:
        for frame, stamp in _paced(source):
            viewing.take(frame, stamp)
            shown += 1
    except ValueError as error:
        if not shown:
            raise
        reason = str(error)
    viewing.end(reason)
    print(reason, file=sys.stderr, flush=True)
    while True:
        time.sleep(1.0)


def _paced(source: FrameSource) -> Iterator[tuple[np.ndarray, float]]:
    """
    Give frames and their times [s] at the source's own pace, or as fast as they are taken.

    A file's time is that of its frames: on a slow machine it passes slower, and states are the
    same. A camera's is that of the clock.
    """
    start, late = time.monotonic(), 0.0
    for index, frame in enumerate(source):
        now = time.monotonic() - start
        stamp = source.stamp if isinstance(source, BagSource) else (
            index * source.period if source.period else now)
        time.sleep(max(stamp + late - now, 0.0))
        late = max(late, now - stamp)  # after a stall nothing is made up for
        yield frame, stamp


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='fer_ros view', formatter_class=HelpFormatter,
        description='Show faces, states and tone over time as a page in the browser, live from '
                    'a camera or from a file; still pictures can be dropped on it. Nothing is '
                    'written.')
    parser.add_argument('source', nargs='?', default='demo', help="demo, a camera's number, a "
                        'video file, a folder of pictures or a bag')
    parser.add_argument('--image-topic', default='auto', help='of a bag; auto: its first one')
    parser.add_argument('--loop', action='store_true', help='begin anew at the end')
    parser.add_argument('--host', default='127.0.0.1',
                        help='address to listen on; 0.0.0.0: all machines may look, with the '
                             'token that is printed')
    parser.add_argument('--port', type=int, default=PORT, help='0: any that is free')
    parser.add_argument('--no-browser', dest='browser', action='store_false',
                        help='print the address only')
    parser.add_argument('--overlay', choices=('bars', 'cam', 'none'), default='bars',
                        help='beside box and state: probabilities, activation map or nothing')
    parser.add_argument('--anonymize', action='store_true', help='hide faces')
    parser.add_argument('--policy', default='', help='policy file (default: the shipped one)')
    parser.add_argument('--language', default='en', help="of the tone's texts (BCP 47)")
    parser.add_argument('--detector-model', default='',
                        help='ONNX file with a card (default: the shipped one)')
    parser.add_argument('--emotion-model', default='',
                        help='ONNX file with a card (default: of the shipped ones, the faster '
                             'here)')
    return parser
