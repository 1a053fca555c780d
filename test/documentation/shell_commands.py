"""
What the pages tell readers to type.

Each command is of one kind: ``RUN`` (a test here runs it as it stands), checked (against the real
parsers, targets, launch files, parameters, topics), or ``ELSEWHERE`` (it needs what a test must
not touch, and says what). A command of no known kind is an error.
"""

import importlib.util
import re
import shlex
import subprocess
from typing import NamedTuple

import pages
import pytest
import yaml
from pages import ROOT

from fer_ros.cli import COMMANDS
from fer_ros.commands.train import PRESETS

#: command, as it stands in a page -> the test that runs it.
RUN = {
    'python -m fer_ros policy policy.yaml --output evening.png': 'test_samples',
    'python -m fer_ros analyze picture.jpg --output annotated --overlay cam': 'test_commands',
    'python -m fer_ros explain portrait.jpg folder/': 'test_commands',
    'python -m fer_ros dataset my_pictures --mapping names.yaml --detect-faces --output '
    'runs/mine': 'test_commands',
    'python -m fer_ros policy my_policy.yaml': 'test_tutorial',
    'python -m fer_ros policy robot.yaml --output evening.png': 'test_tutorial',
    'python -m fer_ros.nodes.behavior_node --ros-args -p policy_file:=robot.yaml': 'test_tutorial',
    'python3 my_dialog.py': 'test_tutorial',
    'python -m fer_ros.nodes.emotion_node': 'test_tutorial',
    'python -m fer_ros.nodes.behavior_node': 'test_tutorial',
    'python -m fer_ros.nodes.image_source_node': 'test_tutorial',
    'python3 examples/dialog_manager.py': 'test_tutorial',
    'python3 examples/llm_dialog.py': 'test_examples',
    'python3 examples/words_cue.py': 'test_examples',
    'python3 examples/behavior_tree.py': 'test_examples',
    "sed 's/happy: cheerful/happy: playful/' config/behavior.yaml > my_policy.yaml":
        'test_tutorial',
    'python -m fer_ros.nodes.behavior_node --ros-args -p policy_file:=my_policy.yaml':
        'test_tutorial',
}
#: first words -> why a test does not run it.
ELSEWHERE = {
    'ln -s': 'the workspace of test_packaging.py is made so',
    'colcon build': 'test_packaging.py builds both packages',
    'colcon test': 'needs a workspace of its own, and runs these tests',
    'python3 -m venv': 'the set-up of these tests makes one',
    '. venv/bin/activate': 'what that has made',
    'ros2 security': 'a program of a ROS distribution (sros2)',
    'export ROS_SECURITY_KEYSTORE=$PWD/keystore': 'encrypted topics need a Fast DDS that has them',
    'ros2 run fer_ros emotion_node --ros-args --enclave': 'needs the keys that sros2 makes',
    'ros2 run fer_ros dashboard_node': 'serves on; test_dashboard_node.py runs it',
    'source install/setup.bash': 'what colcon build has made',
    'rosdep install': 'installs packages of the system; needs a ROS distribution',
    'pip install': 'changes the environment',
    'docker run': 'needs Docker',
    '. .venv/ros_environment.sh': 'the set-up writes it; these tests run in it',
    'uv pip compile': 'asks a package index',
    'for': 'a loop around what asks a package index', 'do': '', 'done': '',
    'cd': 'changes nothing',
    'kill': "ends jobs of the reader's shell; test_tutorial.py ends the processes itself",
    'sudo apt': 'installs packages of the system',
    'ros2 topic pub --once dialog/heard': 'a topic of the examples: test_examples.py publishes it',
    'ros2 bag': 'a program of a ROS distribution',
    'ros2 topic list': 'the command line of a ROS distribution, without a name of ours',
}
#: how a command in running text begins; other code there is a name.
_BEGIN = re.compile(r'(make|python3?|fer_ros|ros2|colcon|rosdep|pip|sudo|docker|\.) .')


class Command(NamedTuple):
    """One command; ``whole`` if it stands in a block, where nothing may be missing."""

    page: str
    text: str
    whole: bool = True

    def __str__(self):
        return f'{self.page}: {self.text[:60]}'


def commands():
    """Return every command of every page, once a page."""
    found = [Command(pages.name_of(block.page), text) for block in pages.blocks('sh')
             for line in _lines(block.text) for text in _parts(line)]
    found += [Command(pages.name_of(page), text, False) for page in pages.PAGES
              for text in re.findall('`([^`\n]+)`', pages.prose(page)) if _BEGIN.match(text)]
    return list(dict.fromkeys(found))


def _lines(text):
    """Return the lines of a block without comments, continued ones joined."""
    joined = text.replace('\\\n', ' ')
    return [line for line in (re.sub(r'(^|\s+)#.*', '', line).strip()
                              for line in joined.splitlines()) if line]


def _parts(line):
    """Return the commands of a line, which && and ; join and & sends to the background."""
    return [part.strip() for part in re.split(r'&&|;|&$', line) if part.strip()]


def kind(command):
    """
    Check a command as far as it can be, and return its kind.

    :raises AssertionError: if it is of no known kind, or would not work.
    """
    if command.text in RUN:
        return f'run by {RUN[command.text]}.py'
    for start, reason in ELSEWHERE.items():
        if command.text.startswith(start + ' ') or command.text == start:
            return f'not run: {reason}'
    for start, check in _CHECKS.items():
        if command.text.startswith(start):
            check(command, shlex.split(command.text)[len(start.split()):])
            return 'checked'
    raise AssertionError(f'{command.page}: nobody knows how to check {command.text!r}: add it to '
                         'RUN, ELSEWHERE or _CHECKS')


def _make(command, words):
    """make knows the target (-n: shown, not run)."""
    done = subprocess.run(['make', '-n', *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    arguments = next((shlex.split(w[5:]) for w in words if w.startswith('ARGS=')), [])
    if 'demo' in words:
        _fer_ros(command, ['demo', *arguments])


def _fer_ros(command, words):
    """The command's own parser takes the arguments."""
    if words[0].startswith('<') or words[0] == '--version':
        return
    assert words[0] in COMMANDS, f'{words[0]} is no command'
    module, rest = COMMANDS[words[0]][0], words[1:]
    if words[0] == 'train':
        preset = rest[rest.index('--preset') + 1] if '--preset' in rest else 'emotion'
        module = PRESETS[preset]
        rest = ['--config', 'preset.yaml', *(
            word for word in rest if word not in ('--preset', preset))]
    if words[0] in ('train', 'export', 'export-detector'):
        pytest.importorskip('torch', reason='training needs torch: make setup WITH_TORCH=1')
    if module.startswith('fer_ros.nodes'):
        pytest.importorskip('rclpy')
    tables = pytest.importorskip('tools.reference_tables', reason='needs ROS 2')
    parser = tables.parser_of(module)
    for action in parser._actions:  # in running text nobody writes all that is required
        action.required = action.required and command.whole
        action.nargs = action.nargs if (
            command.whole or action.option_strings or action.choices) else '*'
    try:
        parser.parse_args(rest)
    except SystemExit as error:
        assert error.code == 0, f'{command.text}: refused'


def _module(command, words):
    """The module is there, and has the options."""
    spec = importlib.util.find_spec(words[0])
    assert spec and spec.origin, f'{words[0]} is not there'
    text = open(spec.origin, encoding='utf-8').read()
    for word in words[1:]:
        assert not word.startswith('--') or f"'{word}'" in text or word == '--ros-args', word


def _launch(command, words):
    """The file is there, and every argument is one of its own or of fer.launch.py."""
    assert words[0] == 'fer_ros'
    tables = pytest.importorskip('tools.reference_tables', reason='needs ROS 2')
    assert (ROOT / 'launch' / words[1]).is_file()
    known = {row[0] for name in ('fer', words[1].removesuffix('.launch.py'))
             for row in tables.launch_arguments(name)}
    for word in words[2:]:
        assert word == '--show-args' or word.split(':=')[0] in known, word


def _param(command, words):
    """The node has the parameter, it can be set while it runs, and takes the value."""
    tables = pytest.importorskip('tools.reference_tables', reason='needs ROS 2')
    if len(words) < 3:  # 'ros2 param describe' in running text
        assert not command.whole
        return
    action, node, name = words[:3]
    spec = tables.NODES[node.lstrip('/')][name]
    if action == 'set':
        value = yaml.safe_load(words[3])
        assert spec.live and isinstance(value, type(spec.default))
        assert not spec.choices or value in spec.choices
        assert not isinstance(value, float) or spec.low <= value <= spec.high


def _run_emotion_node(command, words):
    """The node has the parameters."""
    tables = pytest.importorskip('tools.reference_tables', reason='needs ROS 2')
    given = [word.split(':=')[0] for flag, word in zip(words, words[1:]) if flag == '-p']
    assert set(given) <= set(tables.NODES['emotion_node']), given


def _topic(command, words):
    """The topic is one of the reference."""
    assert words[0] in ('echo', 'hz', 'info', 'pub')
    name = next(word for word in words[1:] if not word.startswith('-'))
    assert name.lstrip('/') in {row[1].lstrip('/') for row in endpoints()}, name


def _service(command, words):
    """The service is one of the reference, its request has the fields."""
    name, kind_, *request = words
    node, service = name.strip('/').split('/')
    assert (node, f'~/{service}', kind_) in {(row[0], row[1], row[2]) for row in endpoints()}
    pytest.importorskip('rclpy')
    package, _, message = kind_.split('/')
    module = importlib.import_module(f'{package}.srv')
    fields = getattr(module, message).Request.get_fields_and_field_types()
    assert set(yaml.safe_load(request[0]) if request else {}) <= set(fields)


def _lifecycle(command, words):
    assert words[0] == 'set' and words[1] in ('/emotion_node', '<node>')
    assert words[2] in ('configure', 'activate', 'deactivate', 'cleanup', 'shutdown')


def _export(command, words):
    """A profile that is named is there."""
    file = re.search(r'config/[\w.]+$', words[0])
    assert file and (ROOT / file.group(0)).is_file(), words[0]


def endpoints():
    """Return (node, name, type, kind) of every row in the reference of topics."""
    rows, node = [], ''
    for line in pages.read(ROOT / 'docs/reference/nodes.md').splitlines():
        if line.startswith('## '):
            node = line[3:]
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if cells[0] in ('sub', 'pub', 'srv'):
            rows.append((node, cells[1].strip('`'), cells[2], cells[0]))
    return rows


#: first words -> what checks the rest; longer ones first.
_CHECKS = {
    'make ': _make, 'python -m fer_ros ': _fer_ros, 'fer_ros ': _fer_ros,
    'ros2 run fer_ros emotion_node ': _run_emotion_node, 'ros2 run fer_ros fer_ros ': _fer_ros,
    'python -m ': _module, 'ros2 launch ': _launch,
    'ros2 param ': _param, 'ros2 topic ': _topic, 'ros2 service call ': _service,
    'ros2 lifecycle ': _lifecycle, 'export ': _export,
}
