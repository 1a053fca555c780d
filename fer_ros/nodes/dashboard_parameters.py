"""The parameters of dashboard_node."""

from __future__ import annotations

from fer_ros.dashboard.invitation import PORT
from fer_ros.nodes.parameter_specs import Spec

SPECS: dict[str, Spec] = {
    'host': Spec('127.0.0.1', 'address to listen on; 127.0.0.1: browsers on this machine only; '
                 '0.0.0.0: all machines, with the token that is printed at the start', live=False),
    'port': Spec(PORT, 'port to listen on; 0: any that is free', 0, 65535, live=False),
    'emotion_node': Spec('emotion_node', 'name of the emotion_node that is shown', live=False),
    'behavior_node': Spec('behavior_node', 'name of the behavior_node that is shown',
                          live=False),
}
