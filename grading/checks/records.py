"""How a probe's answer is judged, as records that are stored with it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from notebooks.cases.probes import Aspect, Metric
from notebooks.kernels.values import Value


class _Check(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agrees(_Check):
    """The answer agrees with the ideal's."""

    kind: Literal["agrees"] = "agrees"
    row_order: bool = True
    """Whether the order of rows, or of a list, counts."""


class Raises(_Check):
    """Asking raises an exception of a class, or of one derived from it."""

    kind: Literal["raises"] = "raises"
    error: str
    text: str | None = None
    """What the exception's message looks like, `*` standing for anything; capitals mean nothing."""


class Prints(_Check):
    """The subtask's own cells print what the ideal's print."""

    kind: Literal["prints"] = "prints"
    other_lines: bool = False
    """Whether other lines may stand before, between and after those."""


class Draws(_Check):
    """The figures of the subtask's own cells show what the ideal's show."""

    kind: Literal["draws"] = "draws"
    aspects: tuple[Aspect, ...]


class Scores(_Check):
    """Predictions on data that the student did not see are good enough."""

    kind: Literal["scores"] = "scores"
    metric: Metric
    labels: Value
    """The right answers; they never enter a sandbox."""
    at_least: float | None = None
    at_most: float | None = None


class ScoresFile(_Check):
    """The predictions in a file are good enough."""

    kind: Literal["scores_file"] = "scores_file"
    file: str
    key: str
    column: str
    keys: tuple[str, ...]
    """Of the rows, in the order of the right answers."""
    scores: Scores


class GivenCall(_Check):
    """Arguments by position that a function is called with."""

    number: int
    """Its questions are called after it; others keep theirs where one is left out."""
    args: tuple[Value, ...]
    varied: bool = False
    """Whether it is a variation; the ideal may refuse one, and nobody is asked it then."""


class Keeps(_Check):
    """Something holds of whatever a function returns."""

    kind: Literal["keeps"] = "keeps"
    function: str
    names: tuple[str, ...] = ()
    """What expressions call the arguments, by position."""
    calls: tuple[GivenCall, ...] = ()
    holds: tuple[str, ...]
    """Expressions, and names of properties."""
    where: str | None = None
    """What has to be true of a variation's arguments."""
    variations: int = 0
    """How many calls are to be added to those that are given."""


Check = Annotated[
    Agrees | Raises | Prints | Draws | Scores | ScoresFile | Keeps, Field(discriminator="kind")
]
