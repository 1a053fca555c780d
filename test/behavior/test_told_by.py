"""What the reason of a tone says of other cues than the face."""

import pytest

from fer_ros.behavior.attention import Person
from fer_ros.behavior.phrases import ENGLISH, PHRASES
from fer_ros.behavior.policy_file import load_policy
from fer_ros.behavior.told_by import with_cues
from fer_ros.behavior.tone_policy import TonePolicy
from fer_ros.resources import resource_path

BOTH = (('face', 'happy'), ('words', 'sad'))


def somebody(cues=(), agreement=0.0, label='sad'):
    """Return a person whose state is pooled from cues."""
    return Person('f1', label, 0.8, 80.0, cues=cues, cue_agreement=agreement)


@pytest.mark.parametrize('person, english, turkish', [
    (somebody(), '', ''), (somebody(BOTH, 0.1), '', ''),
    (somebody(BOTH, 0.4), '; face, words agree', '; yüz, sözler uyuşuyor'),
    (somebody(BOTH, -0.4), '; face (happy), words (sad) disagree',
     '; yüz (mutlu), sözler (üzgün) çelişiyor'),
    (somebody((('words', 'sad'), ('hands', 'sad'))), '; by words, hands alone',
     '; yalnızca sözler, hands')])
def test_what_is_added(person, english, turkish):
    """Nothing without cues; agreement, conflict, or cues alone; in either language."""
    assert with_cues('why', person, ENGLISH) == 'why' + english
    assert with_cues('why', person, PHRASES['tr']) == 'why' + turkish


def test_anybody_may_publish_cues():
    """A thousand, with huge names over several lines, are still one short line."""
    person = somebody((('face', 'x' * 10 ** 6), *((f'a\nb{i}' + 'c' * 999, '\r')
                                                  for i in range(1000))), -1.0)
    text = with_cues('why', person, ENGLISH)
    assert text.isprintable() and len(text) < 400


def test_the_reason_of_a_tone():
    """It stands in the decision."""
    policy = TonePolicy(load_policy(resource_path('config/behavior.yaml')))
    policy.update(0.0, [])
    decision = policy.update(10.0, [somebody(BOTH, -0.5)])
    assert decision.tone.name == 'encouraging'
    assert decision.reason == 'f1 looks sad (80%); face (happy), words (sad) disagree'


def test_names_in_the_policy_file(tmp_path):
    """A modality of one's own gets a name; the others keep theirs."""
    file = tmp_path / 'p.yaml'
    file.write_text('tones: {a: {rate: 1}}\nemotions: {sad: a}\nphrases:\n  en: {modalities: '
                    '{hands: gestures}, alone: "{reason} ({cues})"}\n', encoding='utf-8')
    phrases = load_policy(file).phrases
    person = somebody((('hands', 'sad'), ('words', 'sad')))
    assert with_cues('why', person, phrases) == 'why (gestures, words)'
