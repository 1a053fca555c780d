"""docs/reference says what the code says: pages made from it, and topics of running nodes."""

import pages
import pytest
from pages import ROOT
from shell_commands import endpoints

rclpy = pytest.importorskip('rclpy')

from rclpy.parameter import Parameter  # noqa: E402

from fer_ros.nodes.bag_player_node import BagPlayerNode  # noqa: E402
from fer_ros.nodes.behavior_node import BehaviorNode  # noqa: E402
from fer_ros.nodes.emotion_node import EmotionNode  # noqa: E402
from fer_ros.nodes.image_source_node import ImageSourceNode  # noqa: E402
from tools import reference_tables  # noqa: E402
from tools.sros2_policy import watched_dashboard  # noqa: E402

#: Every node has these of its own.
_COMMON = ('rcl_interfaces/', 'lifecycle_msgs/', 'type_description_interfaces/')


def test_the_pages_are_made_from_the_code():
    """``python -m tools.reference_tables`` was run after the last change."""
    for file, text in reference_tables.pages():
        assert pages.read(file) == text, pages.name_of(file)


def test_every_option_is_described():
    """No empty cell stands for what an option does."""
    for line in pages.read(ROOT / 'docs/reference/commands.md').splitlines():
        if line.startswith('| `-'):
            assert not line.rstrip(' |').endswith('`'), line
            assert line.split(' | ')[2].split('(')[0].strip(' |'), line


def test_the_parameter_file_is_the_code():
    """config/emotion_node.yaml holds every parameter with its default."""
    import yaml

    from fer_ros.nodes.parameters import SPECS
    data = yaml.safe_load((ROOT / 'config/emotion_node.yaml').read_text(encoding='utf-8'))
    assert data['/**/emotion_node']['ros__parameters'] == {
        name: spec.default for name, spec in SPECS.items()}


def type_of(message_type):
    """Return a type's name, as ros2 shows it."""
    package, kind, *_ = message_type.__module__.split('.')
    return f'{package}/{kind}/{message_type.__name__}'


def offered(node):
    """Return (name, type, kind) of what a node offers, names as the reference has them."""
    found = [(e.topic_name, type_of(e.msg_type), kind) for kind, listed in (
        ('pub', node.publishers), ('sub', node.subscriptions)) for e in listed]
    found += [(service.srv_name, type_of(service.srv_type), 'srv') for service in node.services]
    own = node.get_name()
    return {(name.replace(f'/test/{own}/', '~/').replace('/test/', ''), type_, kind)
            for name, type_, kind in found if not type_.startswith(_COMMON)}


def parameters(**values):
    return {'namespace': '/test', 'parameter_overrides': [
        Parameter(name, value=value) for name, value in values.items()]}


@pytest.fixture
def ros():
    rclpy.init()
    yield
    rclpy.try_shutdown()


def emotion_node(transport):
    node = EmotionNode(**parameters(image_transport=transport, use_depth=True))
    node.trigger_configure()
    node.trigger_activate()
    return node


def nodes(name, tmp_path):
    """Give nodes that together offer all that there is."""
    if name == 'emotion_node':
        return [emotion_node('raw'), emotion_node('compressed')]
    if name == 'expression_node':
        pytest.importorskip('hri_msgs.msg', reason='hri_msgs is not installed')
        from fer_ros.nodes.expression_node import ExpressionNode
        return [ExpressionNode(**parameters())]
    if name == 'behavior_node':
        return [BehaviorNode(**parameters())]
    if name == 'image_source_node':
        return [ImageSourceNode(**parameters(compressed=True))]
    if name == 'dashboard_node':
        return [watched_dashboard(**parameters(port=0))]
    from rosbags.rosbag2 import Writer
    from rosbags.typesys import Stores, get_typestore
    store = get_typestore(Stores.ROS2_HUMBLE)
    with Writer(tmp_path / 'bag', version=9) as writer:
        connection = writer.add_connection('/test/text', 'std_msgs/msg/String', typestore=store)
        text = store.types['std_msgs/msg/String']('x')
        writer.write(connection, 1, store.serialize_cdr(text, 'std_msgs/msg/String'))
    return [BagPlayerNode(**parameters(bag=str(tmp_path / 'bag')))]


@pytest.mark.parametrize('name', [
    'emotion_node', 'behavior_node', 'image_source_node', 'bag_player_node',
    'dashboard_node', 'expression_node'])
def test_topics_and_services(name, ros, tmp_path):
    """What running nodes offer is what the page lists."""
    made = nodes(name, tmp_path)
    try:
        found = set().union(*map(offered, made)) - {('text', 'std_msgs/msg/String', 'pub')}
    finally:
        for node in made:
            node.destroy_node()
    assert found == {row[1:] for row in endpoints() if row[0] == name}
