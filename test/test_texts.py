"""The texts of the pages: whole in each language, and there is one for all that may be told."""

import re
from pathlib import Path
from string import Formatter

import pytest

from fer_ros.perception import types
from fer_ros.perception.labels import EMOTIONS
from fer_ros.texts import LANGUAGES, all_texts, load_texts

PACKAGE = Path(__file__).resolve().parent.parent / 'fer_ros'


@pytest.mark.parametrize('key', all_texts())
def test_every_text_is_whole(key):
    """In each language, with the same slots, on one line."""
    texts = all_texts()[key]
    assert tuple(texts) == LANGUAGES
    slots = [sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)
             for text in texts.values()]
    assert slots[0] == slots[1]
    assert all(text.strip() == text and text and '\n' not in text for text in texts.values())


def test_what_may_be_told_has_a_text():
    """Every state, every reason, every fault of a file."""
    wanted = {f'label.{label}' for label in (*EMOTIONS, types.UNCERTAIN)}
    wanted |= {f'advice.{reason}' for name, reason in vars(types).items()
               if name.startswith('QUALITY_') and reason != types.QUALITY_OK}
    sources = [PACKAGE / 'media/picture_decoder.py', PACKAGE / 'pictures/upload.py']
    kinds = {kind for file in sources for kind in re.findall(
        r"PictureError\('(\w+)'", file.read_text(encoding='utf-8'))}
    assert len(kinds) >= 9
    wanted |= {f'fault.{kind}' for kind in kinds}
    assert not wanted - set(all_texts())


@pytest.mark.parametrize('asked, given', [
    ('en', 'en'), ('tr', 'tr'), ('tr-TR', 'tr'), ('TR_tr', 'tr'), ('de', 'en'), ('', 'en')])
def test_languages(asked, given):
    """English where there is none of theirs."""
    assert load_texts(asked).language == given


def test_a_text_is_filled_or_missed():
    """A wrong key and a missing value are mistakes of ours."""
    texts = load_texts('tr')
    assert texts('page.percent', value=98) == '%98'
    assert texts.count('page.faces', 1) == '1 yüz'
    assert load_texts().count('page.faces', 0) == '0 faces'
    assert texts.has('label.happy') and not texts.has('label.none')
    assert texts.starting('page.percent') == {'page.percent': '%{value}'}
    for key in ('label.none', 'page.percent'):
        with pytest.raises(KeyError):
            texts(key)
