"""Sentences from the catalogue of a locale, with what they name set as inert code."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Formatter

FALLBACK = "en"
_PLAIN_FACTS = frozenset(
    {
        "count",
        "line",
        "link",
        "max_points",
        "max_score",
        "points",
        "score",
        "seconds",
        "subject",
        "title",
        "total",
        "verdict",
        "whole",
    }
)
"""Facts that stand in a sentence as they are; everything else is set as code."""


def code(text: str) -> str:
    """Return any text as one inert Markdown code span."""
    flat = " ".join(text.split()) or " "
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


class Wording:
    """The catalogue of one locale: `Wording("ru")`; unknown locales speak English."""

    def __init__(self, locale: str) -> None:
        self.locale = _supported(locale)
        self._texts = _catalogue(self.locale)

    def text(self, group: str, key: str, **facts: str) -> str:
        """Return a text of the catalogue with its blanks filled."""
        found = self._texts[group][key]
        return found.format_map({name: self._fact(name, fact) for name, fact in facts.items()})

    def reason(self, kind: str, subject: str, facts: Mapping[str, str]) -> str:
        """Return what was observed of the subject (Markdown), in one line.

        Of the sentences for this kind, the first is taken whose blanks the facts can fill.
        """
        known = {name: fact for name, fact in facts.items() if fact} | {"subject": subject}
        candidates = [kind, f"{kind}_plain", "differs"]
        if "column" in known:
            candidates.insert(0, f"{kind}_column")
        for key in candidates:
            template = self._texts["reason"].get(key)
            if template is not None and _blanks(template) <= set(known):
                return _sentence(
                    self.text("reason", key, **{n: known[n] for n in _blanks(template)})
                )
        return _sentence(self.text("reason", "differs", subject=subject))

    def question(self, kind: str) -> str:
        """Return one question that makes a student look at the right place."""
        questions = self._texts["question"]
        return questions.get(kind) or questions["default"]

    def approval(self, subtask: str) -> str:
        """Return a question to go on thinking about; not the same one for every subtask."""
        questions = [q for key, q in self._texts["question"].items() if key.startswith("approved")]
        return questions[sum(subtask.encode()) % len(questions)]

    def verdict(self, verdict: str | None) -> str:
        """Return a verdict's word, or that there is none yet."""
        return self._texts["verdict"][verdict or "none"]

    @property
    def our_fault(self) -> str:
        """Return what a student reads when Casebook itself failed."""
        return self._texts["failed"]["message"]

    def _fact(self, name: str, fact: str) -> str:
        if name in {"observed_type", "expected_type"}:
            return self._texts["type"].get(fact) or code(fact)
        return fact if name in _PLAIN_FACTS else code(fact)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _blanks(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def _supported(locale: str) -> str:
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in locales() else FALLBACK


@cache
def locales() -> frozenset[str]:
    """Return the locales that have a catalogue."""
    names = (entry.name for entry in resources.files(__package__).iterdir())
    return frozenset(name.removesuffix(".json") for name in names if name.endswith(".json"))


@cache
def _catalogue(locale: str) -> dict[str, dict[str, str]]:
    text = resources.files(__package__).joinpath(f"{locale}.json").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = json.loads(text)
    return loaded


@cache
def wording(locale: str) -> Wording:
    """Return the wording of a locale; catalogues are read once."""
    return Wording(locale)
