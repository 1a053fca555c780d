"""What docs/behavior.md shows is true."""

import re
from pathlib import Path

import pytest

from fer_ros.behavior.policy_file import PolicyError, load_policy

PAGE = (Path(__file__).resolve().parents[2] / 'docs' / 'behavior.md').read_text()


def test_the_policy_of_the_page_loads(tmp_path):
    """The YAML block, as it stands; with the mistake of the page it gives the page's text."""
    text = re.search(r'```yaml\n(.*?)```', PAGE, re.S).group(1)
    file = tmp_path / 'policy.yaml'
    file.write_text(text)
    assert set(load_policy(file).tones) == {'neutral', 'bright'}
    file.write_text(text.replace('rate: 1.1', 'rate: 9'))
    shown = re.search(r"line 3: rate is '9'.*", PAGE).group(0)
    with pytest.raises(PolicyError, match=re.escape(shown)):
        load_policy(file)
