"""What goes into a check, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from grading.evidence import Weight
from notebooks.kernels.records import Answer


@dataclass(frozen=True, slots=True)
class Reply:
    """All that a replay claimed about one probe."""

    answer: Answer | None = None
    """None where nothing was asked, or nothing came back. Of several: the first exception, or the
    first answer."""
    answers: tuple[Answer | None, ...] = ()
    """What came back to each question, in their order."""
    printed: str = ""
    """What the subtask's own cells printed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; what it says is the catalogue's sentence for `difference`."""

    difference: str | None = None
    """None if there is none."""
    where: str = ""
    """The part of the answer that is meant, as Python would write it; empty: the whole."""
    facts: Mapping[str, str] = field(default_factory=dict)
    observed: str | None = None
    weight: Weight = "decides"
