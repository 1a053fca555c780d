"""Cues beside the face: checked, delivered by their stamps to whom they are about, pooled."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_ros.perception.cue_delivery import MOST_WAITING, CueDelivery
from fer_ros.perception.cues import (
    LIFE,
    MOST_MODALITIES,
    CueConfig,
    CueError,
    CuePool,
    read_cue,
)
from fer_ros.perception.emotion_state import StateConfig
from fer_ros.perception.error_model import error_model
from fer_ros.perception.labels import EMOTIONS, valence_arousal
from fer_ros.perception.people import NOT_JUDGED, People
from fer_ros.perception.pipeline import build_pipeline
from fer_ros.perception.smoothing import SmoothingConfig
from fer_ros.perception.types import BoundingBox, Detection, FaceTrack

L = len(EMOTIONS)
ERRORS = error_model({}, L)
UNIFORM = np.full(L, 1 / L)
EQUAL = CueConfig({'other': 1.0}, {'other': 10.0})


def towards(label, share=0.8):
    """Return probabilities that favor a label."""
    return np.where(np.array(EMOTIONS) == label, share, (1 - share) / (L - 1))


def cue(label='sad', stamp=0.0, modality='words', share=0.8, **more):
    """Return a good cue."""
    return read_cue(modality, EMOTIONS, towards(label, share), EMOTIONS, stamp, **more)


def track(id_='f1', first=0.0, size=80.0, state='confirmed'):
    """Return somebody who is followed."""
    return FaceTrack(id_, Detection(BoundingBox(0, 0, size, size), 0.9), state, first, first, True)


SOMEBODY = (track(),)


class Watched:
    """People with one face, whom frames are shown of at 10 Hz."""

    def __init__(self, config=None):
        self.people = People(EMOTIONS, ERRORS, SmoothingConfig(), StateConfig(), config)
        self.stamp = 0.0

    def show(self, shown, seconds, tracks=SOMEBODY):
        """Show an emotion, or None for a face that cannot be classified."""
        for _ in range(round(seconds * 10)):
            self.stamp = round(self.stamp + 0.1, 6)
            self.refused = self.people.hear(self.stamp, tracks)
            raw = np.empty(0) if shown is None else towards(shown).astype(np.float32)
            emotion = self.people.follow(
                'f1', raw, 1.0, 'ok' if shown else 'extreme_pose', self.stamp)
        return emotion


@pytest.mark.parametrize('changes, text', [
    ({'labels': (), 'probabilities': ()}, 'probabilities of cue .words. are none'),
    ({'probabilities': [0.5, math.nan]}, 'are 0.5, nan: they must'),
    ({'probabilities': [1.5, -0.5]}, 'are 1.5, -0.5'),
    ({'probabilities': [0.0, 0.0]}, 'sum to 1'),
    ({'probabilities': [math.inf, 0.0]}, 'inf'),
    ({'probabilities': [0.9, 0.9]}, 'sum to 1'),
    ({'probabilities': [1.0]}, '2 labels and 1 probabilities'),
    ({'labels': ('happy',), 'probabilities': [1.0]}, 'names happy: two or more of neutral'),
    ({'labels': ('happy', 'bored')}, "label 'bored', known are neutral, happy"),
    ({'labels': ('happy', 'joy')}, 'names happy more than once'),
    ({'labels': ['x'] * 1000, 'probabilities': [0.001] * 1000}, 'has 1000 labels, there are 8'),
    ({'labels': ('happy', 'y' * 10 ** 6)}, "label 'y"),
    ({'modality': ''}, "modality is ''"), ({'modality': ' \n'}, "modality is ''"),
    ({'modality': 'face'}, "modality is 'face'"), ({'modality': 'other'}, "modality is 'other'"),
    ({'modality': 'm' * 10 ** 6}, 'modality is .m'),
    ({'person_id': 'f' * 10 ** 6}, 'person_id of cue .words. has 1000000 characters'),
    ({'trust': math.nan}, 'trust of cue .words. is nan, must be 0 to 1'),
    ({'trust': 2.0}, 'trust of cue .words. is 2'), ({'trust': -1.0}, 'is -1')])
def test_bad_cues(changes, text):
    """Each is refused in one line that names what is wrong."""
    good = {'modality': 'words', 'labels': ('happy', 'sad'), 'probabilities': [0.7, 0.3],
            'known': EMOTIONS, 'stamp': 1.0}
    read_cue(**good)
    with pytest.raises(CueError, match=text) as error:
        read_cue(**{**good, **changes})
    assert len(str(error.value)) < 300 and str(error.value).isprintable()


def test_labels_by_name():
    """Usual names count; what is not named is left as it is, what the network lacks left out."""
    some = read_cue('words', ['Joy', 'sadness'], [0.9, 0.1], EMOTIONS, 0.0)
    assert some.label == 'happy'
    assert np.flatnonzero(some.evidence).tolist() == [1, 3]
    assert some.evidence[1] > 0 > some.evidence[3]
    narrow = read_cue('words', EMOTIONS, towards('sad'), ('happy', 'sad'), 0.0)
    assert narrow.evidence.shape == (2,) and narrow.label == 'sad'
    with pytest.raises(CueError, match='two or more of happy, sad'):
        read_cue('words', ['fear', 'angry'], [0.5, 0.5], ('happy', 'sad'), 0.0)
    with pytest.raises(CueError, match='not all of them at 0'):
        read_cue('words', ['fear', 'happy', 'sad'], [1.0, 0, 0], ('happy', 'sad'), 0.0)


@pytest.mark.parametrize('weights, decays, text', [
    ({'words': 1.0}, {'other': 1.0}, "no weight of a cue for 'other'"),
    ({'other': -1.0}, {'other': 1.0}, 'weight of the cue .other. is -1'),
    ({'other': 1.0}, {'other': 0.0}, 'decay of the cue .other. is 0'),
    ({'other': math.nan}, {'other': 1.0}, 'is nan')])
def test_bad_weights(weights, decays, text):
    with pytest.raises(ValueError, match=text):
        CueConfig(weights, decays)


def test_the_pool_by_hand():
    """Weight 1 and age 0: Bayes' rule; older, less; after its life, nothing."""
    pool = CuePool()
    assert pool.pool(UNIFORM, UNIFORM, 0.0, EQUAL) is None
    pool.take(cue('sad', 0.0))
    face = towards('happy', 0.6)
    now = pool.pool(face, UNIFORM, 0.0, EQUAL).probabilities
    likelihoods = 0.99 * towards('sad') + 0.01 / L
    np.testing.assert_allclose(now, face * likelihoods / (face @ likelihoods), rtol=1e-5)
    later = pool.pool(face, UNIFORM, 10.0, EQUAL).probabilities
    half = face * likelihoods ** math.exp(-1)
    np.testing.assert_allclose(later, half / half.sum(), rtol=1e-5)
    assert pool.pool(face, UNIFORM, 10 * LIFE + 0.1, EQUAL) is None


def test_trust_and_weight():
    """Either scales the evidence; at 0 the cue does not count at all."""
    half_trusted, half_weighted = CuePool(), CuePool()
    half_trusted.take(cue(trust=0.5))
    half_weighted.take(cue())
    np.testing.assert_allclose(
        half_trusted.pool(UNIFORM, UNIFORM, 1.0, EQUAL).probabilities,
        half_weighted.pool(UNIFORM, UNIFORM, 1.0,
                           CueConfig({'other': 0.5}, {'other': 10.0})).probabilities)
    assert half_weighted.pool(UNIFORM, UNIFORM, 1.0,
                              CueConfig({'other': 0.0}, {'other': 10.0})) is None
    silent = CuePool()
    silent.take(cue(trust=0.0))
    assert silent.pool(UNIFORM, UNIFORM, 1.0, EQUAL) is None


def test_agreement():
    """1 if the cues bear the face out, -1 if they contradict it, 0 if either knows nothing."""
    pool = CuePool()
    pool.take(cue('sad', 0.0, share=0.9))
    prior = ERRORS.prior
    values = [pool.pool(face, prior, 0.0, EQUAL).agreement
              for face in (towards('sad', 0.95), prior, towards('happy', 0.95))]
    assert values[0] > 0.7 and abs(values[1]) < 1e-6 and values[2] < -0.6
    assert pool.pool(np.empty(0, np.float32), prior, 0.0, EQUAL).agreement == 0


@pytest.mark.parametrize('order', list(itertools.permutations(range(4))))
def test_the_newest_of_each_modality_counts_however_they_arrive(order):
    """Also two of one moment, from two publishers: the same one counts each time."""
    cues = [cue('sad', 1.0), cue('happy', 2.0), cue('angry', 2.0), cue('fear', 1.5, 'voice')]
    first, other = Watched(), Watched()
    for i in range(4):
        first.people.delivery.add(cues[i])
        other.people.delivery.add(cues[order[i]])
    a, b = first.show('neutral', 3.0), other.show('neutral', 3.0)
    np.testing.assert_array_equal(a.probabilities, b.probabilities)
    assert a.cues == b.cues and [m for m, _ in a.cues] == ['face', 'voice', 'words']


def test_a_cue_waits_for_the_frame_of_its_time():
    """By stamp, not by arrival: nothing before, then the same as if it had come in time."""
    early, punctual = Watched(), Watched()
    early.people.delivery.add(cue('sad', 1.05))
    assert early.show('happy', 1.0).cues == punctual.show('happy', 1.0).cues == ()
    punctual.people.delivery.add(cue('sad', 1.05))
    a, b = early.show('happy', 0.5), punctual.show('happy', 0.5)
    np.testing.assert_array_equal(a.probabilities, b.probabilities)
    assert a.cues == (('face', 'happy'), ('words', 'sad')) and a.cue_agreement < -0.15


def test_without_cues_nothing_changes():
    """Not a bit, before, and after a cue has faded."""
    plain, hearing = Watched(), Watched()
    hearing.people.delivery.add(cue('sad', 0.05))
    a, b = plain.show('happy', 2.0), hearing.show('happy', 2.0)
    assert a.probabilities.argmax() == 1 and a.cues == () and a.cue_agreement == 0
    assert not np.array_equal(a.probabilities, b.probabilities)
    life = LIFE * CueConfig().decay('words')
    a, b = plain.show('happy', life), hearing.show('happy', life)
    np.testing.assert_array_equal(a.probabilities, b.probabilities)
    assert b.cues == ()


def test_a_face_that_is_turned_away():
    """Words keep the state that the face no longer bears out; alone, they can make one."""
    silent, talking = Watched(), Watched()
    for watched in (silent, talking):
        watched.show('happy', 2.0)
    for stamp in range(2, 14, 3):
        talking.people.delivery.add(cue('happy', float(stamp), share=0.7))
    assert silent.show(None, 12.0).label == 'uncertain'
    emotion = talking.show(None, 12.0)
    assert emotion.label == 'happy' and emotion.cues == (('words', 'happy'),)
    never = Watched()
    never.people.delivery.add(cue('sad', 0.5, share=0.95))
    assert never.show(None, 1.0).label == 'sad'
    assert never.show(None, 20.0).label == 'uncertain'


def test_valence_and_arousal_that_the_network_tells_itself():
    """They stay its own; cues move them as far as they move those of the probabilities."""
    own = np.array([0.9, 0.2], np.float32)
    plain, hearing = (People(EMOTIONS, ERRORS, SmoothingConfig(), StateConfig()) for _ in 'ab')
    hearing.delivery.add(cue('sad', 0.0))
    hearing.hear(0.0, [track()])
    raw = towards('happy', 0.6).astype(np.float32)
    a, b = (people.follow('f1', raw, 1.0, 'ok', 0.0, own) for people in (plain, hearing))
    assert (a.valence, a.arousal) == pytest.approx((0.9, 0.2))
    moved = (valence_arousal(b.probabilities, EMOTIONS)[0]
             - valence_arousal(a.probabilities, EMOTIONS)[0])
    assert b.valence == pytest.approx(0.9 + moved) and moved < -0.1


def test_a_frame_that_nobody_looked_at():
    """Coasting pools too."""
    watched = Watched()
    watched.show('happy', 1.0)
    watched.people.delivery.add(cue('sad', 1.05))
    watched.people.hear(1.1, [track()])
    assert watched.people.coast('f1', 1.1).cues == (('face', 'happy'), ('words', 'sad'))


def delivered(cues, tracks=SOMEBODY, stamp=100.0, opted_out=(), addressee='',
              config=None):
    """Return whom cues reach, and why others do not."""
    delivery = CueDelivery()
    delivery.addressee = addressee
    for one in cues:
        delivery.add(one)
    reached, refused = delivery.deliver(stamp, tracks, opted_out, config or CueConfig())
    return [id_ for id_, _ in reached], refused


def test_whom_a_cue_is_about():
    """By id; else whom the robot talks to; else the largest face; else nobody."""
    small, large = track('f1', size=50), track('f2', size=90)
    maybe = track('f3', size=200, state='tentative')
    both, nameless = [small, large, maybe], cue(stamp=99.0)
    assert delivered([cue(stamp=99.0, person_id='f1')], both) == (['f1'], [])
    assert delivered([nameless], both) == (['f2'], [])
    assert delivered([nameless], both, addressee='f1') == (['f1'], [])
    assert delivered([nameless], both, addressee='f9') == (['f2'], [])
    assert delivered([nameless], []) == delivered([nameless], [maybe]) == ([], [])
    # Who has opted out is not judged by words either, nor are their words somebody else's.
    assert delivered([nameless], both, opted_out={'f2'}) == ([], [])
    reached, refused = delivered([cue(stamp=99.0, person_id='f7')], both)
    assert reached == [] and "is about 'f7', who is not followed now" in refused[0]
    assert 'f1, f2' in refused[0]


@pytest.mark.parametrize('stamp, text', [
    (100 + 3600.0, '3600.0 s ahead of the images'), (1.0, '99.0 s behind the images'),
    (-1e9, 's behind the images'), (1e12, 's ahead of the images')])
def test_clocks_that_differ(stamp, text):
    """One line tells by how much."""
    reached, refused = delivered([cue(stamp=stamp)])
    assert reached == [] and text in refused[0] and 'header.stamp' in refused[0]


def test_stamps():
    """None is now; a cue from before the face came is not theirs; far ahead waits in a queue."""
    assert delivered([cue(stamp=None)])[0] == ['f1']
    assert delivered([cue(stamp=99.0)], [track(first=99.5)]) == ([], [])
    assert delivered([cue(stamp=3600.0)], config=CueConfig(horizon=math.inf)) == ([], [])


def test_a_flood_is_bounded():
    """Of too many the newest wait; of too many modalities the newest count."""
    delivery = CueDelivery()
    for i in range(5 * MOST_WAITING):
        delivery.add(cue(stamp=i / 1000))
    reached, _ = delivery.deliver(10.0, [track()], (), CueConfig())
    assert len(reached) == MOST_WAITING and reached[-1][1].stamp == pytest.approx(4.999)
    pool = CuePool()
    for i in range(100):
        pool.take(cue(stamp=i / 100, modality=f'm{i}'))
    assert len(pool.pool(UNIFORM, UNIFORM, 1.0, EQUAL).cues) == MOST_MODALITIES


def test_out_of_order():
    """An older cue that comes later changes nothing."""
    pool = CuePool()
    pool.take(cue('happy', 2.0))
    pool.take(cue('sad', 1.0))
    assert pool.pool(UNIFORM, UNIFORM, 2.0, EQUAL).cues == (('words', 'happy'),)


def test_time_jumps_back():
    """What waits for a frame that never comes is forgotten; what the new time said counts."""
    delivery = CueDelivery()
    delivery.add(cue(stamp=60.2))
    delivery.deliver(60.0, [track()], (), CueConfig())
    delivery.add(cue('happy', 0.05))
    delivery.reset()
    reached, refused = delivery.deliver(0.1, [track()], (), CueConfig())
    assert [c.label for _, c in reached] == ['happy'] and refused == []
    assert delivery.deliver(61.0, [track()], (), CueConfig()) == ([], [])


def test_opting_out():
    """Neither face nor words; taken back, earlier words are gone."""
    watched = Watched()
    watched.show('neutral', 1.0)
    watched.people.delivery.add(cue('sad', 1.0))
    assert watched.show('neutral', 0.2).cues
    watched.people.opt_out(['f1'])
    watched.people.delivery.add(cue('sad', 1.2))
    assert watched.show('neutral', 0.5) == NOT_JUDGED
    watched.people.opt_in(['f1'])
    assert watched.show('neutral', 0.2).cues == ()


@settings(max_examples=200, deadline=None)
@given(face=st.lists(st.floats(0, 1), min_size=L, max_size=L),
       cues=st.lists(st.tuples(st.sampled_from(EMOTIONS), st.floats(0, 1), st.floats(0, 1),
                               st.sampled_from(['words', 'voice', 'x']), st.floats(0, 40)),
                     max_size=10),
       weight=st.floats(0, 5))
def test_a_pool_is_a_distribution(face, cues, weight):
    """Whatever is said: finite, not negative, sums to 1, agreement within -1 and 1."""
    total = sum(face)
    shown = np.array(face) / total if total > 1e-3 else np.empty(0)
    pool = CuePool()
    for label, share, trust, modality, stamp in cues:
        pool.take(cue(label, stamp, modality, share, trust=trust))
    pooled = pool.pool(shown, ERRORS.prior, 40.0, CueConfig({'other': weight}, {'other': 20.0}))
    if pooled is not None:
        assert np.isfinite(pooled.probabilities).all() and (pooled.probabilities >= 0).all()
        assert pooled.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert -1 <= pooled.agreement <= 1


def test_through_the_pipeline(pipeline_config, astronaut):
    """A smile and sad words, for a tracked face; nobody else's words; gone with a reset."""
    pipeline = build_pipeline(pipeline_config)
    for i in range(15):
        face = pipeline.process(astronaut, i / 10).faces
    assert face[0].emotion.label == 'happy' and face[0].emotion.cues == ()
    before = face[0].emotion.probabilities
    pipeline.cues.add(cue('sad', 1.45))
    pipeline.cues.add(cue('sad', 1.45, person_id='nobody'))
    result = pipeline.process(astronaut, 1.5)
    emotion = result.faces[0].emotion
    assert emotion.cues == (('face', 'happy'), ('words', 'sad')) and emotion.cue_agreement < -0.3
    assert emotion.probabilities[3] > before[3] and len(result.unheard) == 1
    # A still picture is judged by itself.
    assert pipeline.analyze(astronaut)[0].emotion.cues == ()
    pipeline.cues.add(cue('sad', 2.0))
    pipeline.reset()
    for i in range(4):
        result = pipeline.process(astronaut, 10 + i / 10)
    assert result.faces[0].emotion.cues == () and result.unheard == []
