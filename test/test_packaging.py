"""Both packages are found and installed: at the root and in a workspace, by copy and by link."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('colcon_core', reason='colcon is not installed')

ROOT = Path(__file__).resolve().parent.parent
NODES = ('emotion_node', 'behavior_node', 'image_source_node', 'bag_player_node',
         'dashboard_node', 'expression_node', 'fer_ros')


def colcon(*words: str | Path, cwd: Path = ROOT) -> str:
    """Run colcon in a folder and return what it printed."""
    environ = {**os.environ, 'COLCON_LOG_PATH': os.devnull}
    for name in ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH'):
        environ.setdefault(name, sys.prefix)  # the wheels: the environment is the ROS prefix
    code = 'import sys; from colcon_core.command import main; sys.exit(main())'
    result = subprocess.run([sys.executable, '-c', code, *map(str, words)], cwd=cwd, env=environ,
                            capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def build(base: Path, *words: str) -> Path:
    """Build from the root of the repository below a folder; return the install folder."""
    colcon('--log-base', base / 'log', 'build', '--build-base', base / 'build',
           '--install-base', base / 'install', *words)
    return base / 'install'


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace as the README makes it, with links to this repository."""
    source = tmp_path / 'src'
    source.mkdir()
    (source / 'fer_ros').symlink_to(ROOT)
    (source / 'fer_ros_msgs').symlink_to('fer_ros/fer_ros_msgs')
    return tmp_path


@pytest.fixture(scope='module')
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both packages once, by copy, and return the install folder."""
    if not shutil.which('c++') and not shutil.which('g++'):
        pytest.skip('no compiler to build the messages with')
    return build(tmp_path_factory.mktemp('copied'))


def assert_complete(prefix: Path) -> None:
    """Check that everything of fer_ros is below its install prefix."""
    share = prefix / 'share' / 'fer_ros'
    wanted = {path.relative_to(ROOT) for folder in (
        'config', 'examples', 'launch', 'models', 'worlds')
              for path in (ROOT / folder).rglob('*')
              if path.is_file() and '__pycache__' not in path.parts}
    assert wanted, 'nothing to install?'
    missing = {str(path) for path in wanted if not (share / path).is_file()}
    assert not missing
    assert (share / 'package.xml').is_file()
    assert (prefix / 'share/ament_index/resource_index/packages/fer_ros').is_file()
    assert all(os.access(prefix / 'lib/fer_ros' / name, os.X_OK) for name in NODES)


def test_colcon_lists_both_at_the_root():
    assert sorted(colcon('list', '-n').split()) == ['fer_ros', 'fer_ros_msgs']


def test_colcon_lists_both_in_a_workspace(workspace):
    assert sorted(colcon('list', '-n', cwd=workspace).split()) == ['fer_ros', 'fer_ros_msgs']


def test_build_installs_everything(installed):
    assert_complete(installed / 'fer_ros')
    pages = ROOT / 'fer_ros' / 'dashboard' / 'page'
    [page] = (installed / 'fer_ros').rglob('dashboard/page')
    assert {path.name for path in page.iterdir()} == {path.name for path in pages.iterdir()}
    interfaces = installed / 'fer_ros_msgs' / 'share' / 'fer_ros_msgs'
    assert {path.stem for path in interfaces.rglob('*.msg')} >= {
        'DialogTone', 'Emotion', 'EmotionArray'}
    assert (interfaces / 'srv' / 'AnalyzeImage.srv').is_file()


def test_symlink_install_installs_everything(tmp_path):
    prefix = build(tmp_path, '--symlink-install', '--packages-select', 'fer_ros')
    assert_complete(prefix / 'fer_ros')
    package_xml = prefix / 'fer_ros' / 'share' / 'fer_ros' / 'package.xml'
    assert package_xml.resolve() == ROOT / 'package.xml'


def test_versions_agree():
    import fer_ros

    version = f'<version>{fer_ros.__version__}</version>'
    assert all(version in path.read_text() for path in (
        ROOT / 'package.xml', ROOT / 'fer_ros_msgs' / 'package.xml'))
    assert f"version='{fer_ros.__version__}'" in (ROOT / 'setup.py').read_text()


def test_the_environment_is_one_that_ros2_run_and_launch_find():
    """``make setup``'s .venv: real folders, for ros2 launch looks through no linked ones."""
    prefix = Path(sys.prefix)
    if not (prefix / 'stamps').is_dir():
        pytest.skip('not in an environment that make setup made')
    assert_complete(prefix)
    assert not (prefix / 'share' / 'fer_ros' / 'launch').is_symlink()


def test_a_workspace_sourced_before_is_not_hidden(tmp_path):
    """What stands first in AMENT_PREFIX_PATH is what ros2 run takes."""
    sys.path.insert(0, str(ROOT / 'tools'))
    from package_links import environment_script
    script = tmp_path / 'ros_environment.sh'
    script.write_text(environment_script(tmp_path / 'with space', ''))
    command = f'. "{script}"; echo "$AMENT_PREFIX_PATH"'
    for before, after in (('', f'{tmp_path}/with space'),
                          ('/workspace', f'/workspace:{tmp_path}/with space')):
        done = subprocess.run(['sh', '-c', command], env={
            'PATH': os.environ['PATH'], 'AMENT_PREFIX_PATH': before},
            capture_output=True, text=True)
        assert done.stdout.strip() == after and not done.stderr
