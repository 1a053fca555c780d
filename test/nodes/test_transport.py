"""Fast DDS gets a transport that holds images, and the user's choice stays."""

import xml.etree.ElementTree as ElementTree

import pytest

from fer_ros.nodes.transport import transport_variables
from fer_ros.resources import resource_path


@pytest.mark.parametrize('distribution, name', [
    ('jazzy', 'FASTRTPS'), ('kilted', 'FASTDDS'), ('', 'FASTDDS')])
def test_shared_memory_is_a_profile_that_is_there(distribution, name):
    """Under the name that this version of Fast DDS knows; 32 MB and UDP in the file."""
    variables = transport_variables('shared_memory', {'ROS_DISTRO': distribution})
    assert list(variables) == [f'{name}_DEFAULT_PROFILES_FILE']
    for file in variables.values():
        text = [element.text for element in ElementTree.parse(file).iter()]
        assert {'SHM', 'UDPv4', str(32 << 20)} <= set(text)


def test_a_container_with_little_shared_memory_gets_small_segments(monkeypatch):
    """Docker's 64 MB hold one segment of 32 MB: the other processes would fall back to UDP."""
    from fer_ros.nodes import transport
    for free, size in ((64 << 20, 8 << 20), (2 << 30, 32 << 20)):
        monkeypatch.setattr(transport, '_free_shared_memory', lambda free=free: free)
        file = transport_variables('shared_memory', {})['FASTDDS_DEFAULT_PROFILES_FILE']
        assert str(size) in [element.text for element in ElementTree.parse(file).iter()]


@pytest.mark.parametrize('name', ['FASTDDS_DEFAULT_PROFILES_FILE', 'FASTDDS_BUILTIN_TRANSPORTS',
                                  'FASTRTPS_DEFAULT_PROFILES_FILE'])
@pytest.mark.parametrize('kind', ['shared_memory', 'large_data', 'keep'])
def test_what_the_user_has_chosen_stays(name, kind):
    assert transport_variables(kind, {name: 'mine'}) == {}


@pytest.mark.parametrize('size', ['one_machine', 'small_memory'])
def test_processes_find_each_other_soon(size):
    """An answer to an announcement may be lost; by default the next one comes after 3 s."""
    path = resource_path(f'config/fastdds_{size}.xml')
    announced = ElementTree.parse(path).find('.//{*}leaseAnnouncement/{*}nanosec')
    assert int(announced.text) <= 500_000_000


def test_large_data_keep_and_nonsense():
    assert transport_variables('large_data', {}) == {'FASTDDS_BUILTIN_TRANSPORTS': 'LARGE_DATA'}
    assert transport_variables('keep', {}) == {}
    with pytest.raises(ValueError, match="'pigeon', allowed: shared_memory"):
        transport_variables('pigeon', {})
