"""What somebody fills in for the cases that they choose: read from the form, or put right."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol, Self
from uuid import UUID

from lti_tool.deep_linking.shelf import Offer
from lti_tool.models.content_item import MOST_HINTS

MOST_CHOSEN = 20
"""Cases that one answer may bring into a course."""
TITLE_LENGTH = 200
MOST_POINTS = 10_000.0


class Fields(Protocol):
    """A form: werkzeug's MultiDict, as far as it is needed."""

    def get(self, key: str, /) -> str | None:
        """Return the first value of a field."""
        ...

    def getlist(self, key: str, /) -> list[str]:
        """Return every value of a field."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One case as the page shows it: what was typed, and what is wrong with it."""

    offer: Offer
    picked: bool
    title: str
    points: str
    hints: str
    faults: Mapping[str, str]
    """Keys of sentences, by the name of the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One case as it is to stand in the course."""

    version_id: UUID
    title: str
    points: float
    """More than 0, at most `MOST_POINTS`."""
    hints: int
    """0 to `MOST_HINTS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What the form says; nothing of it is believed yet."""

    picked: tuple[UUID, ...]
    """Versions whose box is ticked, at most `MOST_CHOSEN + 1`, so that one too many is noticed."""
    waiting: tuple[UUID, ...]
    """Uploads that were being built when the page was made: wanted as soon as they are ready."""
    form: Fields

    @classmethod
    def from_form(cls, form: Fields) -> Self:
        """Read the form; boxes of other values than ids are no boxes of ours."""
        return cls(
            picked=_ids(form.getlist("pick")), waiting=_ids(form.getlist("waiting")), form=form
        )

    def draft(self, offer: Offer, *, picked: bool) -> Draft:
        """Return how the page shows an offer: with what was typed, else with its defaults."""
        title = self._value("title", offer)
        points = self._value("points", offer)
        hints = self._value("hints", offer)
        draft = Draft(
            offer=offer,
            picked=picked,
            title=offer.title[:TITLE_LENGTH] if title is None else title,
            points=f"{offer.points:g}" if points is None else points,
            hints=str(MOST_HINTS) if hints is None else hints,
            faults={},
        )
        return _checked(draft) if picked else draft

    def _value(self, name: str, offer: Offer) -> str | None:
        value = self.form.get(f"{name}-{offer.version_id}")
        return None if value is None else value[: TITLE_LENGTH + 1]


def choose(drafts: Sequence[Draft]) -> list[Choice] | None:
    """Return what is picked among the drafts; None if something has still to be put right."""
    picked = [draft for draft in drafts if draft.picked]
    if any(draft.faults for draft in picked):
        return None
    return [
        Choice(
            version_id=draft.offer.version_id,
            title=draft.title.strip(),
            points=_points(draft.points) or draft.offer.points,
            hints=int(draft.hints),
        )
        for draft in picked
    ]


def _checked(draft: Draft) -> Draft:
    faults = {}
    if not 0 < len(draft.title.strip()) <= TITLE_LENGTH or not draft.title.isprintable():
        faults["title"] = "fault.title"
    if _points(draft.points) is None:
        faults["points"] = "fault.points"
    if draft.hints not in {str(number) for number in range(MOST_HINTS + 1)}:
        faults["hints"] = "fault.hints"
    return replace(draft, faults=faults)


def _points(text: str) -> float | None:
    """Return a number of points; a comma does for the point, as in many languages."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 < number <= MOST_POINTS else None


def _ids(texts: Sequence[str]) -> tuple[UUID, ...]:
    found: dict[UUID, None] = {}
    for text in texts[: MOST_CHOSEN + 1]:
        with suppress(ValueError):
            found[UUID(text)] = None
    return tuple(found)
