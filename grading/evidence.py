"""Evidence: one typed record of what a probe, or the replay itself, found."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from notebooks.text import storable

Weight = Literal["decides", "doubts", "informs"]
"""What a failure means: work is wrong; it cannot be told; or nothing, it is only to be known."""


ProbeKind = Literal["value", "call", "raises", "stdout", "figure", "metric", "property", "file"]
"""The kinds of probes; evidence is called after them."""


def _storable(text: object) -> object:
    return storable(text) if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(_storable)]
"""Text that may come from a student's code."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Locus(_Record):
    """A place in the student's document; `line` counts from 1 within the cell."""

    cell: str
    line: int | None = None


class Evidence(_Record):
    """One finding. A verdict is made from these records alone, and feedback cites their ids."""

    id: str
    """Unique within a validation: the probe's, `constraint-N-TARGET`, `run-CELL`, or `replay`."""
    kind: ProbeKind | Literal["constraint", "test", "run", "replay"]
    subtask: str
    probe: str | None = None
    asked: Text = ""
    """The expression or call, or empty where nothing was asked."""
    about: str | None = None
    """The same in the author's words, for students."""
    locus: Locus | None = None
    observed: Text | None = None
    """The student's own answer, bounded; None where it must not or cannot be told."""
    expected: Text | None = None
    """For teachers only; no student ever sees it."""
    message: Text
    """One line, fit for a student; it never holds the expected answer."""
    hint: str | None = None
    """The author's remark or question about this probe."""
    difference: str | None = None
    """What kind of failure it is: a `DifferenceKind`, or a `Failure` of the replay."""
    outcome: Literal["pass", "fail"]
    origin: Literal["author", "derived"] = "author"
    on_interface: bool = True
    weight: Weight = "decides"
    failures: int = 0
    """In how many replays it failed; a derived probe has to fail twice."""


def for_student(evidence: Evidence) -> dict[str, Any]:
    """Return what a student may see of a finding: never the expected answer."""
    seen = evidence.model_dump(
        mode="json", include={"id", "outcome", "observed", "locus", "message"}
    )
    return seen | {"asked": evidence.about or evidence.asked}
