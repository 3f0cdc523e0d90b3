"""The dialog's words, in the language in which the platform speaks to the teacher."""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

FALLBACK = "en"
LOCALES = frozenset({"en", "ru"})


class Words:
    """The catalogue of one locale: `Words("ru-RU")("add")`; unknown locales speak English."""

    def __init__(self, locale: str | None) -> None:
        language = (locale or FALLBACK).replace("_", "-").split("-")[0].lower()
        self.locale = language if language in LOCALES else FALLBACK
        self._texts = catalogue(self.locale)

    def __call__(self, key: str, /, **holes: object) -> str:
        """Return a sentence with its holes filled; a key that is unknown is a KeyError."""
        return self._texts[key].format(**holes)

    def number(self, number: float) -> str:
        """Return a number as the language writes it."""
        text = f"{number:g}"
        return text.replace(".", ",") if self.locale == "ru" else text


@lru_cache
def catalogue(locale: str) -> Mapping[str, str]:
    """Return every sentence of a locale by its key."""
    text = resources.files(__package__).joinpath(f"{locale}.json").read_text(encoding="utf-8")
    read: dict[str, str] = json.loads(text)
    return read
