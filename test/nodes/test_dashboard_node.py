"""The page over the real graph: camera, emotion_node, behavior_node, dashboard_node, a browser."""

import re
import signal
import subprocess
import sys
import tempfile

import pytest

rclpy = pytest.importorskip('rclpy')

from browser_rig import MOVED, PIXELS, opened, running_browser  # noqa: E402
from helpers import ros, wait_for  # noqa: E402

VIDEO = 'emotions/image/compressed'
PATIENCE = 60.0


class Nodes:
    """Nodes as processes, by name."""

    def __init__(self):
        self.running, self.output = {}, tempfile.TemporaryFile('w+')

    def start(self, name, *parameters):
        arguments = [part for parameter in parameters for part in ('-p', parameter)]
        self.running[name] = subprocess.Popen(
            [sys.executable, '-m', f'fer_ros.nodes.{name}', '--ros-args', *arguments],
            stdout=self.output, stderr=subprocess.STDOUT)

    def stop(self, name):
        process = self.running.pop(name)
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(20)
        finally:
            process.kill()
            process.wait()

    def said(self):
        self.output.seek(0)
        return self.output.read()


@pytest.fixture(scope='module')
def nodes():
    """Return the running nodes."""
    result = Nodes()
    for name in ('image_source_node', 'emotion_node', 'behavior_node'):
        result.start(name)
    result.start('dashboard_node', 'port:=0')
    yield result
    ends = [result.stop(name) for name in list(result.running)]
    assert ends == [0] * 4 and 'Traceback' not in result.said(), result.said()


@pytest.fixture(scope='module')
def browser():
    """Return Chromium."""
    with running_browser() as result:
        yield result


@pytest.fixture(scope='module')
def address(nodes):
    """Return where the page is."""
    assert wait_for(lambda: 'open http://' in nodes.said(), PATIENCE), nodes.said()
    return re.search(r'open (http://\S+)', nodes.said()).group(1)


@pytest.fixture
def page(browser, address):
    """Return the page, with somebody in view."""
    with opened(browser, address) as result:
        result.locator('.person').first.wait_for(timeout=1e3 * PATIENCE)
        yield result


def test_what_the_robot_sees_and_how_it_speaks(page):
    page.wait_for_function(MOVED, arg=page.evaluate(PIXELS))
    page.locator('.person h3', has_text='happy').first.wait_for()
    page.locator('#tone', has_text='Why: ').wait_for()
    page.locator('#figures', has_text='ms from camera to answer').wait_for()
    page.wait_for_function('() => document.querySelectorAll("#line title").length > 0')


def test_controls_reach_the_nodes(page):
    look, tone = page.get_by_label('Look at pictures'), page.get_by_label('Tone')
    page.wait_for_function('() => !document.getElementById("overlay").disabled')
    page.get_by_label('Hide faces').check()
    page.locator('#answer', has_text='Done.').wait_for()
    page.get_by_label('Beside each face').select_option('none')
    look.uncheck()
    page.get_by_text('Nobody is in view.').wait_for()
    look.check()
    page.locator('.person').first.wait_for()
    tone.select_option('reassuring')
    page.locator('#tone', has_text='set by an operator').wait_for()
    assert page.locator('#tone strong').inner_text() == 'reassuring'
    tone.select_option('')
    page.locator('#tone', has_not_text='set by an operator').wait_for()
    page.reload()  # what the nodes say that they stand at
    page.wait_for_function(
        '() => document.getElementById("anonymize").checked'
        ' && document.getElementById("overlay").value === "none"')
    page.get_by_label('Hide faces').uncheck()
    page.get_by_label('Beside each face').select_option('bars')


def test_people_opt_out(page):
    """All who are there: one of them may be about to leave."""
    page.get_by_role('button', name='Judge nobody who is here now').click()
    page.locator('.reason', has_text='does not want to be judged').first.wait_for()
    person = page.locator('.person').first.get_attribute('id')
    page.get_by_role('button', name='Start anew').click()
    page.locator(f'#{person}').wait_for(state='detached')
    page.locator('.person .bars').first.wait_for()


def test_pictures_are_asked_for_only_while_somebody_watches(browser, address):
    with ros():
        peer = rclpy.create_node('peer')
        assert wait_for(lambda: peer.count_publishers(VIDEO) == 1, PATIENCE)
        assert wait_for(lambda: peer.count_subscribers(VIDEO) == 0, PATIENCE)
        with opened(browser, address) as page:
            page.locator('#connection.on', has_text='connected').wait_for()
            assert wait_for(lambda: peer.count_subscribers(VIDEO) == 1, PATIENCE)
        assert wait_for(lambda: peer.count_subscribers(VIDEO) == 0, PATIENCE)
        peer.destroy_node()


def test_a_node_that_is_gone_is_told_with_what_to_do(nodes, page):
    assert nodes.stop('emotion_node') == 0
    advice = page.locator('#advice')
    advice.get_by_text(re.compile('emotion_node: not heard for .* is it running')).wait_for()
    page.locator('#connection.off', has_text='connected, but no new picture').wait_for()
    page.get_by_text('Nobody is in view.').wait_for()
    nodes.start('emotion_node')
    advice.wait_for(state='hidden', timeout=1e3 * PATIENCE)
    page.locator('#connection.on').wait_for()
    page.wait_for_function(MOVED, arg=page.evaluate(PIXELS))
