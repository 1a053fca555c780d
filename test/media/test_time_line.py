"""States and tones over time as a picture: which faces share a row, what is left out and said."""

import numpy as np
import pytest

from fer_ros.media.time_line import FaceCourse, draw_time_line, share_rows

LABELS = ('neutral', 'happy', 'bored')


def course(start, end, state='happy', rate=10.0):
    """Return a face that shows one thing."""
    face = FaceCourse()
    for stamp in np.arange(start, end, 1 / rate):
        face.add(stamp, [0.1, 0.9, 0.0], state)
    return face


def words(figure):
    """Return everything that is written in a picture."""
    texts = [text.get_text() for axes in figure.axes for text in (
        *axes.texts, axes.xaxis.label, axes.yaxis.label,
        *(axes.get_legend().get_texts() if axes.get_legend() else ()))]
    return '\n'.join(texts)


def test_faces_that_do_not_meet_share_a_row():
    """The pictures of a folder one after the other; two people at once are two rows."""
    faces = {'f1': course(0, 3), 'f2': course(4, 7), 'f3': course(5, 9)}
    assert share_rows(faces) == [['f1', 'f3'], ['f2']]
    assert share_rows({}) == []


def test_what_is_drawn_is_named(tmp_path):
    """Ids where a row has several, states, tones, marks; an emotion never seen is not there."""
    faces = {'f1': course(0, 3), 'f2': course(4, 7), 'f3': course(7.5, 8, 'uncertain')}
    figure = draw_time_line(
        faces, LABELS, [(0, 'neutral'), (2, 'cheerful')], 8.0, [(3.5, 'second.png')])
    figure.savefig(tmp_path / 'a.png')
    for word in ('f1 happy', 'f2 happy', 'f3 no state', 'cheerful', 'second.png', 'time [s]'):
        assert word in words(figure)
    assert 'bored' not in words(figure)
    assert 'speaking' not in words(figure)


def test_too_many_faces_are_counted():
    """Those seen for the longest time stay."""
    faces = {f'f{i}': course(0, i) for i in range(1, 8)}
    figure = draw_time_line(faces, LABELS, [], 8.0)
    assert len(figure.axes) == 5
    assert '3 faces' in words(figure)
    assert 'f7: probability' in words(figure) and 'f1: probability' not in words(figure)


@pytest.mark.parametrize('faces', [{}, {'f1': FaceCourse()}])
def test_nobody(faces, tmp_path):
    """A picture all the same."""
    figure = draw_time_line(faces, LABELS, [(0, 'neutral')], 8.0)
    figure.savefig(tmp_path / 'a.png')
    assert 'no face was judged' in words(figure)


@pytest.mark.parametrize('rate', [0.5, 30.0])
def test_lines_break_where_a_face_was_away(rate):
    """However fast the samples come: not between two that came as usual."""
    face = course(0, 20, rate=rate)
    for stamp in np.arange(40, 60, 1 / rate):
        face.add(stamp, [0.1, 0.9, 0.0], 'happy')
    face.add(60, [], 'happy')  # it looks away
    line = draw_time_line({'f1': face}, LABELS, [], 60.0).axes[0].lines[-2]
    values = np.isnan(line.get_ydata())
    assert values.sum() == 3  # before the first one, in the gap, at the end


def test_a_long_course_is_thinned():
    """The memory has an end; the beginning and every change of state stay."""
    face = FaceCourse(longest=100)
    for i in range(5000):
        face.add(float(i), [1.0, 0.0, 0.0], 'happy' if i > 3000 else 'neutral')
    assert 40 < len(face.stamps) <= 101
    assert face.stamps[0] == 0.0 and face.stamps[-1] > 4800
    assert abs(face.stamps[face.states.index('happy')] - 3001) < 130
