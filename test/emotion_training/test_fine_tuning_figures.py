"""The table of the page on own pictures is the measured one."""

import json
from pathlib import Path

import pytest

pytest.importorskip('torch')

from benchmark import fine_tuning  # noqa: E402
from tools.accuracy_tables import insert  # noqa: E402


def test_the_table_is_the_measured_one():
    """``python -m benchmark.fine_tuning`` wrote it; what is unchanged is not said to be better."""
    results = json.loads(fine_tuning.RESULTS.read_text(encoding='utf-8'))
    page = Path(fine_tuning.PAGE).read_text(encoding='utf-8')
    made = {'fine_tuning': fine_tuning.table_of(results)}
    assert insert(page, made, ('fine_tuning',)) == page
    for row in results['cells']:
        assert row['improved'] or row['own']['before'] == row['own']['after']
