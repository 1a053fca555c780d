"""The report suits own pictures: words, intervals, nothing empty, nothing cut off."""

import re
import shutil
import subprocess
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer_ros.datasets.emotion_data import EmotionData
from fer_ros.evaluation.emotion import evaluate, plots
from fer_ros.evaluation.emotion.evaluation import Evaluation
from fer_ros.evaluation.emotion.report import figures_of, write_report
from fer_ros.evaluation.emotion.robustness import KINDS
from fer_ros.evaluation.emotion.verdict import verdict
from fer_ros.perception.labels import EMOTIONS, FER2013

#: own pictures show these, as their labels say.
SHOWN = ('neutral', 'happy', 'sad')


def evaluation(wrong=(), name='ours', confidence=0.9, count=60, voted=False):
    """Return answers to own pictures of three emotions; those of some rows are 'surprise'."""
    majority = np.array([EMOTIONS.index(SHOWN[i % 3]) for i in range(count)])
    votes = np.eye(8, dtype=np.float32)[majority]
    if voted:
        votes = 0.8 * votes + 0.025
    answers = majority.copy()
    answers[list(wrong)] = EMOTIONS.index('surprise')
    probabilities = np.full((count, 8), (1 - confidence) / 7, np.float32)
    probabilities[np.arange(count), answers] = confidence
    labels = np.array([FER2013.index(EMOTIONS[index]) for index in majority])
    data = EmotionData(np.zeros((count, 48, 48), np.uint8), votes, majority, labels,
                       np.ones(count, bool))
    robustness = {kind: 0.5 if 'mask' in kind else 0.8 for kind in ('clean', *KINDS)}
    return Evaluation(name, data, probabilities, probabilities[:, :7], labels, robustness,
                      {'bytes': 1e6, 'milliseconds_per_face': 1.0})


def said(*evaluations):
    """Return the verdict as one text."""
    return ' '.join(verdict(list(evaluations)))


def test_verdict_in_words():
    """How good, how sure that is, which emotion is hard, how honest, what disturbs."""
    text = said(evaluation(range(2, 18, 3)))
    assert text.startswith('ours is right on 54 of 60 pictures: 90 % (95 % interval: 80 % to 95')
    assert 'knows neutral best (100 % found) and sad least (70 %, most often taken for surprise)' \
        in text
    assert 'honest on average (mean confidence 90 %, right on 90 %)' in text
    assert 'lower half covered (a mask) costs most: 30 points' in text


@pytest.mark.parametrize('arguments, text', [
    ({'count': 12}, 'So few pictures give a rough figure only; about 150 would tell it'),
    ({'wrong': range(40)}, 'that it does better is not proven'),
    ({'wrong': range(0, 60, 2), 'confidence': 0.95}, 'surer than it is right'),
    ({'confidence': 0.5}, 'less sure than it is right'),
    ({'count': 12, 'wrong': [1]}, 'Of neutral, happy, sad there are too few pictures')])
def test_verdict_warns(arguments, text):
    """Of too few pictures, guessing, false confidence."""
    assert text in said(evaluation(**arguments))
    if 'too few pictures' not in text:
        assert text not in said(evaluation(range(0, 60, 12)))


def test_verdict_names_what_a_model_cannot_answer():
    """Three-class networks know no 'neutral'."""
    one = evaluation()
    probabilities = one.probabilities.copy()
    probabilities[:, EMOTIONS.index('neutral')] = 0
    text = said(replace(one, probabilities=probabilities))
    assert 'has no answer for neutral: those pictures count as wrong' in text


@pytest.mark.parametrize('first, other, text', [
    (range(20), range(5), 'better.'), (range(5), range(20), 'worse.'),
    (range(20), range(1, 19), 'prove no difference'),
    (range(20), range(20), 'the very same pictures as first')])
def test_verdict_compares(first, other, text):
    """By McNemar's test: two pictures more are no proof."""
    assert said(evaluation(first, 'first'), evaluation(other, 'second')).endswith(
        text if text.endswith('.') else f'{text}.')


def tables(html):
    """Return the tables of a page: lists of rows of cells."""
    return [[re.findall(r'<t[hd]>(.*?)</t[hd]>', row, re.S)
             for row in re.findall(r'<tr>(.*?)</tr>', table, re.S)]
            for table in re.findall(r'<table>(.*?)</table>', html, re.S)]


@pytest.mark.parametrize('voted', [False, True])
def test_report(tmp_path, voted):
    """The verdict comes first; no row, column or figure is empty or of no meaning."""
    both = [evaluation(range(9), voted=voted), evaluation(range(5), 'other', voted=voted)]
    write_report(both, tmp_path, 'mine/dataset.npz')
    html = (tmp_path / 'report.html').read_text(encoding='utf-8')
    assert html.index('ours is right on 51 of 60') < html.index('<table>')
    for label in set(EMOTIONS) - set(SHOWN):
        assert f'<td>{label}</td>' not in html
    for table in tables(html):
        assert len({len(row) for row in table}) == 1 and len(table[0]) <= 9
        for row in table:
            assert row[0] == 'mean' or all(cell.strip() for cell in row), row
    for word in ('FER2013', 'vote'):
        assert (word in html) == voted
    assert '64.0 to 94.8' in html  # Wilson's, of 17 right ones in 20


def test_figures_show_what_is_there():
    """Rows of the truth only; no right or wrong answers, no figure; small sets too."""
    one = evaluation(range(9))
    rows = [label.get_text() for label in plots.confusion(one).axes[0].get_yticklabels()]
    assert rows == ['neutral (20)', 'happy (20)', 'sad (20)']
    assert {'wrong_ours', 'right_ours', 'calibration_ours'} <= set(figures_of([one]))
    names = set(figures_of([evaluation(count=6)]))
    assert 'right_ours' in names and not {'wrong_ours', 'calibration_ours'} & names


@pytest.mark.parametrize('count, wrong', [(3, [0]), (60, range(25))])
def test_no_text_is_cut(count, wrong):
    """Every title, tick and legend lies within its figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    models = [evaluation(wrong, 'a_network_with_a_long_name', count=count),
              evaluation(name='another', count=count)]
    for name, figure in figures_of(models).items():
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw(renderer)
        drawn, paper = figure.get_tightbbox(renderer), figure.bbox_inches
        assert (drawn.min >= -0.02).all(), name
        assert (drawn.max <= paper.max + 0.02).all(), name


def test_nothing_is_cut_off_in_a_browser(tmp_path):
    """1200 px wide: neither the page nor a table has to be scrolled sideways."""
    browser = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser',
                                                   'google-chrome'))), None)
    if browser is None:
        pytest.skip('needs a browser: chromium')
    models = [evaluation(range(9), name, voted=True)
              for name in ('fer_ros_emotion', 'fer_ros_emotion_int8', 'fine_tuned_on_my_camera')]
    write_report(models, tmp_path, 'mine/dataset.npz')
    page = tmp_path / 'report.html'
    script = ('<script>onload = () => document.title = "wide: " + [document.documentElement, '
              '...document.querySelectorAll(".scroll, table")].map(e => e.scrollWidth - '
              'Math.min(e.clientWidth || 1200, 1200)).join()</script></body>')
    page.write_text(page.read_text(encoding='utf-8').replace('</body>', script), encoding='utf-8')
    done = subprocess.run(
        [browser, '--headless', '--no-sandbox', '--disable-gpu', '--window-size=1200,900',
         '--dump-dom', f'--user-data-dir={tmp_path / "browser"}', page.as_uri()],
        capture_output=True, text=True, timeout=120)
    beyond = re.search('<title>wide: ([^<]*)', done.stdout)
    assert beyond, done.stderr[-2000:]
    assert all(int(pixels) <= 0 for pixels in beyond[1].split(',')), beyond[1]


def test_no_held_out_pictures(tmp_path, astronaut):
    """The part with pictures is named."""
    votes = np.zeros((1, 10), np.uint8)
    votes[0, 1] = 10
    np.savez(tmp_path / 'd.npz', images=cv2.resize(astronaut[55:185, 165:295, 1], (48, 48))[None],
             labels=np.array([3], np.uint8), split=np.zeros(1, np.uint8), ferplus_votes=votes)
    with pytest.raises(ValueError, match='in its public part; --part train judges by the other'):
        evaluate.main(['--data', str(tmp_path / 'd.npz'), '--output', str(tmp_path / 'out')])
