"""The YAML and Python in the pages works as it stands."""

import ast
import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import cv2
import numpy as np
import pages
import pytest
import yaml
from pages import ROOT

from fer_ros import cli
from fer_ros.behavior.dialog_tone import Tone
from fer_ros.behavior.policy_file import PolicyError, load_policy
from fer_ros.perception import model_card
from fer_ros.perception.labels import canonical


def check_yaml(text, folder):
    """Use a block for what it is; an unknown kind fails."""
    data = yaml.safe_load(text)
    if 'tones' in data:
        (folder / 'policy.yaml').write_text(text)
        load_policy(folder / 'policy.yaml')
    elif 'task' in data:
        (folder / 'model.onnx').touch()
        (folder / 'model.yaml').write_text(text)
        model_card.load_model_card(folder / 'model.onnx', data['task'])
    elif 'style_prompt' in data:
        assert Tone('name', 1.0, 1.0, 1.0, data['style_prompt']['en'])
    elif any('ros__parameters' in value for value in data.values()):
        parameters = pytest.importorskip('fer_ros.nodes.parameters', reason='needs ROS 2')
        values = {name: spec.default for name, spec in parameters.SPECS.items()}
        changes = data['/**/emotion_node']['ros__parameters']
        assert set(changes) <= set(values)
        parameters.build_config({**values, **changes})
    else:  # folder: emotion
        assert [canonical(name) for name in data.values() if name != 'ignore']


@pytest.mark.parametrize('block', pages.blocks('yaml'), ids=str)
def test_yaml(block, tmp_path):
    check_yaml(block.text, tmp_path)


@pytest.mark.parametrize('text', [
    'tones: {a: {rate: 9}}\nemotions: {}\ndefault_tone: a', 'name: x\ntask: cooking',
    '/**/emotion_node: {ros__parameters: {no_such: 1}}', 'freude: hapy'])
def test_wrong_yaml_is_noticed(text, tmp_path):
    with pytest.raises((ValueError, AssertionError)):
        check_yaml(text, tmp_path)


def test_the_policy_of_the_page(tmp_path, monkeypatch, capsys):
    """how_to/own_policy.md: its policy is played as it says; its mistake gives its text."""
    page = pages.read(ROOT / 'docs/how_to/own_policy.md')
    text = re.search(r'```yaml\n(tones.*?)```', page, re.DOTALL).group(1)
    file = tmp_path / 'policy.yaml'
    file.write_text(text)
    monkeypatch.chdir(tmp_path)
    command = 'python -m fer_ros policy policy.yaml --output evening.png'
    assert command in page
    assert cli.main(command.split()[3:]) == 0
    assert 'f1 looks happy' in capsys.readouterr().out and (tmp_path / 'evening.png').is_file()
    file.write_text(text.replace('rate: 1.1', 'rate: 9'))
    shown = re.search(r"line 3: tones.bright.rate is '9'.*", page).group(0)
    with pytest.raises(PolicyError, match=re.escape(shown)):
        load_policy(file)


def test_what_diagnostics_say():
    """how_to/troubleshooting.md quotes what health.py says."""
    source = ast.parse((ROOT / 'fer_ros/nodes/health.py').read_text(encoding='utf-8'))
    said = ' '.join(node.value for node in ast.walk(source)
                    if isinstance(node, ast.Constant) and isinstance(node.value, str))
    page = pages.read(ROOT / 'docs/how_to/troubleshooting.md')
    quoted = re.findall(r'^\| `([^`]+)` \|', page, re.MULTILINE)
    assert len(quoted) == 6
    for text in quoted:
        for part in text.replace(')', '').split('...'):
            assert part.strip(' (') in said, part


@pytest.mark.parametrize('block', [
    block for block in pages.blocks('python')
    if block.page.name not in ('README.md', 'dialog_engineer.md', 'dialogs.md')], ids=str)
def test_python(block, tmp_path, astronaut):
    """Run in a folder with a video; it must tell of the smiling astronaut, or end as a node."""
    video = cv2.VideoWriter(str(tmp_path / 'video.mp4'), cv2.VideoWriter.fourcc(*'mp4v'), 10.0,
                            (512, 512))
    for i in range(15):
        video.write(np.roll(astronaut, i, 1))
    video.release()
    done = subprocess.run([sys.executable, '-c', block.text], cwd=tmp_path, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert 'f1 happy' in done.stdout or 'rclpy.shutdown()' in block.text


def test_a_chat_model():
    """how_to/dialogs.md: its excerpt is the example's, its client talks to a real server."""
    excerpt, client = (block.text for block in pages.blocks('python')
                       if block.page.name == 'dialogs.md')
    assert excerpt.strip('\n') in (ROOT / 'examples/llm_dialog.py').read_text(encoding='utf-8')
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            asked.append((self.path, json.loads(self.rfile.read(
                int(self.headers['Content-Length'])))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(
                {'choices': [{'message': {'content': 'Hello.'}}]}).encode())

        def log_message(self, *args):
            """Be quiet."""

    names = {}
    exec(client, names)
    with HTTPServer(('127.0.0.1', 0), Server) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        model = names['ChatServer'](f'http://127.0.0.1:{server.server_port}/v1', 'm')
        assert model.complete('Be kind.', [{'role': 'user', 'content': 'Hi'}]) == 'Hello.'
    (path, body), = asked
    assert path == '/v1/chat/completions' and body['model'] == 'm'
    assert [message['role'] for message in body['messages']] == ['system', 'user']
