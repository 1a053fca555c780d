"""``make demo``: three real processes over DDS, a live table, and what was seen as pictures."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from rich.live import Live

from fer_ros.command_help import HelpFormatter
from fer_ros.dashboard.invitation import free_port, open_browser
from fer_ros.media.bag_reading import is_bag
from fer_ros.nodes import demo_report
from fer_ros.nodes.child_processes import ChildProcesses
from fer_ros.nodes.demo_monitor import DemoMonitor
from fer_ros.nodes.demo_table import line, table
from fer_ros.nodes.running import guard_exit
from fer_ros.nodes.transport import choose_transport

#: Whether it is a bag -> the node that gives its images.
_SOURCES = {False: 'image_source_node', True: 'bag_player_node'}


def main(argv: list[str]) -> int:
    """
    Run the demo.

    :returns: 0, or 1 with the reason if no face was reported or a process died.
    :raises ValueError: if the source is not there, or is a file that the demo writes.
    """
    options = _parser().parse_args(argv)
    options.source = os.path.expanduser(options.source.strip()) or 'demo'
    choose_transport()
    # Nobody else's robot is to hear the demo, nor the demo them, unless asked for.
    chosen = 'ROS_DOMAIN_ID' not in os.environ
    os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))
    _prepare(options)
    print(*demo_report.listen_in(chosen), sep='\n', flush=True)
    if options.dashboard:
        options.port = free_port()
        print(f'the page in the browser: {_page(options)}', flush=True)
    # A flag, no exception: one that comes while a process is being started would get lost.
    enough = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: enough.set())
    children = ChildProcesses()
    try:
        monitor = _watch(children, options, enough)
    finally:
        children.stop()
    status = _report(monitor, children, options)
    guard_exit()
    monitor.destroy_node()
    rclpy.try_shutdown()
    return status


def _prepare(options: argparse.Namespace) -> None:
    """
    Make the folder for the results, and remove those of an earlier run.

    :raises ValueError: if the source cannot be one; nothing has been removed then.
    """
    source = options.source
    if source != 'demo' and not source.isdecimal() and not Path(source).exists():
        raise ValueError(f"source '{source}' is not there; give demo, a camera's number, a video "
                         'file, a folder of pictures or a bag')
    written = [(options.output / name).resolve() for name in demo_report.FILES]
    if Path(source).resolve() in written:
        raise ValueError(f"source '{source}' is a file that this run would write: give "
                         'another folder with --output')
    options.output.mkdir(parents=True, exist_ok=True)
    demo_report.forget_earlier_run(options.output)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='fer_ros demo', description='The whole system at work, in three processes.',
        formatter_class=HelpFormatter)
    parser.add_argument('--source', default='demo', help="demo, a camera's number, a video "
                        'file, a folder of pictures or a bag')
    parser.add_argument('--duration', type=float, default=0.0,
                        help='[s] from the first image on; a video, folder or bag that is '
                        'shorter begins anew. 0: until its end, or Ctrl-C')
    parser.add_argument('--output', type=Path, default=Path('demo_output'),
                        help='folder; the video keeps the first 5 minutes')
    parser.add_argument('--image-topic', default='auto', help='of a bag; auto: its first one')
    parser.add_argument('--overlay', choices=('bars', 'cam', 'none'), default='bars',
                        help='beside box and state: probabilities, activation map or nothing')
    parser.add_argument('--anonymize', action='store_true', help='hide faces in the video')
    parser.add_argument('--dashboard', action='store_true',
                        help='open a page in the browser too: live picture, time line, controls')
    parser.add_argument('--detector-model', default='',
                        help='ONNX file with a card (default: the shipped one)')
    parser.add_argument('--emotion-model', default='',
                        help='ONNX file with a card, emotion or emotion_int8 (default: the faster '
                        'of those two here)')
    return parser


def _is_folder(source: str) -> bool:
    return source != 'demo' and not source.isdecimal() and not is_bag(source) and (
        Path(source).is_dir())


def _start_listeners(children: ChildProcesses, options: argparse.Namespace, bag: bool) -> None:
    emotion = {'overlay': options.overlay, 'anonymize': str(options.anonymize).lower()}
    behavior: dict[str, str] = {}
    for key in ('detector_model', 'emotion_model'):
        emotion[key] = getattr(options, key)
    if bag:  # its images are old: their age counts on its own clock
        emotion['use_sim_time'] = behavior['use_sim_time'] = 'true'
    children.start('fer_ros.nodes.emotion_node', emotion)
    children.start('fer_ros.nodes.behavior_node', behavior)
    if options.dashboard:
        children.start('fer_ros.nodes.dashboard_node', {'port': str(options.port)})


def _page(options: argparse.Namespace) -> str:
    return f'http://127.0.0.1:{options.port}/'


def _start_source(children: ChildProcesses, options: argparse.Namespace, bag: bool) -> None:
    """Start what gives images; a file begins anew only to fill the time that was asked for."""
    loop = 'true' if options.duration else 'false'
    # In quotes: a number alone would be read as an integer parameter.
    source = json.dumps(options.source, ensure_ascii=False)
    children.start(f'fer_ros.nodes.{_SOURCES[bag]}', {
        'bag': source, 'loop': loop, 'image_topic': options.image_topic,
    } if bag else {'source': source, 'loop': loop})


def _watch(children: ChildProcesses, options: argparse.Namespace,
           enough: threading.Event) -> DemoMonitor:
    """Show the table until the time or the source is over, Ctrl-C, or a process ends."""
    bag = is_bag(options.source)
    _start_listeners(children, options, bag)
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    monitor = DemoMonitor(
        options.output / 'annotated.avi', pictures=_is_folder(options.source),
        parameter_overrides=[Parameter('use_sim_time', value=bag)])
    executor = SingleThreadedExecutor()
    executor.add_node(monitor)
    try:
        with _display(monitor) as (period, refresh):
            # The source starts when all listen: nothing of it is missed.
            _spin(executor, children, 10.0, lambda: enough.is_set() or monitor.connected())
            if not (enough.is_set() or monitor.connected() or children.ended()):
                # Now and then two processes do not find each other over Fast DDS's TCP.
                print('the processes did not find each other: starting them anew', flush=True)
                children.reset()
                _start_listeners(children, options, bag)
                _spin(executor, children, 10.0, lambda: enough.is_set() or monitor.connected())
            if options.dashboard:
                open_browser(_page(options))
            monitor.start = time.monotonic()
            _start_source(children, options, bag)
            shown = 0.0
            while not enough.is_set() and not children.ended() and not (
                    options.duration and monitor.over(options.duration)):
                executor.spin_once(0.05)
                if time.monotonic() - shown >= period:
                    shown = time.monotonic()
                    refresh()
            if children.ended() and not children.failed():
                _drain(executor, monitor)
    finally:
        executor.shutdown()
        monitor.close()
    return monitor


def _spin(executor: SingleThreadedExecutor, children: ChildProcesses, patience: float,
          until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and not until() and not children.ended():
        executor.spin_once(0.05)


def _drain(executor: SingleThreadedExecutor, monitor: DemoMonitor, quiet: float = 0.5) -> None:
    """Wait for the images that are still on their way: until none has come for a while [s]."""
    deadline, messages = time.monotonic() + quiet, monitor.record.messages
    while time.monotonic() < deadline:
        executor.spin_once(0.05)
        if monitor.record.messages > messages:
            deadline, messages = time.monotonic() + quiet, monitor.record.messages


@contextlib.contextmanager
def _display(monitor: DemoMonitor) -> Iterator[tuple[float, Callable[[], None]]]:
    """Give (period [s], function that refreshes): a live table, or a line a second."""
    if sys.stdout.isatty():
        with Live(auto_refresh=False) as live:
            yield 0.1, lambda: live.update(table(monitor.record, monitor.now), refresh=True)
    else:
        yield 1.0, lambda: print(line(monitor.record, monitor.now), flush=True)


def _report(monitor: DemoMonitor, children: ChildProcesses,
            options: argparse.Namespace) -> int:
    summary = monitor.record.summary()
    try:
        demo_report.write_summary(summary, options.output / 'summary.json')
        if monitor.video.count:
            monitor.sheet.write(options.output / 'contact_sheet.png')
        if monitor.record.messages:
            demo_report.write_time_line(monitor.record, options.output / 'time_line.png')
    except OSError as error:
        monitor.recording_error = monitor.recording_error or str(error)
    if monitor.record.messages:
        print('', *demo_report.told(summary), sep='\n')
    for warning in children.warnings(_SOURCES[is_bag(options.source)]):
        print(warning)
    if monitor.recording_error:
        print(f'not all was recorded: {monitor.recording_error}')
    status = _verdict(summary, children)
    if status == 0:
        print(*demo_report.what_next(options.output, options.source, options.overlay), sep='\n')
    return status


def _verdict(summary: dict, children: ChildProcesses) -> int:
    """Say why the demo failed, if it did."""
    failed = children.failed()
    if failed:
        print(f'\nFAILED: {failed}', file=sys.stderr)
        return 1
    if not summary['people']:
        print('\nFAILED: no face was reported '
              f'({summary["messages"]} images were processed)\n{children.output()}',
              file=sys.stderr)
        return 1
    return 0
