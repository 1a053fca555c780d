"""What the README promises is there: commands, launch files, parameters, the sample program."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from fer_ros import cli

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / 'README.md').read_text(encoding='utf-8')
COMMANDS = [line.split('#')[0].strip() for block in re.findall(
    r'```sh\n(.*?)```', README, re.DOTALL) for line in block.splitlines() if line.strip()]


def test_the_parameter_table_is_the_code():
    """``python -m tools.parameter_table`` was run after the last change."""
    pytest.importorskip('rclpy')
    from tools.parameter_table import table
    assert table() in README


def test_the_figures_are_the_measured_ones():
    """``python -m tools.accuracy_tables`` was run after the last evaluation."""
    import json

    from tools.accuracy_tables import DOCUMENTS, RESULTS, insert, tables
    made = tables(json.loads(RESULTS.read_text(encoding='utf-8')))
    for document, names in DOCUMENTS.items():
        text = (ROOT / document).read_text(encoding='utf-8')
        assert insert(text, made, names) == text, document


def test_the_times_are_the_measured_ones():
    """``python -m tools.speed_tables`` was run after the last benchmark."""
    from tools.accuracy_tables import insert
    from tools.speed_tables import DOCUMENTS, tables
    made = tables()
    for document, names in DOCUMENTS.items():
        text = (ROOT / document).read_text(encoding='utf-8')
        assert insert(text, made, names) == text, document


def test_the_detectors_figures_are_of_the_shipped_networks():
    """The cards in models/ and the tables tell the same recall."""
    import json

    import yaml

    from tools.speed_tables import RESULTS
    rows = json.loads((RESULTS / 'detectors.json').read_text(encoding='utf-8'))['detectors']
    for file in ('face_detector', 'face_detector_int8'):
        card = yaml.safe_load((ROOT / f'models/{file}.yaml').read_text(encoding='utf-8'))
        for key in ('recall_24+', 'ap50', 'landmark_error'):
            assert round(rows[card['name']][key], 4) == card['metrics'][key], (file, key)


def test_the_figures_are_of_the_shipped_networks():
    """The cards in models/ and the tables tell the same accuracy."""
    import json

    import yaml

    from tools.accuracy_tables import RESULTS
    models = json.loads(RESULTS.read_text(encoding='utf-8'))['models']
    for file in ('emotion', 'emotion_int8'):
        card = yaml.safe_load((ROOT / f'models/{file}.yaml').read_text(encoding='utf-8'))
        for key in ('accuracy_on_clear_majority', 'fer2013_accuracy', 'macro_f1', 'ece_15_bins'):
            assert models[card['name']][key] == card['metrics'][key], (file, key)


def test_the_parameter_file_is_the_code():
    """config/emotion_node.yaml holds every parameter with its default."""
    pytest.importorskip('rclpy')
    import yaml

    from fer_ros.nodes.parameters import SPECS
    data = yaml.safe_load((ROOT / 'config/emotion_node.yaml').read_text(encoding='utf-8'))
    assert data['/**/emotion_node']['ros__parameters'] == {
        name: spec.default for name, spec in SPECS.items()}


def test_the_sample_program_is_the_example():
    """The program in the README is the one that a test runs."""
    program = re.search(r'```python\n(.*?)```', README, re.DOTALL).group(1)
    example = (ROOT / 'examples/dialog_manager.py').read_text(encoding='utf-8')
    assert program.strip() in example


@pytest.mark.parametrize('command', [c for c in COMMANDS if c.startswith('make')])
def test_make_commands(command):
    """make knows every target (-n: shown, not run; they are what runs this test)."""
    done = subprocess.run(['make', '-n', *shlex.split(command)[1:]], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('command', [c for c in COMMANDS if 'python -m fer_ros' in c])
def test_fer_ros_commands(command):
    """Every command and option exists."""
    words = shlex.split(command)[3:]
    assert words[0] in cli.COMMANDS
    if words[0] in ('train', 'export', 'export-detector', 'evaluate', 'evaluate-detector'):
        pytest.importorskip('torch')
    preset = words[1:3] if words[0] == 'train' else []
    done = subprocess.run(['python', '-m', 'fer_ros', words[0], *preset, '--help'], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for word in words[1:]:
        assert not word.startswith('--') or word in done.stdout + '--preset', word


@pytest.mark.parametrize('name', re.findall(r'`(\w+\.launch\.py)`', README))
def test_launch_files_are_there(name):
    """Every launch file that is named."""
    assert (ROOT / 'launch' / name).is_file()


@pytest.mark.parametrize('file', ['README.md', *(
    str(p.relative_to(ROOT)) for p in sorted((ROOT / 'docs').glob('*.md')))])
def test_links_lead_somewhere(file):
    """Pictures and pages that a document links to."""
    text = (ROOT / file).read_text(encoding='utf-8')
    for target in re.findall(r'\]\(([^)#]+)\)', text):
        if not target.startswith('http'):
            assert ((ROOT / file).parent / target).exists(), target


def test_no_placeholder_is_left():
    """Nothing like @FIGURES@ in what users read."""
    for path in (ROOT / 'README.md', *(ROOT / 'docs').glob('*.md')):
        assert not re.search(r'@[A-Z]{3,}@', path.read_text(encoding='utf-8')), path
