"""The shipped SROS2 policy names exactly what the nodes open."""

import xml.etree.ElementTree as ElementTree

import pytest

pytest.importorskip('rclpy')
pytest.importorskip('rosbags')

from tools.sros2_policy import CONFIGURATIONS, KINDS, POLICY, graph_of  # noqa: E402

#: opened by rclpy itself, from Jazzy on.
YOUNG = 'get_type_description'


def allowed(node):
    """Return (element, attribute) -> names in the policy."""
    profile = ElementTree.parse(POLICY).find(f'.//profile[@node="{node}"]')
    return {(element, attribute): {
        item.text for group in profile.findall(f'{element}[@{attribute}="ALLOW"]')
        for item in group} for element, attribute in KINDS}


@pytest.mark.parametrize('node', CONFIGURATIONS)
def test_the_policy_is_the_graph(node):
    """``python -m tools.sros2_policy`` was run after the last change of a topic or service."""
    found, written = graph_of(node), allowed(node)
    for kind in KINDS:
        missing, needless = found[kind] - written[kind], written[kind] - found[kind]
        assert not missing, f'{node} may not {kind} {missing}'
        assert all(name.endswith(YOUNG) for name in needless), f'{node} needs no {needless}'


def test_every_node_has_an_enclave_of_its_own():
    """And none has a wildcard."""
    tree = ElementTree.parse(POLICY)
    paths = [enclave.get('path') for enclave in tree.iter('enclave')]
    assert paths == [f'/fer_ros/{node}' for node in CONFIGURATIONS]
    assert '*' not in POLICY.read_text(encoding='utf-8')
