"""Shipped files are found beside the code and in an installed share folder."""

from pathlib import Path

import pytest

from fer_ros import resources
from fer_ros.resources import resource_path

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a prefix as colcon makes it; the code itself lies apart from its files."""
    code = tmp_path / 'lib' / 'fer_ros' / 'resources.py'
    monkeypatch.setattr(resources, '__file__', str(code))
    (tmp_path / 'share/fer_ros/config').mkdir(parents=True)
    return tmp_path


def test_in_the_source_tree():
    """Beside the package."""
    assert resource_path('config/behavior.yaml').samefile(ROOT / 'config/behavior.yaml')


@pytest.mark.parametrize('before', ['', '/nowhere:', ':'])
def test_in_an_installed_prefix(installed, monkeypatch, before):
    """Below AMENT_PREFIX_PATH, whatever else is in it."""
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{before}{installed}')
    file = installed / 'share/fer_ros/config/a.yaml'
    file.write_text('')
    assert resource_path('config/a.yaml') == file


def test_missing_names_every_place(installed, monkeypatch):
    """The message tells where a file was looked for."""
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(installed))
    with pytest.raises(FileNotFoundError, match="'config/none.yaml' is not in") as caught:
        resource_path('config/none.yaml')
    assert str(installed / 'share/fer_ros') in str(caught.value)


def test_without_ros(installed, monkeypatch):
    """No AMENT_PREFIX_PATH is no fault of its own."""
    monkeypatch.delenv('AMENT_PREFIX_PATH', raising=False)
    with pytest.raises(FileNotFoundError):
        resource_path('config/none.yaml')
