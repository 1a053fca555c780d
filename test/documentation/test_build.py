"""``make docs`` builds the site without a warning."""

import subprocess
import sys

import pytest
from pages import ROOT

REMEDY = 'not installed: make setup (or pip install -r requirements/development.txt)'
for module in ('sphinx', 'myst_parser', 'furo'):
    pytest.importorskip(module, reason=f'{module} is {REMEDY}')


def test_the_site_builds_without_warnings(tmp_path):
    done = subprocess.run(
        [sys.executable, '-m', 'sphinx', '-b', 'html', '-q', '-W', '--keep-going',
         str(ROOT / 'docs'), str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'index.html').is_file()
    page = (tmp_path / 'reference/perception.html').read_text(encoding='utf-8')
    assert 'fer_ros.perception.pipeline.Pipeline.process' in page
