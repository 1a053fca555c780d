"""When the tone changes, and when it must not."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_ros.behavior.attention import AttentionConfig, Person
from fer_ros.behavior.dialog_tone import Tone
from fer_ros.behavior.phrases import PHRASES
from fer_ros.behavior.policy_config import NEGATIVE, NEVER_MIRRORED, PolicyConfig
from fer_ros.behavior.tone_policy import TonePolicy

TONES = {name: Tone(name) for name in ('neutral', 'cheerful', 'calm')}
TONES['encouraging'] = Tone('encouraging', suggestions=('music', 'a walk'))
EMOTIONS = {'neutral': 'neutral', 'happy': 'cheerful', 'sad': 'encouraging', 'angry': 'calm'}


def policy(**changes):
    """Return a started policy."""
    result = TonePolicy(PolicyConfig(TONES, EMOTIONS, **changes))
    assert result.update(0.0, []).tone.name == 'neutral'
    return result


def one(label, confidence=0.9, id_='f1'):
    """Return one person."""
    return [Person(id_, label, confidence, 100.0)]


def test_first_decision_is_the_default_tone():
    """Late joiners find a tone; it comes once."""
    p = policy()
    assert p.update(0.1, []) is None
    assert p.decision.reason == 'start'


def test_emotion_to_tone_with_person_and_reason():
    """The decision says whom it answers and why."""
    decision = policy().update(0.1, one('happy'))
    assert (decision.tone.name, decision.person_id, decision.emotion) == (
        'cheerful', 'f1', 'happy')
    assert decision.reason == 'f1 looks happy (90%)'


@pytest.mark.parametrize('label, confidence', [
    ('uncertain', 0.9), ('happy', 0.49), ('neutral', 0.9), ('fear', 0.9)])
def test_no_change(label, confidence):
    """Uncertain, weak, the same tone, an emotion without a rule."""
    assert policy().update(0.1, one(label, confidence)) is None


@pytest.mark.parametrize('stamp, changed', [(3.99, False), (4.1, True)])
def test_min_interval(stamp, changed):
    """One change per interval."""
    p = policy(min_interval=4.0)
    p.update(0.1, one('happy'))
    assert (p.update(stamp, one('angry')) is not None) is changed


def test_changes_wait_for_the_end_of_the_utterance():
    """Nothing while speaking; the pending change comes right after."""
    p = policy()
    p.set_speaking(True)
    assert p.update(0.1, one('happy')) is None
    assert p.set_speaking(True) is None
    assert p.set_speaking(False).tone.name == 'cheerful'
    assert p.set_speaking(False) is None


def test_an_utterance_before_the_first_frame_changes_nothing():
    """Neither before nor after the start."""
    p = TonePolicy(PolicyConfig(TONES, EMOTIONS))
    p.set_speaking(True)
    assert p.set_speaking(False) is None
    assert p.update(0.0, []).reason == 'start'


def test_a_hold_that_ends_while_speaking_is_kept():
    """The robot does not turn neutral in mid-sentence."""
    p = policy(hold=1.0, min_interval=0.0)
    p.update(0.1, one('happy'))
    p.set_speaking(True)
    assert p.update(5.0, []) is None
    assert p.set_speaking(False).tone.name == 'neutral'


def test_idle_time_is_no_jump_back():
    """The next frame's stamp may be earlier than the clock's estimate."""
    p = policy(hold=6.0, min_interval=4.0)
    p.update(1.0, one('happy'))
    assert p.idle(3.0) is None
    assert p.update(2.9, one('angry')) is None  # min_interval still holds
    assert p.idle(8.9).tone.name == 'neutral'
    assert p.idle(9.0) is None


def test_return_to_default_counts_as_a_change():
    """One change per interval, whatever the cause."""
    p = policy(hold=1.0, min_interval=4.0)
    p.update(0.1, one('happy'))
    assert p.update(5.0, []).tone.name == 'neutral'
    assert p.update(8.9, one('happy')) is None
    assert p.update(9.0, one('happy')).tone.name == 'cheerful'


def test_reloaded_values_take_effect():
    """The same name with other values is a change."""
    p = policy(min_interval=0.0)
    p.update(0.1, one('happy'))
    p.reconfigure(PolicyConfig(
        {**TONES, 'cheerful': Tone('cheerful', rate=1.2)}, EMOTIONS, min_interval=0.0))
    assert p.decision.tone.rate == 1.2
    assert p.update(0.2, one('happy')) is None


def test_reloading():
    """At once and with its reason; the same rules change nothing; a lost tone is the default."""
    p = policy(min_interval=0.0)
    p.update(0.1, one('happy'))
    assert p.reconfigure(PolicyConfig(TONES, EMOTIONS)) is None
    changed = p.reconfigure(PolicyConfig({**TONES, 'cheerful': Tone('cheerful', 1.2)}, EMOTIONS))
    assert (changed.tone.rate, changed.reason) == (1.2, 'the policy was reloaded')
    few = PolicyConfig({'plain': Tone('plain')}, {'happy': 'plain'}, 'plain')
    assert p.reconfigure(few).tone.name == 'plain'


@pytest.mark.parametrize('stamp, id_, changed', [
    (5.9, 'f1', False), (6.1, 'f1', True), (2.0, 'f2', True)])
def test_person_cooldown(stamp, id_, changed):
    """The same person waits longer than somebody else."""
    p = policy(min_interval=1.0, person_cooldown=6.0)
    p.update(0.1, one('happy'))
    p.attention.addressee = id_
    assert (p.update(stamp, one('angry', id_=id_)) is not None) is changed


def test_an_operator_sets_the_tone():
    """At once, also while speaking; faces change nothing until it is given back."""
    p = policy(min_interval=0.0)
    p.set_speaking(True)
    decision = p.override('calm', 0.5)
    assert (decision.tone.name, decision.reason, decision.stamp) == (
        'calm', 'set by the operator', 0.5)
    assert p.override('calm', 0.6) is None
    p.set_speaking(False)
    assert p.update(1.0, one('happy')) is None
    assert p.update(100.0, []) is None
    assert p.idle(200.0) is None
    assert p.update(50.0, one('happy')) is None  # a bag that loops
    p.release()
    assert p.update(101.0, one('happy')).tone.name == 'cheerful'


def test_an_operators_tone_is_no_change_of_ours():
    """Once it is given back neither min_interval nor hold keep it alive."""
    p = policy(min_interval=4.0, hold=6.0)
    p.override('calm', 0.5)
    p.release()
    decision = p.idle(1.0)
    assert (decision.tone.name, decision.reason) == ('neutral', 'nobody seen yet')
    p.override('calm', 10.0)
    p.release()
    assert p.update(10.1, one('happy')).tone.name == 'cheerful'


def test_an_unknown_tone():
    """Refused by name, in one line; nothing changes."""
    p = policy()
    with pytest.raises(ValueError, match="'loud' is not one of neutral"):
        p.override('loud', 0.0)
    with pytest.raises(ValueError) as caught:
        p.override('x\n' * 100_000, 0.0)
    assert len(str(caught.value)) < 400
    assert '\n' not in str(caught.value)
    assert p.decision.tone.name == 'neutral'


@pytest.mark.parametrize('confidence', [float('nan'), float('-inf'), -1.0])
def test_a_confidence_that_is_none(confidence):
    """Changes nothing."""
    assert policy(min_confidence=0.0).update(0.1, one('happy', confidence)) is None


def test_a_reason_stays_readable():
    """Whatever the id."""
    reason = policy().update(0.1, one('happy', id_='\x1b[31m\n' * 10_000)).reason
    assert reason.isprintable()
    assert len(reason) < 100


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from(['', *EMOTIONS, 'uncertain'])),
                max_size=60))
def test_changes_keep_their_distance(frames):
    """Whatever is seen: min_interval lies between two changes."""
    p, stamp, changes = policy(min_interval=2.0, hold=1.0), 0.0, []
    for step, label in frames:
        stamp += step
        decision = p.update(stamp, one(label) if label else [])
        if decision:
            changes.append(stamp)
    assert all(b - a >= 2.0 - 1e-5 for a, b in zip(changes, changes[1:]))


def test_back_to_default_after_hold():
    """Not before; and only once."""
    p = policy(hold=6.0)
    p.update(0.1, one('happy'))
    assert p.update(6.0, []) is None
    decision = p.update(6.2, [])
    assert (decision.tone.name, decision.person_id) == ('neutral', '')
    assert p.update(20.0, []) is None


NO_ANSWERS = [('uncertain', 0.9), ('happy', 0.49), ('fear', 0.9)]


@pytest.mark.parametrize('rate', [5, 15, 30])
@pytest.mark.parametrize('label, confidence', NO_ANSWERS)
def test_a_tone_does_not_outlive_its_reason(label, confidence, rate):
    """No state, a weak one, one without a rule: the default after hold_uncertain, once."""
    p = policy(hold_uncertain=10.0)
    p.update(1.0, one('happy'))
    stamps = [2 + i / rate for i in range(30 * rate)]
    changes = [change for stamp in stamps if (change := p.update(stamp, one(label, confidence)))]
    assert [(c.tone.name, c.reason) for c in changes] == [
        ('neutral', 'f1 has looked unclear for 10.0 s')]
    assert changes[0].stamp == pytest.approx(12.0)


def test_a_reason_that_comes_back_in_time():
    """hold_uncertain counts anew; drop-outs of the face are no reason either."""
    p = policy(hold_uncertain=10.0)
    p.update(1.0, one('happy'))
    for stamp, people in ((2.0, one('uncertain')), (11.9, one('happy')), (12.0, one('uncertain')),
                          (19.5, one('uncertain')), (20.0, []), (20.5, one('uncertain')),
                          (21.9, one('uncertain'))):
        assert p.update(stamp, people) is None
    assert p.update(22.0, one('uncertain')).tone.name == 'neutral'


@pytest.mark.parametrize('label, confidence', NO_ANSWERS)
def test_another_person_is_not_met_with_the_last_ones_tone(label, confidence):
    """At once, as soon as min_interval allows, not after hold_uncertain."""
    p = policy(min_interval=4.0, hold_uncertain=100.0)
    p.update(1.0, one('angry'))
    newcomer = one(label, confidence, 'f2')
    assert p.update(2.0, newcomer) is None  # f1 may come back: lost_after
    assert p.update(4.9, newcomer) is None  # min_interval
    change = p.update(5.0, newcomer)
    assert (change.tone.name, change.person_id, change.reason) == (
        'neutral', 'f2', 'f2 is in front now and still looks unclear')
    assert p.update(5.1, one('happy', id_='f2')) is None  # min_interval
    assert p.update(9.0, one('happy', id_='f2')).tone.name == 'cheerful'


def test_speech_is_not_cut_when_the_reason_ends():
    """The return to the default waits for the end of the utterance."""
    p = policy(hold_uncertain=1.0)
    p.update(1.0, one('happy'))
    p.set_speaking(True)
    assert p.update(5.0, one('uncertain')) is None
    assert p.update(9.0, one('uncertain')) is None
    assert p.set_speaking(False).tone.name == 'neutral'


def test_another_person_in_the_same_mood_becomes_the_reason():
    """Without a change of tone; the next one without a state is another person than that."""
    p = policy(min_interval=1.0, hold_uncertain=10.0)
    p.update(1.0, one('happy'))
    assert p.update(3.0, one('happy', 0.8, 'f2')) is None
    assert (p.decision.person_id, p.decision.reason) == ('f2', 'f2 looks happy (80%)')
    assert p.update(4.0, one('uncertain', id_='f2')) is None
    assert p.update(13.9, one('uncertain', id_='f2')) is None
    assert p.update(14.0, one('uncertain', id_='f2')).tone.name == 'neutral'


def test_an_operators_tone_ends_before_an_uncertain_face():
    """It has no reason of its own."""
    p = policy(hold_uncertain=10.0)
    p.update(1.0, one('uncertain'))
    p.override('calm', 5.0)
    assert p.update(50.0, one('uncertain')) is None
    p.release()
    assert p.update(50.1, one('uncertain')).tone.name == 'neutral'


def test_the_operator_takes_a_tone_over():
    """One that is there already gets the operator's reason and stays."""
    p = policy(hold=1.0)
    p.update(1.0, one('happy'))
    assert p.override('cheerful', 2.0).reason == 'set by the operator'
    assert p.update(100.0, []) is None


def test_rules_that_make_a_state_unclear():
    """A new policy while the robot speaks: the count begins with the next frame."""
    p = policy(min_interval=0.0)
    p.update(1.0, one('happy'))
    p.set_speaking(True)
    p.reconfigure(PolicyConfig(TONES, {'sad': 'calm'}, min_interval=0.0))
    assert p.set_speaking(False) is None
    assert p.update(2.0, one('happy')) is None
    assert p.update(12.0, one('happy')).tone.name == 'neutral'


def test_reasons_in_another_language():
    """All of them; a new language is told at once."""
    p = policy(min_interval=0.0, hold=6.0, phrases=PHRASES['tr'])
    assert p.update(1.0, one('happy')).reason == 'f1 mutlu görünüyor (%90)'
    assert p.update(8.5, []).reason == '7.5 saniyedir kimse görülmedi'
    assert p.override('calm', 9.0).reason == 'operatör ayarladı'
    assert p.reconfigure(PolicyConfig(TONES, EMOTIONS)).reason == 'the policy was reloaded'


def test_suggestions_on_request():
    """In turn with those of the tone's own, none again too soon; none where there are none."""
    p = policy(min_interval=0.0, suggestion_interval=60.0)
    assert p.suggest(0.5) == ''
    assert p.update(1.0, one('sad')).suggestion == 'music'
    assert [p.suggest(stamp) for stamp in (2.0, 3.0, 61.0)] == ['a walk', '', 'music']


def test_suggestions_take_turns():
    """The same mood twice gets two different offers."""
    p = policy(min_interval=0.0, suggestion_interval=2.0)
    offers = []
    for i in range(3):
        offers.append(p.update(1 + i, one('sad')).suggestion)
        p.update(1.5 + i, one('happy'))
    assert offers == ['music', 'a walk', 'music']


def test_suggestions_are_not_repeated_too_soon():
    """Rather none than the same one again."""
    p = policy(min_interval=0.0, suggestion_interval=60.0)
    offers = []
    for stamp in (1, 2, 3, 61):
        offers.append(p.update(stamp, one('sad')).suggestion)
        p.update(stamp + 0.5, one('happy'))
    assert offers == ['music', 'a walk', '', 'music']


def test_time_jumping_back_starts_anew():
    """A bag loop neither blocks changes nor invents one."""
    p = policy(min_interval=4.0)
    p.update(100.0, one('happy'))
    assert p.update(5.0, one('happy')) is None
    assert p.update(5.1, one('angry')).tone.name == 'calm'


def test_stamps_before_the_start():
    """Images older than the robot's clock (a bag without /clock) work too."""
    p = TonePolicy(PolicyConfig(TONES, EMOTIONS))
    p.update(1e9, [])
    assert p.update(5.0, one('happy')).tone.name == 'cheerful'


@pytest.mark.parametrize('shown', NEGATIVE)
@pytest.mark.parametrize('emotion', NEVER_MIRRORED)
def test_negative_emotions_are_never_mirrored(emotion, shown):
    """A policy that would show anger to the angry is refused."""
    tones = {**TONES, 'sharp': Tone('sharp', expresses=shown)}
    with pytest.raises(ValueError, match=f"'{emotion}' must not be answered by tone 'sharp'"):
        PolicyConfig(tones, {emotion: 'sharp'})


@pytest.mark.parametrize('changes, text', [
    ({'default_tone': 'loud'}, "tone 'loud'"), ({'hold': -1.0}, 'hold is -1.0'),
    ({'min_interval': float('nan')}, 'min_interval is nan'),
    ({'hold_uncertain': -1.0}, 'hold_uncertain is -1.0'),
    ({'suggest_again': float('nan')}, 'suggest_again is nan')])
def test_bad_policies(changes, text):
    """The value is named."""
    with pytest.raises(ValueError, match=text):
        PolicyConfig(TONES, EMOTIONS, **changes)


OUT = Person('f1', 'uncertain', 0.0, 100.0, opted_out=True)


def test_a_tone_ends_when_its_person_opts_out():
    """At once, whatever min_interval says; the reason names nobody, since it is logged."""
    p = policy(min_interval=60.0)
    p.update(0.1, one('happy'))
    decision = p.update(0.2, [OUT])
    assert (decision.tone.name, decision.person_id, decision.emotion, decision.confidence) == (
        'neutral', '', '', 0.0)
    assert decision.reason == 'somebody has opted out and is no reason any more'
    assert p.update(100.0, [OUT]) is None


@pytest.mark.parametrize('others', [[], one('happy', id_='f2')])
def test_a_reason_ends_when_its_person_opts_out(others):
    """Where the tone is the default one already, and where the robot talks to somebody else."""
    p = policy(min_interval=60.0)
    p.update(0.1, one('neutral'))
    assert p.decision.person_id == 'f1'
    p.attention.addressee = 'f2'
    assert p.update(0.2, [OUT, *others]) is None
    assert (p.decision.person_id, p.decision.emotion) == ('', '')
    assert 'f1' not in p.decision.reason


def test_opting_out_while_the_robot_speaks():
    """Nothing changes before the end of the utterance; then it does without a further frame."""
    p = policy(min_interval=60.0)
    p.update(0.1, one('sad'))
    p.set_speaking(True)
    assert p.update(0.2, [OUT]) is None
    assert p.set_speaking(False).tone.name == 'neutral'


def test_somebody_who_has_opted_out_steps_in_front():
    """The tone was not meant for them; what ends it is no word about their looks."""
    p = policy(min_interval=0.0)
    p.update(0.1, one('happy', id_='f2'))
    decision = p.update(5.0, [OUT])
    assert (decision.tone.name, decision.person_id) == ('neutral', '')
    assert 'opted out' in decision.reason and 'unclear' not in decision.reason


def test_an_operators_tone_stays():
    p = policy()
    p.update(0.1, one('happy'))
    p.override('calm', 0.2)
    assert p.update(0.3, [OUT]) is None
    assert p.decision.tone.name == 'calm'


def test_who_went_too_far_is_gone():
    """The tone goes back to the default after ``hold``, as if nobody were there."""
    p = policy(attention=AttentionConfig(max_distance=2.0), hold=3.0)
    near, far = (replace(one('sad')[0], distance=distance) for distance in (1.0, 5.0))
    assert p.update(5.0, [far]) is None
    assert p.update(6.0, [near]).tone.name == 'encouraging'
    assert p.update(8.0, [far]) is None
    assert p.update(20.0, [far]).tone.name == 'neutral'
