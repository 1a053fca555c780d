"""The policy file: what ships is good, each mistake names its line."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fer_ros.behavior import policy_file
from fer_ros.behavior.phrases import PHRASES
from fer_ros.behavior.policy_config import NEVER_MIRRORED
from fer_ros.behavior.policy_file import (
    LanguageError,
    PolicyError,
    load_policy,
    with_overrides,
)
from fer_ros.perception.labels import EMOTIONS

SHIPPED = Path(__file__).resolve().parents[2] / 'config' / 'behavior.yaml'
GOOD = 'tones:\n  neutral:\n    rate: 1.0\nemotions:\n  happy: neutral\n'


def test_the_shipped_file():
    """Every emotion has a tone, no negative one is mirrored, every tone can be spoken."""
    policy = load_policy(SHIPPED)
    assert set(policy.emotions) == set(EMOTIONS)
    for emotion in NEVER_MIRRORED:
        assert policy.emotions[emotion] in ('calm', 'reassuring')
    assert all(tone.style_prompt.endswith('.') for tone in policy.tones.values())


@pytest.mark.parametrize('language, word', [
    ('en', 'Speak'), ('tr', 'konuş'), ('tr-TR', 'konuş'), ('en-US', 'Speak')])
def test_languages(language, word):
    """Every text of the shipped file, and as many suggestions in each language."""
    policy, english = load_policy(SHIPPED, language), load_policy(SHIPPED)
    for name, tone in policy.tones.items():
        assert word in tone.style_prompt
        assert len(tone.suggestions) == len(english.tones[name].suggestions)


def test_a_language_that_is_not_there():
    """The lines, and the languages there are."""
    with pytest.raises(LanguageError, match=r"lines \d+, \d+, \d+, \d+ and \d+ more: "
                       "no text in 'fi', only in en, tr: add") as caught:
        load_policy(SHIPPED, 'fi')
    assert caught.value.languages == ('en', 'tr')


def test_a_language_that_is_there_in_part_is_a_mistake(tmp_path):
    """Half a translation is not what a language that is not there at all is."""
    file = tmp_path / 'b.yaml'
    file.write_text('tones:\n  a:\n    style_prompt: {en: x, de: y}\n'
                    '  b:\n    style_prompt: {en: x}\nemotions: {happy: a}\n')
    assert load_policy(file, 'en').tones['b'].style_prompt == 'x'
    with pytest.raises(PolicyError, match="line 5: no text in 'de', only in en: add") as caught:
        load_policy(file, 'de')
    assert not isinstance(caught.value, LanguageError)


def test_all_mistakes_are_told_at_once(tmp_path):
    """In every place where there can be one; each with its line, and what was meant."""
    file = tmp_path / 'b.yaml'
    file.write_text("""\
tones:
  warm: {rate: 9, pitsch: 1.0, style_prompt: {en: x, tr: [y]}}
  calm: {suggestions: {en: [a, b: c], tr: d}, expresses: joy}
  sad one: 1.0
emotions:
  happy: warmth
  anger: cal
  fear: calm
default_tone: clam
holt: 3
min_interval: long
attention: {mode: nearst, lost_after: -1}
""")
    with pytest.raises(PolicyError) as caught:
        load_policy(file, 'en')
    assert caught.value.mistakes == [
        "line 2: 'pitsch' is not known in tones.warm, did you mean 'pitch'? allowed: rate, pitch, "
        'volume, style_prompt, suggestions, expresses',
        "line 2: tones.warm.rate is '9', must be a number from 0.3 to 3",
        'line 2: tones.warm.style_prompt.tr must be a single value',
        'line 3: tones.calm.suggestions.en must be a single value',
        'line 3: tones.calm.suggestions.tr must be a list',
        "line 3: tones.calm.expresses is 'joy', did you mean 'happy'? allowed: "
        + ', '.join(EMOTIONS),
        'line 4: tones.sad one must be a mapping with at least one entry',
        "line 6: emotions.happy is 'warmth', did you mean 'warm'? allowed: warm, calm, sad one",
        "line 7: 'anger' is not known in emotions, did you mean 'angry'? allowed: "
        + ', '.join(EMOTIONS),
        "line 7: emotions.anger is 'cal', did you mean 'calm'? allowed: warm, calm, sad one",
        "line 9: default_tone is 'clam', did you mean 'calm'? allowed: warm, calm, sad one",
        "line 10: 'holt' is not known in the file, did you mean 'hold'? allowed: "
        + ', '.join(policy_file._KEYS),
        "line 11: min_interval is 'long', must be a number from 0 to 600",
        "line 12: attention.mode is 'nearst', did you mean 'nearest'? allowed: nearest, central, "
        'longest',
        "line 12: attention.lost_after is '-1', must be a number from 0 to 60"]
    line = str(caught.value)
    assert line.startswith(f"policy file '{file}' has 15 mistakes: line 2: 'pitsch'")
    assert line.endswith('; 10 more, which fer_ros policy tells')
    assert '\n' not in line and len(line) < 1100


def test_phrases(tmp_path):
    """Those of the language, English where there are none; a file's own replace them singly."""
    assert load_policy(SHIPPED).phrases == PHRASES['en']
    assert load_policy(SHIPPED, 'tr-TR').phrases == PHRASES['tr']
    file = tmp_path / 'b.yaml'
    file.write_text(GOOD)
    assert load_policy(file, 'de').phrases == PHRASES['en']
    file.write_text(GOOD + 'phrases:\n  de: {emotions: {happy: fröhlich}, durations: {5: lange}, '
                    'looks: "Man sieht {emotion} aus"}\n  tr: {nobody: Kimse yok}\n')
    german = load_policy(file, 'de-AT').phrases
    assert (german.emotions['happy'], german.emotions['sad'], german.durations, german.looks) == (
        'fröhlich', 'sad', {5.0: 'lange'}, 'Man sieht {emotion} aus')
    assert load_policy(file, 'tr').phrases == replace(PHRASES['tr'], nobody='Kimse yok')


def test_notice(tmp_path):
    """In the language asked for, in one line; a file without one has none."""
    assert load_policy(SHIPPED).notice.startswith('Just so you know, ')
    assert load_policy(SHIPPED, 'tr-TR').notice.startswith('Bilginiz olsun, ')
    file = tmp_path / 'b.yaml'
    file.write_text(GOOD)
    assert load_policy(file).notice == ''
    file.write_text(GOOD + 'notice: >\n  I read\n  faces.\n')
    assert load_policy(file).notice == load_policy(file, 'tr').notice == 'I read faces.'


def test_the_smallest_file(tmp_path):
    """Everything else has a default."""
    file = tmp_path / 'b.yaml'
    file.write_text(GOOD)
    assert load_policy(file).default_tone == 'neutral'


@pytest.mark.parametrize('text, line, what', [
    ('', 0, 'mapping'), ('[1, 2]', 1, 'mapping'), ('tones:\n  a: {rate: 1}\n', 0, "'emotions'"),
    (GOOD + 'hold: fast\n', 6, "hold is 'fast', must be a number from 0 to 3600"),
    (GOOD + 'hold: -1\n', 6, "hold is '-1'"), (GOOD + 'hold: nan\n', 6, 'nan'),
    (GOOD + 'min_confidence: 1.1\n', 6, 'from 0 to 1'),
    (GOOD + 'holt: 1\n', 6, "'holt' is not known in the file, did you mean 'hold'? all"),
    (GOOD + 'hold: 1\nhold: 2\n', 7, 'twice'),
    (GOOD.replace('rate: 1.0', 'rate: 9'), 3, 'from 0.3 to 3'),
    (GOOD.replace('happy: neutral', 'happy: loud'), 5, "happy is 'loud'; allowed: neutral"),
    (GOOD.replace('happy', 'hungry'), 5, "'hungry' is not known in emotions"),
    (GOOD + 'attention:\n  switch_ratio: 0.5\n', 7, 'from 1 to 10'),
    (GOOD + 'default_tone: [x]\n', 6, 'single value'),
    (GOOD + 'attention:\n  mode: loudest\n', 7, 'allowed: nearest, central, longest'),
    (GOOD.replace('rate: 1.0', 'style_prompt: {tr: x, de: y}'), 3, "no text in 'en', only in tr"),
    (GOOD.replace('rate: 1.0', 'style_prompt: {}'), 3, 'at least one entry'),
    ('tones:\n  ? [a]\n  : {rate: 1}\nemotions: {happy: a}', 2, 'a key in tones must be a single'),
    (GOOD + 'hold: !!python/name:os.system\n', 6, "tag '!!python/name:os.system' is not"),
    (GOOD + 'hold: ' + '[' * 1000, 6, 'more than 20 levels'),
    (GOOD + 'hold: &a [*a]\n', 6, "alias 'a' stands inside"),
    (GOOD + f'hold: {"x" * 9999}\n', 6, 'must be a number'),
    (GOOD + 'hold_uncertain: -1\n', 6, 'from 0 to 3600'),
    (GOOD + 'suggest_again: x\n', 6, 'from 0 to 86400'),
    (GOOD + 'phrases:\n  de: {looks: "{emotion} {mood}"}', 7, 'may stand: {emotion}, {percent}'),
    (GOOD + 'phrases:\n  de: {looks: "{percent:999999999}"}', 7, 'in braces may stand'),
    (GOOD + 'phrases:\n  de: {looks: "{emotion!r}"}', 7, 'in braces may stand'),
    (GOOD + 'phrases:\n  de: {looks: "{"}', 7, "looks is '{'"),
    (GOOD + 'phrases:\n  de: {nobody: "{emotion}"}', 7, 'may stand: nothing'),
    (GOOD + 'phrases:\n  de: {glance: a}', 7, "'glance' is not known in phrases.de"),
    (GOOD + 'phrases:\n  de: {emotions: {joy: a}}', 7,
     "'joy' is not known in phrases.de.emotions, did you mean 'happy'?"),
    (GOOD + 'phrases:\n  de: {durations: {soon: a}}', 7,
     "a key in phrases.de.durations is 'soon'"),
    *((GOOD + f'notice: {text}\n', 6, told) for text, told in (
        ('', "notice is '', must be a sentence; leave it out for none"), ("' '", "notice is ' ',"),
        ('no', "notice is 'no', must be a sentence"), ('null', "notice is 'null'"),
        ('7', "notice is '7'"), ('[a]', 'notice must be a single value'),
        ('{en: a, tr: }', "notice.tr is '', must be a sentence"), ('{}', 'at least one entry'),
        ('{tr: a}', "no text in 'en', only in tr"))),
    (GOOD + 'phrases: {de: a}', 6, 'phrases.de must be a mapping'),
    ('tones:\n  s: {expresses: angry}\nemotions:\n  happy: s\n  fear: s\n', 5,
     'must not be answered'),
])
def test_mistakes_name_their_line(tmp_path, text, line, what):
    """File, line, key and what is allowed."""
    file = tmp_path / 'b.yaml'
    file.write_text(text)
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    assert what in str(caught.value)
    assert str(file) in str(caught.value)
    assert (f'line {line}:' in str(caught.value)) or line == 0


def test_unreadable_files(tmp_path):
    """Missing, a folder, a FIFO, no YAML, no text: one line (test_yaml_file.py has more)."""
    broken, binary = tmp_path / 'x.yaml', tmp_path / 'y.yaml'
    broken.write_text('a: [')
    binary.write_bytes(b'\xff\xfe\x00')
    os.mkfifo(tmp_path / 'fifo')
    for path in (tmp_path / 'none.yaml', tmp_path, broken, binary, tmp_path / 'fifo',
                 '~nosuchuser/x'):
        with pytest.raises(PolicyError, match=f"^policy file '{path}'") as caught:
            load_policy(path)
        assert '\n' not in str(caught.value)


def test_overrides():
    """Negative numbers keep what the file says."""
    policy = load_policy(SHIPPED)
    changed = with_overrides(policy, {'hold': 1.0, 'min_interval': -1.0})
    assert changed.hold == 1.0
    assert changed.min_interval == policy.min_interval
