"""What diagnostics and the console say: what to do, and when images stop and come again."""

import pytest

pytest.importorskip('rclpy')

from fer_ros.nodes.diagnostics import FaultLog  # noqa: E402
from fer_ros.nodes.health import Health, Vitals  # noqa: E402


class Watch:
    """A health with a clock of ours and the lines of its console."""

    def __init__(self):
        self.now, self.lines = 0.0, []
        self.health = Health(FaultLog(lambda text: None), self.lines.append, lambda: self.now)
        self.health.watch('/image')

    def says(self, after, **changes):
        """Let time pass and return the text."""
        self.now += after
        vitals = Vitals('/robot/emotion_node', 'active', True, '/image')
        return self.health.judge(vitals._replace(**changes))[1]


@pytest.mark.parametrize(('state', 'text'), [
    ('unconfigured', 'ros2 lifecycle set /robot/emotion_node configure, then activate'),
    ('inactive', 'not active: ros2 lifecycle set /robot/emotion_node activate'),
    ('finalized', '/robot/emotion_node has been shut down: start it anew')])
def test_each_state_has_advice_that_can_be_followed(state, text):
    """With the node's own name."""
    watch = Watch()
    assert text in watch.says(10.0, state=state)
    assert watch.lines == []


def test_the_console_hears_once_that_images_stop_and_once_that_they_come():
    """Diagnostics repeat it, a log does not."""
    watch = Watch()
    assert watch.says(1.0) == '0 faces'
    for _ in range(5):
        assert watch.says(1.5) == 'no image: 0 publishers on /image'
    assert watch.lines == ['no image: 0 publishers on /image']
    for received in (1, 2, 3):
        assert watch.says(1.0, received=received, publishers=1) == '0 faces'
    assert watch.lines[1:] == ['images arrive again']


def test_a_clock_that_stands_is_told_with_it():
    """The reason stands beside the effect."""
    watch = Watch()
    watch.says(3.0, troubles=('nobody publishes /clock',), publishers=1)
    assert watch.lines[0].startswith('nobody publishes /clock; no image for 3 s, although 1')
