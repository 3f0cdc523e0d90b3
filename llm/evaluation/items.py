"""What is judged: a feedback, with everything that a judge has to know to judge it."""

from dataclasses import dataclass
from enum import StrEnum

from llm.records import Finding


class Criterion(StrEnum):
    """What good feedback is (Koutcheme et al., 2024, and Phung et al., 2023, have the like)."""

    PERCEPTIVE = "perceptive"
    """It names at least one real issue."""
    COMPLETE = "complete"
    """It names every real issue."""
    SELECTIVE = "selective"
    """It invents no issue."""
    NON_REVEALING = "non_revealing"
    """It does not give the solution away."""
    CORRECT = "correct"
    """Everything that it says of the code is true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One feedback on one piece of work."""

    id: str
    task: str
    """The subtask; items of one resemble each other."""
    statement: str
    code: str
    """The student's."""
    ideal: str
    findings: tuple[Finding, ...]
    issues: tuple[str, ...]
    """What is wrong, as its author labelled it; empty for right work."""
    feedback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """A feedback whose truth is known, to learn how far a judge can be trusted."""

    item: Item
    criterion: Criterion
    holds: bool
