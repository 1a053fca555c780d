"""What people read in the browser, in their language: config/pages/texts.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import yaml

from fer_ros.resources import resource_path

#: What every text is in; the first one where somebody's language is not among them.
LANGUAGES = ('en', 'tr')
_FILE = 'config/pages/texts.yaml'


class Texts:
    """
    The texts of one language.

    :ivar language: one of :data:`LANGUAGES`.
    :param language: likewise.
    :param texts: key -> text, with its slots in braces.
    """

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **slots: object) -> str:
        """
        Return a text, its slots filled.

        :raises KeyError: if there is no such text, or a slot of it is not given.
        """
        return self._texts[key].format(**slots)

    def has(self, key: str) -> bool:
        """Return whether there is such a text."""
        return key in self._texts

    def starting(self, prefix: str) -> dict[str, str]:
        """Return all texts whose keys begin so, their slots unfilled."""
        return {key: text for key, text in self._texts.items() if key.startswith(prefix)}

    def count(self, key: str, number: int) -> str:
        """Return a text for one of something (``key.one``) or another number of it."""
        return self(f'{key}.{"one" if number == 1 else "many"}', count=number)


def load_texts(language: str = LANGUAGES[0]) -> Texts:
    """
    Return the texts of a language.

    :param language: BCP 47, such as tr or tr-TR; English where there are none.
    """
    spoken = language.lower().replace('_', '-').split('-')[0]
    chosen = spoken if spoken in LANGUAGES else LANGUAGES[0]
    return Texts(chosen, {key: each[chosen] for key, each in all_texts().items()})


@cache
def all_texts() -> Mapping[str, Mapping[str, str]]:
    """Return key -> language -> text, as the file has them."""
    return yaml.safe_load(resource_path(_FILE).read_text(encoding='utf-8'))
