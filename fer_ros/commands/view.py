"""``python -m fer_ros view``: the page in the browser over a camera or a file, without ROS."""

from __future__ import annotations

import argparse
import time

from fer_ros.behavior.policy_file import load_policy
from fer_ros.command_help import HelpFormatter
from fer_ros.commands.viewing import Viewing
from fer_ros.dashboard.access import Access, is_loopback
from fer_ros.dashboard.invitation import PORT, invitation, open_browser
from fer_ros.dashboard.live_feed import LiveFeed
from fer_ros.dashboard.picture_desk import PictureDesk
from fer_ros.dashboard.server import DashboardServer
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
    source = open_frame_source(options.source, options.loop, _HOLD)
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
    Take every frame, at the source's own pace or as fast as can be.

    A file's time is that of its frames: on a slow machine it passes slower, and states are the
    same. A camera's is that of the clock.
    """
    due = start = time.monotonic()
    for index, frame in enumerate(source):
        due = max(due, time.monotonic() - source.period)  # after a stall nothing is made up for
        time.sleep(max(due - time.monotonic(), 0.0))
        viewing.take(frame, index * source.period or time.monotonic() - start)
        due += source.period
    viewing.end('the source has ended; start it with --loop to have it begin anew')
    while True:  # the page stays, with what was seen
        time.sleep(1.0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='fer_ros view', formatter_class=HelpFormatter,
        description='Show faces, states and tone over time as a page in the browser, live from '
                    'a camera or from a file; still pictures can be dropped on it. Nothing is '
                    'written.')
    parser.add_argument('source', nargs='?', default='demo', help="demo, a camera's number, a "
                        'video file, a folder of pictures or a bag')
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
