"""What the robot sees, in words of each language."""

import re
from dataclasses import replace

import pytest

from fer_ros.behavior.attention import Person
from fer_ros.behavior.phrases import ENGLISH, PHRASES, SLOTS, Phrases, phrases_of
from fer_ros.behavior.situation import Situation, situation_of
from fer_ros.perception.labels import EMOTIONS


def person(label, age=0.0, id_='f1', confidence=0.8):
    """Return a person who has looked so for some time [s]."""
    return Person(id_, label, confidence, 100.0, state_age=age)


OUT = Person('f9', 'uncertain', 0.0, 100.0, opted_out=True)
SAD, UNSURE = person('sad', 125.0), person('uncertain', 500.0)
OTHERS = [person('happy', id_='f2'), person('uncertain', id_='f3'), person('happy', id_='f4')]


@pytest.mark.parametrize('people, english, turkish', [
    ([SAD, person('uncertain', id_='f2')],
     'The person in front of you has looked sad for two minutes (80%); '
     'you are not sure about the second one.',
     'Karşındaki kişi iki dakikadır üzgün görünüyor (%80); '
     'ikinci kişinin ruh halinden emin değilsin.'),
    ([person('happy')], 'The person in front of you looks happy (80%).',
     'Karşındaki kişi mutlu görünüyor (%80).'),
    ([UNSURE, person('angry', 500.0, 'f2')],
     'You are not sure about the mood of the person in front of you; the other one looks angry.',
     'Karşındaki kişinin ruh halinden emin değilsin; diğer kişi kızgın görünüyor.'),
    ([SAD, *OTHERS], 'The person in front of you has looked sad for two minutes (80%); '
     '3 others are there: 2 happy, 1 unclear.',
     'Karşındaki kişi iki dakikadır üzgün görünüyor (%80); 3 kişi daha var: 2 mutlu, 1 belirsiz.'),
    ([OUT], 'The person in front of you does not want their face to be read.',
     'Karşındaki kişi yüzünün okunmasını istemiyor.'),
    ([SAD, OUT], 'The person in front of you has looked sad for two minutes (80%); '
     'the other one does not want to be read.', 'Karşındaki kişi iki dakikadır üzgün görünüyor '
     '(%80); diğer kişi yüzünün okunmasını istemiyor.'),
    ([OUT, person('happy'), UNSURE, replace(OUT, id='f8', label='sad')],
     'The person in front of you does not want their face to be read; '
     '3 others are there: 1 happy, 1 unclear, 1 not read.',
     'Karşındaki kişi yüzünün okunmasını istemiyor; '
     '3 kişi daha var: 1 mutlu, 1 belirsiz, 1 okunmuyor.'),
    ([], 'Nobody is in front of you.', 'Karşında kimse yok.')])
def test_sentences(people, english, turkish):
    """One sentence, whoever is there."""
    for phrases, expected in ((ENGLISH, english), (PHRASES['tr'], turkish)):
        situation = situation_of(people[0], people, phrases) if people else Situation()
        assert situation.sentence(phrases) == expected


@pytest.mark.parametrize('language', PHRASES)
def test_every_language_is_whole(language):
    """Every emotion and duration; no phrase is left in English; all slots that matter are used."""
    phrases = PHRASES[language]
    assert set(phrases.emotions) == {*EMOTIONS, 'uncertain', 'opted_out'}
    assert set(phrases.durations) == set(ENGLISH.durations)
    texts = {name: getattr(phrases, name) for name in Phrases.__dataclass_fields__
             if isinstance(getattr(phrases, name), str)}
    for name, text in texts.items():
        assert set(re.findall(r'{(\w+)}', text)) == set(SLOTS.get(name, ()))
        assert language == 'en' or text != getattr(ENGLISH, name)


@pytest.mark.parametrize('age, words', [
    (0.0, 'looks sad'), (9.9, 'looks sad'), (10.0, 'for ten seconds'), (59.9, 'half a minute'),
    (60.0, 'for a minute'), (3599.0, 'half an hour'), (1e9, 'for hours')])
def test_durations(age, words):
    """The longest one that is over."""
    one = person('sad', age)
    assert words in situation_of(one, [one], ENGLISH).sentence(ENGLISH)


def test_equal_if_they_read_the_same():
    """Confidence wavers with every frame; a minute later it is another sentence."""
    def seen(**values):
        one = person('sad', **values)
        return situation_of(one, [one], ENGLISH)
    assert seen(confidence=0.8, age=61.0) == seen(confidence=0.7, age=99.0)
    assert seen(age=61.0) != seen(age=121.0)
    assert seen(id_='f2') != seen(id_='f1')


@pytest.mark.parametrize('label', ['', 'x' * 10 ** 6, '{0}', 'unknown'])
def test_labels_that_are_no_emotion(label):
    """Whoever publishes them: uncertain."""
    one = person(label)
    situation = situation_of(one, [one, one], ENGLISH)
    assert situation.emotion == 'uncertain'
    assert len(situation.sentence(ENGLISH)) < 200


@pytest.mark.parametrize('language, expected', [
    ('en-US', 'en'), ('tr', 'tr'), ('tr-Latn-TR', 'tr'), ('fi', 'en'), ('', 'en')])
def test_languages(language, expected):
    """English where there is none."""
    assert phrases_of(language) == PHRASES[expected]


def test_phrases_that_cannot_be_filled():
    """Named, with what may be filled in."""
    with pytest.raises(ValueError, match=r"left is '{person}', in braces may stand: {seconds}"):
        Phrases(left='{person}')
