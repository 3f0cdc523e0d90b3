"""What feedback is made from: code, evidence and the abstract cards between analyst and writer.

Evidence here has four kinds, and no record has a verdict or a score: neither lint and warnings nor
a model's opinion can take that road.
"""

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "ru"]
Kind = Literal["test", "probe", "constraint", "run"]
KINDS: frozenset[str] = frozenset({"test", "probe", "constraint", "run"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One code cell of the student's; `number` counts from 1, as students see it."""

    number: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of evidence that a student may see; nothing expected is in it.

    Raises:
        ValueError: the kind is none that bears on what is right (lint, a warning).
    """

    id: str
    kind: Kind
    outcome: Literal["pass", "fail"]
    message: str
    observed: str | None = None
    cell: int | None = None
    line: int | None = None

    def __post_init__(self) -> None:
        """Refuse what typed callers cannot send, and data from elsewhere might."""
        if self.kind not in KINDS:
            raise ValueError(f"Evidence of kind {self.kind!r} has no place in semantic feedback.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What all students of a subtask share, and may read."""

    case: str
    subtask: str
    statement: str
    template: str = ""
    interface: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one student made, and what was found about it."""

    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...]
    output: str = ""
    markdown: str = ""
    file: str = ""

    @property
    def code(self) -> str:
        """Return all code, in order."""
        return "\n".join(cell.source for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A discrepancy without the solution: a kind of mistake, where, and on what evidence."""

    evidence_ids: tuple[str, ...]
    concept: str
    consequence: str
    cell: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How the mentor speaks: language, hint level from 1 (vague) to 3, the teacher's tone."""

    language: Language = "en"
    hint_level: Literal[1, 2, 3] = 1
    tone: str = ""
