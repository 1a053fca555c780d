"""What the demo shows and says: tables that are readable, words that do not contradict."""

import io

import pytest

pytest.importorskip('rclpy')

from rich.console import Console  # noqa: E402

from fer_ros.nodes import demo_report  # noqa: E402
from fer_ros.nodes.demo_record import DemoRecord  # noqa: E402
from fer_ros.nodes.demo_table import line, table  # noqa: E402
from fer_ros_msgs.msg import DialogTone, Emotion, EmotionArray  # noqa: E402

LABELS = ['neutral', 'happy', 'surprise', 'sad', 'angry', 'disgust', 'fear', 'contempt']


def face(id_, label, values, quality='ok'):
    """Return a face; values are the probabilities of the first labels."""
    probabilities = [*values, *[0.0] * (len(LABELS) - len(values))] if values else []
    return Emotion(id=id_, label=label, confidence=max(values, default=0.0), quality=quality,
                   probabilities=probabilities, state_age=1.5)


def see(record, stamp, *faces, arrival=None):
    """Let a record see an image."""
    message = EmotionArray(labels=LABELS, emotions=list(faces))
    message.header.stamp.sec = int(stamp)
    message.header.stamp.nanosec = round((stamp - int(stamp)) * 1e9)
    record.add(message, stamp if arrival is None else arrival, 0.01)


def shown(record, now, width):
    """Return what a terminal of this width shows."""
    console = Console(file=io.StringIO(), width=width)
    console.print(table(record, now))
    return console.file.getvalue().replace('\N{NO-BREAK SPACE}', ' ')


@pytest.fixture
def record():
    """Return a record of three faces: undecided, sure, and one that cannot be judged."""
    record = DemoRecord()
    for stamp in (100.0, 100.1, 100.2):
        see(record, stamp, face('f1', 'uncertain', [0.0, 1.0]), face(
            'f12', 'neutral', [0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]),
            face('f13', 'uncertain', [], 'too_small'))
    record.add_tone(DialogTone(tone='cheerful', reason='f1 looks happy [100%]'), 100.2)
    return record


@pytest.mark.parametrize('width', [60, 80, 120])
def test_the_table_is_whole(record, width):
    """Nothing is cut, no unit is taken for markup, no state is 100 % uncertain."""
    text = shown(record, 0.2, width)
    assert '…' not in text and 'uncertain' not in text
    for part in ('for [s]', 'f12', 'neutral 30 %', 'no state (too_small)', 'contempt ▁ 10 %',
                 'tone: cheerful (f1 looks happy [100%])'):
        assert part in text, part
    assert 'no state (happy 100 % for 0.2 s)' in ' '.join(shown(record, 0.2, 120).split())
    assert max(map(len, text.splitlines())) <= width


def test_nobody_and_nothing(record):
    """Before the first image, and when all have gone."""
    assert 'nobody in view' in shown(DemoRecord(), 0.0, 80)
    assert line(DemoRecord(), 0.0).endswith('nobody')
    see(record, 101.0)
    assert 'nobody in view' in shown(record, 1.0, 80)


def test_the_line(record):
    """The same words where there is no terminal."""
    text = line(record, 0.2).replace('\N{NO-BREAK SPACE}', ' ')
    assert 'f1 no state (happy 100 % for 0.2 s), f12 neutral 30 %' in text


def test_the_clock_goes_on_where_a_bag_begins_anew():
    """Its stamps jump back, the time of the run does not; who comes then was there before."""
    record = DemoRecord()
    for i in range(10):
        see(record, 50 + i / 10, face('f1', 'happy', [0.0, 1.0]), arrival=7 + i / 10)
    for i in range(10):
        see(record, 50 + i / 10, face('f2', 'happy', [0.0, 1.0]), arrival=8 + i / 10)
    summary = record.summary()
    assert summary['passes'] == 2 and summary['seconds'] == pytest.approx(1.9)
    assert summary['people']['f2']['first_seen'] == pytest.approx(1.0)
    words = '\n'.join(demo_report.told(summary))
    assert '1 person seen' in words and 'f2: seen again after the loop' in words
    assert [round(t, 2) for t, _ in record.marks] == [1.0]


def test_each_picture_has_its_faces():
    """Those that were first seen in it; a second pass adds none."""
    record = DemoRecord(pictures=True)
    for i, (name, id_) in enumerate((
            ('a.png', 'f1'), ('b.png', ''), ('c.png', 'f2'), ('a.png', 'f3'))):
        assert record.show(name, float(i)) == (i > 0)
        see(record, float(i), *([face(id_, 'happy', [0.0, 1.0])] if id_ else []))
    assert record.pictures == {'a.png': ['f1'], 'b.png': [], 'c.png': ['f2']}
    words = '\n'.join(demo_report.told(record.summary()))
    for text in ('a.png: happy 100 %', 'b.png: no face', 'c.png: happy', 'f3: seen again'):
        assert text in words
    assert [name for _, name in record.marks] == ['a.png', 'b.png', 'c.png', 'a.png']


@pytest.mark.parametrize('domain, chosen', [('37', True), ('5', False), ('', False)])
def test_how_to_hear_it(monkeypatch, domain, chosen):
    """The lines to type have the domain that is used, whoever chose it."""
    monkeypatch.setenv('ROS_DOMAIN_ID', domain)
    lines = list(demo_report.listen_in(chosen))
    assert f'  export ROS_DOMAIN_ID={domain or 0}' in lines
    assert ('chosen' in lines[0]) == chosen
    assert 'examples/dialog_manager.py' in lines[-1]


def test_what_to_try_is_called_as_this_was(monkeypatch, tmp_path):
    """By make or by python, with names that a shell understands; only files that are there."""
    (tmp_path / 'time_line.png').write_text('')
    monkeypatch.delenv('MAKELEVEL', raising=False)
    text = '\n'.join(demo_report.what_next(tmp_path, 'my clip.mp4', 'bars'))
    assert "python -m fer_ros demo --source 'my clip.mp4' --overlay cam" in text
    assert 'time_line.png' in text and 'annotated.avi' not in text
    monkeypatch.setenv('MAKELEVEL', '1')
    text = '\n'.join(demo_report.what_next(tmp_path, 'demo', 'cam'))
    assert 'make demo SOURCE=0' in text and 'overlay' not in text
