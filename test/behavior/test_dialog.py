"""What a dialog manager is told, and when."""

import pytest

from fer_ros.behavior.attention import Person
from fer_ros.behavior.dialog import Dialog
from fer_ros.behavior.dialog_tone import Tone
from fer_ros.behavior.phrases import PHRASES
from fer_ros.behavior.policy_config import PolicyConfig

TONES = {name: Tone(name) for name in ('neutral', 'cheerful', 'calm')}
TONES['encouraging'] = Tone('encouraging', suggestions=('music', 'a walk', 'tea'))
EMOTIONS = {'neutral': 'neutral', 'happy': 'cheerful', 'sad': 'encouraging', 'angry': 'calm'}


def dialog(**changes):
    """Return one that has told its first tone."""
    result = Dialog(PolicyConfig(TONES, EMOTIONS, **changes))
    first = result.update(0.0, [])
    assert (first.decision.tone.name, first.is_new_tone) == ('neutral', True)
    assert first.sentence == 'Nobody is in front of you.'
    return result


def one(label, id_='f1', size=100.0, age=0.0):
    """Return a person."""
    return Person(id_, label, 0.9, size, state_age=age)


def test_another_person_in_the_same_mood():
    """The person, the sentence and the reason are theirs; the tone is no new one."""
    d = dialog()
    first = d.update(1.0, [one('happy')])
    assert (first.situation.person_id, first.is_new_tone) == ('f1', True)
    assert d.update(1.1, [one('happy')]) is None
    told = d.update(3.0, [one('happy', 'f2')])
    assert (told.situation.whom, told.is_new_tone) == (('f2', 'happy'), False)
    assert told.decision.tone.name == 'cheerful'
    assert told.decision.reason == 'f2 looks happy (90%)'


def test_another_emotion_without_another_tone():
    """Uncertain, within min_interval, without a rule: told at once, the tone stays."""
    d = dialog(min_interval=4.0)
    d.update(1.0, [one('happy')])
    for stamp, label in ((1.1, 'uncertain'), (1.2, 'angry'), (1.3, 'fear'), (1.4, 'happy')):
        told = d.update(stamp, [one(label)])
        assert (told.situation.emotion, told.is_new_tone) == (label, False)
        assert told.decision.tone.name == 'cheerful'
    assert d.update(1.5, [one('happy')]) is None


def test_a_lost_face_is_waited_for():
    """A drop-out says nothing; who has left is said long before the tone goes."""
    d = dialog(hold=6.0)
    d.update(1.0, [one('happy')])
    assert d.update(1.9, []) is None
    assert d.update(2.0, [one('happy')]) is None
    told = d.update(3.1, [])
    assert (told.sentence, told.is_new_tone) == ('Nobody is in front of you.', False)
    told = d.update(8.0, [])
    assert (told.decision.tone.name, told.decision.reason) == ('neutral', 'nobody seen for 6.0 s')


def test_without_frames_nobody_is_there_after_hold():
    """Also where the tone is the default one already."""
    d = dialog(hold=6.0)
    d.update(1.0, [one('neutral')])
    assert d.idle(6.9) is None
    assert d.idle(7.0).situation.whom == ('', '')
    assert d.idle(8.0) is None


@pytest.mark.parametrize('rate', [5, 15, 30])
def test_the_sentence_is_kept_up_to_date(rate):
    """How long, and who else is there: few messages, at the same times at every rate."""
    d, told = dialog(min_interval=4.0, suggest_again=0.0), []
    for i in range(130 * rate):
        stamp = 1 + i / rate
        people = [one('sad', age=stamp - 1)]
        if stamp >= 20:  # a second one, who wavers with every frame
            people.append(one(('angry', 'uncertain')[i % 2], 'f2', 50.0))
        told += [state for state in (d.update(stamp, people),) if state]
    assert all(b.stamp - a.stamp > 4 - 1e-3 for a, b in zip(told, told[1:]))
    assert [state.is_new_tone for state in told] == [True] + [False] * (len(told) - 1)
    alone = [state for state in told if state.stamp < 20]
    assert [state.stamp for state in alone] == pytest.approx([1.0, 11.0])
    minute = next(state for state in told if 'for a minute' in state.sentence)
    assert 61 - 1e-6 <= minute.stamp < 65 + 1e-6


def test_nothing_is_told_while_the_robot_speaks():
    """All at once at the end; what has not changed is not told."""
    d = dialog()
    d.update(1.0, [one('happy')])
    d.set_speaking(True)
    assert d.update(2.0, [one('sad')]) is None
    assert d.update(4.0, [one('happy', 'f2')]) is None
    assert d.set_speaking(False).situation.person_id == 'f2'
    d.set_speaking(True)
    assert d.set_speaking(False) is None


def test_under_an_operators_tone_the_situation_stays_true():
    """The tone is the operator's; whom the robot sees is no secret."""
    d = dialog(min_interval=0.0)
    told = d.override('calm', 0.5)
    assert (told.decision.tone.name, told.is_new_tone) == ('calm', True)
    told = d.update(1.0, [one('happy')])
    assert (told.decision.tone.name, told.decision.reason, told.situation.emotion) == (
        'calm', 'set by the operator', 'happy')
    d.policy.release()
    assert d.update(1.1, [one('happy')]).decision.tone.name == 'cheerful'


def test_a_suggestion_is_told_once():
    """Not again with the next news."""
    d = dialog()
    assert d.update(1.0, [one('sad')]).suggestion == 'music'
    assert d.update(3.0, [one('sad', 'f2')]).suggestion == ''


@pytest.mark.parametrize('rate', [5, 15, 30])
def test_suggestions_again_in_the_same_mood(rate):
    """Every suggest_again, until all were made; none to the uncertain or to nobody."""
    d, offers = dialog(suggest_again=30.0, hold_uncertain=1000.0, hold=1000.0), []
    for i in range(200 * rate):
        stamp = 1 + i / rate
        people = [] if stamp > 100 else [one('uncertain' if 30 < stamp < 50 else 'sad')]
        told = d.update(stamp, people)
        offers += [(told.stamp, told.suggestion)] if told and told.suggestion else []
    assert [text for _, text in offers] == ['music', 'a walk', 'tea']
    assert [stamp for stamp, _ in offers] == pytest.approx([1.0, 50.0, 80.0], abs=1e-3)


def test_no_suggestion_without_frames():
    """Whoever was seen last may have gone."""
    d = dialog(suggest_again=30.0)
    d.update(1.0, [one('sad')])
    assert not any(told.suggestion for told in map(d.idle, range(2, 100)) if told)


@pytest.mark.parametrize('again, offers', [(0.0, 1), (10.0, 3)])
def test_suggest_again_can_be_switched_off(again, offers):
    """0 is never."""
    d = dialog(suggest_again=again)
    told = [d.update(float(stamp), [one('sad')]) for stamp in range(1, 60)]
    assert sum(bool(state and state.suggestion) for state in told) == offers


def test_a_request_takes_its_turn():
    """Asked for: the next one comes suggest_again later, and is another one."""
    d = dialog(suggest_again=30.0)
    assert d.update(1.0, [one('sad')]).suggestion == 'music'
    assert d.suggest(20.0) == 'a walk'
    assert d.update(40.0, [one('sad')]) is None
    assert d.update(50.0, [one('sad')]).suggestion == 'tea'


def test_another_language():
    """Told at once, also where the tone has one text for all."""
    d = dialog()
    d.update(1.0, [one('happy')])
    told = d.reconfigure(PolicyConfig(TONES, EMOTIONS, phrases=PHRASES['tr']))
    assert told.sentence == 'Karşındaki kişi mutlu görünüyor (%90).'
    assert told.decision.reason == 'davranış dosyası yeniden yüklendi'


def test_time_jumping_back():
    """A bag that loops: nobody of before is there, suggestions come again in time."""
    d = dialog(suggest_again=30.0)
    d.update(100.0, [one('sad')])
    assert d.update(5.0, []).situation.whom == ('', '')
    told = d.update(5.1, [one('sad', 'f9')])
    assert (told.situation.whom, told.suggestion) == (('f9', 'sad'), '')
    assert d.update(35.0, [one('sad', 'f9')]).suggestion == 'music'


@pytest.mark.parametrize('mood', ['neutral', 'happy'])
def test_opting_out_is_told_at_once(mood):
    """No word of what the person looked like is left, for the one in front and for another one."""
    d = dialog()
    d.update(1.0, [one(mood), one('sad', 'f2', 50.0)])
    out = [Person('f1', 'uncertain', 0.0, 100.0, opted_out=True), one('sad', 'f2', 50.0)]
    told = d.update(1.1, out)
    assert told.sentence == ('The person in front of you does not want their face to be read; '
                             'the other one looks sad.')
    assert (told.situation.emotion, told.situation.confidence) == ('opted_out', 0.0)
    assert (told.decision.tone.name, told.decision.person_id, told.decision.emotion) == (
        'neutral', '', '')
    assert mood not in told.decision.reason
    out[1] = Person('f2', 'uncertain', 0.0, 50.0, opted_out=True)
    assert d.update(1.2, out).sentence.endswith('; the other one does not want to be read.')
    assert d.update(1.3, out) is None
