"""The figures in the pages are the measured ones, of the shipped networks."""

import json

import pages
import pytest
import yaml
from pages import ROOT

from tools import accuracy_tables, speed_tables, summary_table
from tools.accuracy_tables import insert
from tools.speed_tables import read_results


@pytest.mark.parametrize('tool', [accuracy_tables, speed_tables, summary_table],
                         ids=lambda tool: tool.__name__)
def test_the_tables_are_the_measured_ones(tool):
    """``python -m tools.<name>`` was run after the last measurement."""
    made = tool.tables(json.loads(accuracy_tables.RESULTS.read_text(encoding='utf-8'))) if (
        tool is accuracy_tables) else tool.tables()
    for document, names in tool.DOCUMENTS.items():
        text = pages.read(ROOT / document)
        assert insert(text, made, names) == text, document


def test_the_detectors_figures_are_of_the_shipped_networks():
    """The cards in models/ and the tables tell the same recall."""
    rows = read_results('detectors')['detectors']
    for file in ('face_detector', 'face_detector_int8'):
        card = yaml.safe_load((ROOT / f'models/{file}.yaml').read_text(encoding='utf-8'))
        for key in ('recall_24+', 'ap50', 'landmark_error'):
            assert round(rows[card['name']][key], 4) == card['metrics'][key], (file, key)


def test_the_figures_are_of_the_shipped_networks():
    """The cards in models/ and the tables tell the same accuracy."""
    models = read_results('evaluation')['models']
    for file in ('emotion', 'emotion_int8'):
        card = yaml.safe_load((ROOT / f'models/{file}.yaml').read_text(encoding='utf-8'))
        for key in ('accuracy_on_clear_majority', 'fer2013_accuracy', 'macro_f1', 'ece_15_bins'):
            assert models[card['name']][key] == card['metrics'][key], (file, key)
