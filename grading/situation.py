"""What a judgement knows besides the replay's claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grading.verdict import Verdict
from notebooks.attempts.document import Cell
from notebooks.cases.profile import Constraint


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known about a subtask besides the replay's claims."""

    subtask: str
    titles: Mapping[str, str]
    """Titles of all subtasks by id."""
    verdicts: Mapping[str, Verdict]
    """Standing verdicts of the attempt's subtasks."""
    cells: Sequence[Cell]
    """The cells that were replayed, in order."""
    wall_seconds: float
    locale: str = "en"
    constraints: Sequence[Constraint] = ()
    """Of this subtask."""
    for_person: bool = False
    """Whether a person has to look at it, too: it has a rubric."""
