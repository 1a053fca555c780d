"""The sentences that the robot's dialog manager reads, in each language."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from fer_ros.perception.types import QUALITY_OPTED_OUT, UNCERTAIN

#: Stands for the emotion of somebody who does not want to be judged.
OPTED_OUT = QUALITY_OPTED_OUT

#: What may stand in braces in a phrase; those that are not here take nothing.
SLOTS: dict[str, tuple[str, ...]] = {
    'looks': ('emotion', 'percent'), 'has_looked': ('emotion', 'percent', 'duration'),
    'other': ('emotion',), 'others': ('count', 'moods'),
    'because': ('person', 'emotion', 'percent'), 'left': ('seconds',),
    'unclear_for': ('person', 'seconds'), 'stranger': ('person',),
    'agreeing': ('reason', 'cues'), 'conflicting': ('reason', 'cues'),
    'alone': ('reason', 'cues')}


@dataclass(frozen=True)
class Phrases:
    """
    Parts of sentences; a part may use its :data:`SLOTS`, in braces.

    The first clause tells whom the robot talks to, the second one about the others.

    :param emotions: emotion -> how somebody looks; ``uncertain`` is one of them, and so is
        ``opted_out`` for who does not want to be judged.
    :param durations: seconds -> from then on somebody has looked so.
    :param nobody: first clause: nobody is there.
    :param looks: first clause: an emotion, since just now.
    :param has_looked: first clause: an emotion, for some time.
    :param unsure: first clause: no emotion is sure.
    :param unread: first clause: the person has opted out.
    :param other: second clause: the only other one's emotion.
    :param other_unsure: second clause: the only other one's is not sure.
    :param other_unread: second clause: the only other one has opted out.
    :param others: second clause: several; ``moods`` counts them.
    :param start: reason for the first tone.
    :param because: reason: how the person looks.
    :param modalities: what a person's state can be told by -> its name.
    :param agreeing: added to that reason: other cues bear the face out.
    :param conflicting: added to it: they contradict the face; the cues with what each says.
    :param alone: added to it: the face cannot be read, the cues alone tell.
    :param left: reason: nobody there any more.
    :param never: reason: nobody there yet.
    :param unclear_for: reason: the person has been uncertain for too long.
    :param stranger: reason: somebody else, still uncertain.
    :param declined: reason: somebody has opted out. It names nobody, since it is logged.
    :param operator: reason: set by the operator.
    :param reloaded: reason: the policy was reloaded.
    """

    emotions: Mapping[str, str] = field(default_factory=lambda: {
        'neutral': 'neutral', 'happy': 'happy', 'surprise': 'surprised', 'sad': 'sad',
        'angry': 'angry', 'disgust': 'disgusted', 'fear': 'afraid', 'contempt': 'contemptuous',
        UNCERTAIN: 'unclear', OPTED_OUT: 'not read'})
    durations: Mapping[float, str] = field(default_factory=lambda: {
        10: 'for ten seconds', 30: 'for half a minute', 60: 'for a minute',
        120: 'for two minutes', 180: 'for three minutes', 300: 'for five minutes',
        600: 'for ten minutes', 1200: 'for twenty minutes', 1800: 'for half an hour',
        3600: 'for an hour', 7200: 'for hours'})
    nobody: str = 'Nobody is in front of you'
    looks: str = 'The person in front of you looks {emotion} ({percent}%)'
    has_looked: str = 'The person in front of you has looked {emotion} {duration} ({percent}%)'
    unsure: str = 'You are not sure about the mood of the person in front of you'
    unread: str = 'The person in front of you does not want their face to be read'
    other: str = 'the other one looks {emotion}'
    other_unsure: str = 'you are not sure about the second one'
    other_unread: str = 'the other one does not want to be read'
    others: str = '{count} others are there: {moods}'
    start: str = 'start'
    because: str = '{person} looks {emotion} ({percent}%)'
    modalities: Mapping[str, str] = field(default_factory=lambda: {
        'face': 'face', 'words': 'words', 'voice': 'voice'})
    agreeing: str = '{reason}; {cues} agree'
    conflicting: str = '{reason}; {cues} disagree'
    alone: str = '{reason}; by {cues} alone'
    left: str = 'nobody seen for {seconds} s'
    never: str = 'nobody seen yet'
    unclear_for: str = '{person} has looked unclear for {seconds} s'
    stranger: str = '{person} is in front now and still looks unclear'
    declined: str = 'somebody has opted out and is no reason any more'
    operator: str = 'set by the operator'
    reloaded: str = 'the policy was reloaded'

    def __post_init__(self) -> None:
        """:raises ValueError: for a phrase with braces that cannot be filled; says which."""
        for name in (entry.name for entry in fields(self)):
            if isinstance(getattr(self, name), str):
                check_phrase(name, getattr(self, name))

    def look(self, emotion: str) -> str:
        """Return how somebody looks, in words."""
        return self.emotions.get(emotion, emotion)

    def modality(self, name: str) -> str:
        """Return what tells of somebody's emotion, in words."""
        return self.modalities.get(name, name)


def check_phrase(name: str, text: str) -> None:
    """
    Refuse a phrase with braces that nothing fills.

    :raises ValueError: names phrase and slots.
    """
    slots = SLOTS.get(name, ())
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{name} is '{text}': {error}") from error
    for _, slot, specification, conversion in parts:
        if slot is not None and (slot not in slots or specification or conversion):
            allowed = ', '.join(f'{{{slot}}}' for slot in slots) or 'nothing'
            raise ValueError(f"{name} is '{text}', in braces may stand: {allowed}")


ENGLISH = Phrases()
#: BCP 47 -> the phrases that are there without being in a policy file.
PHRASES: dict[str, Phrases] = {'en': ENGLISH, 'tr': Phrases(
    emotions={
        'neutral': 'nötr', 'happy': 'mutlu', 'surprise': 'şaşkın', 'sad': 'üzgün',
        'angry': 'kızgın', 'disgust': 'tiksinmiş', 'fear': 'korkmuş', 'contempt': 'küçümser',
        UNCERTAIN: 'belirsiz', OPTED_OUT: 'okunmuyor'},
    durations={
        10: 'on saniyedir', 30: 'yarım dakikadır', 60: 'bir dakikadır', 120: 'iki dakikadır',
        180: 'üç dakikadır', 300: 'beş dakikadır', 600: 'on dakikadır', 1200: 'yirmi dakikadır',
        1800: 'yarım saattir', 3600: 'bir saattir', 7200: 'saatlerdir'},
    nobody='Karşında kimse yok',
    looks='Karşındaki kişi {emotion} görünüyor (%{percent})',
    has_looked='Karşındaki kişi {duration} {emotion} görünüyor (%{percent})',
    unsure='Karşındaki kişinin ruh halinden emin değilsin',
    unread='Karşındaki kişi yüzünün okunmasını istemiyor',
    other='diğer kişi {emotion} görünüyor',
    other_unsure='ikinci kişinin ruh halinden emin değilsin',
    other_unread='diğer kişi yüzünün okunmasını istemiyor',
    others='{count} kişi daha var: {moods}',
    start='başlangıç',
    because='{person} {emotion} görünüyor (%{percent})',
    modalities={'face': 'yüz', 'words': 'sözler', 'voice': 'ses'},
    agreeing='{reason}; {cues} uyuşuyor',
    conflicting='{reason}; {cues} çelişiyor',
    alone='{reason}; yalnızca {cues}',
    left='{seconds} saniyedir kimse görülmedi',
    never='henüz kimse görülmedi',
    unclear_for='{person} {seconds} saniyedir belirsiz görünüyor',
    stranger='artık karşıda {person} var, henüz belirsiz görünüyor',
    declined='okunmak istemeyen biri artık neden sayılmıyor',
    operator='operatör ayarladı',
    reloaded='davranış dosyası yeniden yüklendi')}


def phrases_of(language: str) -> Phrases:
    """
    Return the phrases of a language.

    :param language: BCP 47, such as tr or tr-TR; English where there are none.
    """
    return PHRASES.get(language, PHRASES.get(language.split('-')[0], ENGLISH))
