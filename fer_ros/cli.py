"""The command line: ``python -m fer_ros <command>`` or ``ros2 run fer_ros fer_ros <command>``."""

from __future__ import annotations

import sys
from importlib import import_module

from fer_ros import __version__
from fer_ros.spelling import did_you_mean

#: command -> (module with ``main(argv) -> int``, what it does).
COMMANDS = {
    'demo': ('fer_ros.nodes.demo',
             'the whole system at work: demo scene, camera, video, folder or bag'),
    'node': ('fer_ros.nodes.node_command', 'run one of the nodes, as ros2 run does'),
    'echo': ('fer_ros.nodes.echo', 'print what goes over topics: people, states, the tone'),
    'set-tone': ('fer_ros.nodes.set_tone', "set the robot's tone, or give it back to the faces"),
    'opt-out': ('fer_ros.nodes.opt_out', 'judge a face no more, or again'),
    'analyze': ('fer_ros.commands.analyze', 'find and judge the faces of still pictures'),
    'view': ('fer_ros.commands.view',
             'a page in the browser over a camera, a file or a bag, without ROS'),
    'models': ('fer_ros.commands.models',
               "list networks, check one, write a card for other people's"),
    'policy': ('fer_ros.commands.policy',
               'check a policy file, and play it against a scripted evening'),
    'dataset': ('fer_ros.datasets.prepare', 'clean a set of face pictures for training'),
    'train': ('fer_ros.commands.train', 'train the emotion network or the face detector'),
    'evaluate': ('fer_ros.evaluation.emotion.evaluate',
                 'judge emotion networks: report with pictures'),
    'state-bench': ('fer_ros.evaluation.states.bench',
                    'compare ways from probabilities to an emotion state'),
    'explain': ('fer_ros.commands.explain', 'show where networks look: activation maps'),
    'evaluate-detector': ('fer_ros.evaluation.detector.evaluate', 'judge face detectors'),
    'evaluate-pipeline': ('fer_ros.evaluation.pipeline.evaluate',
                          'judge detector and emotion network end to end; quality measures'),
    'evaluate-anonymize': ('fer_ros.evaluation.privacy.evaluate',
                           'judge what anonymize leaves in clear'),
    'evaluate-tracker': ('fer_ros.evaluation.tracker.evaluate', 'judge the face tracker'),
    'export': ('fer_ros.emotion_training.export',
               'export a trained emotion network: ONNX, int8, weights'),
    'export-detector': ('fer_ros.detector_training.export',
                        'export a trained face detector to ONNX'),
}
#: missing module -> how to get it.
_REMEDIES = {
    'torch': 'training needs PyTorch: pip install torch (or: make setup WITH_TORCH=1)',
    'onnx': 'quantization needs onnx: pip install onnx (or: make setup WITH_TORCH=1)',
    'litert_torch': 'TensorFlow Lite needs the converter: pip install litert-torch',
    'rclpy': 'this command needs ROS 2: source a distribution, or use make demo, which sets up '
             'one of its own',
    'fer_ros_msgs': 'the messages are not built: colcon build --packages-select fer_ros_msgs, '
                    'then source install/setup.bash (or: make setup)',
    'rosbags': 'bags need the rosbags library: pip install rosbags',
}


def usage() -> str:
    """Return what ``--help`` prints."""
    width = max(map(len, COMMANDS))
    lines = [f'  {name:{width}}  {text}' for name, (_, text) in COMMANDS.items()]
    return ('usage: fer_ros <command> [arguments]; fer_ros <command> --help tells them\n\n'
            'Facial expression recognition for robots.\n\ncommands:\n' + '\n'.join(lines))


def main(argv: list[str] | None = None) -> int:
    """
    Run a command.

    :param argv: arguments without the program's name; None takes the process's.
    :returns: exit status: 0 good, 1 failed, 2 wrong arguments.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if not arguments or arguments[0] in ('-h', '--help', 'help'):
        print(usage())
        return 0 if arguments else 2
    if arguments[0] == '--version':
        print(f'fer_ros {__version__}')
        return 0
    if arguments[0] not in COMMANDS:
        hint = did_you_mean(arguments[0], COMMANDS) or f'; known are {", ".join(COMMANDS)}'
        print(f"fer_ros: unknown command '{arguments[0]}'{hint}", file=sys.stderr)
        return 2
    try:
        module = import_module(COMMANDS[arguments[0]][0])
        return int(module.main(arguments[1:]))
    except ModuleNotFoundError as error:
        name = (error.name or '').split('.')[0]
        print(f'fer_ros: {_REMEDIES.get(name, error)}', file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print(f'fer_ros: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
