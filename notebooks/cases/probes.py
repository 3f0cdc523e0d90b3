"""The probes of `case.yaml` as typed records, one class for each kind.

The docstrings and field descriptions are also what an editor shows.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from notebooks.cases.expressions import MAX_EXPRESSION

SubtaskId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$",
        description="Small letters, digits, `-` and `_`, at most 40.",
    ),
]


class Part(BaseModel):
    """A part of `case.yaml`: frozen, and nothing in it that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Tolerance(Part):
    """How far a number may be from the expected one."""

    relative: float = Field(default=1e-6, ge=0)
    """As a share of the larger of the two numbers."""
    absolute: float = Field(default=1e-9, ge=0)
    """As a plain distance; whichever of the two allows more counts."""


class _Probe(Part):
    id: SubtaskId | None = None
    """The probe's name in reports; `SUBTASK-N` when absent."""
    about: str | None = Field(default=None, min_length=1, max_length=120)
    """What is asked, as students read it in place of the expression: "the rows of `tidy`"."""
    tolerance: Tolerance = Tolerance()
    """How far numbers of the answer may be from the ideal solution's."""
    message: str | None = None
    """A question or remark of yours for a student whose answer differs."""
    reveal: Literal["observed", "nothing"] = "observed"
    """Whether feedback may tell what the student's answer was."""


class ValueProbe(_Probe):
    """Compare the value of an expression, a name being the simplest, with the ideal's."""

    kind: Literal["value"]
    expression: str
    """A Python expression, evaluated after the subtask's cells: `len(tidy)`."""


class CallProbe(_Probe):
    """Call a function of the notebook; arguments are plain YAML values."""

    kind: Literal["call"]
    function: str
    """The function's name: `strength`."""
    args: tuple[Any, ...] = ()
    """Arguments by position."""
    kwargs: dict[str, Any] = {}
    """Arguments by name."""


class RaisesProbe(_Probe):
    """Call a function that has to raise an exception, as for arguments that make no sense."""

    kind: Literal["raises"]
    function: str
    """The function's name."""
    args: tuple[Any, ...] = ()
    """Arguments by position."""
    kwargs: dict[str, Any] = {}
    """Arguments by name."""
    error: str = Field(pattern=r"^[^\W\d]\w*$", max_length=200)
    """The name of the exception's class, or of one that it derives from: `ValueError`."""
    text: str | None = Field(default=None, min_length=1, max_length=200)
    """What its message looks like, `*` standing for anything: `"*negative*"`."""


class StdoutProbe(_Probe):
    """Compare what the subtask's own cells print with what the ideal's print.

    Line by line; runs of spaces and blank lines do not count, numbers are compared within the
    tolerance.
    """

    kind: Literal["stdout"]
    other_lines: Literal["refused", "allowed"] = "refused"
    """Whether a student may print other lines besides."""


class Aspect(StrEnum):
    """What of a figure may count."""

    KIND = "kind"
    """How many axes, lines, bars, groups of points and images there are."""
    DATA = "data"
    """The numbers that they show."""
    LABELS = "labels"
    """Title, axis labels and legend are there where the ideal has them, whatever they say."""
    TEXTS = "texts"
    """Title and axis labels say the same; capitals and spaces do not count."""
    TICKS = "ticks"
    LEGEND = "legend"
    """The legend has the same entries."""


class FigureProbe(_Probe):
    """Compare the matplotlib figures that the subtask's own cells draw with the ideal's."""

    kind: Literal["figure"]
    aspects: tuple[Aspect, ...] = Field(
        default=(Aspect.KIND, Aspect.DATA, Aspect.LABELS), min_length=1, max_length=6
    )
    """What of the figures counts."""


class Metric(StrEnum):
    """How predictions are scored."""

    ACCURACY = "accuracy"
    F1_MACRO = "f1_macro"
    ROC_AUC = "roc_auc"
    """Of two classes; the greater label is the positive one, predictions are its scores."""
    RMSE = "rmse"
    MAE = "mae"
    R2 = "r2"


CLASS_METRICS = frozenset({Metric.ACCURACY, Metric.F1_MACRO})
"""Metrics for which predictions may be texts."""


class _Scored(_Probe):
    metric: Metric
    """Which score of the predictions counts."""
    at_least: float | None = None
    """The smallest score that is good enough."""
    at_most: float | None = None
    """The greatest score that is good enough."""

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("a metric needs `at_least` or `at_most`")
        return self


class MetricProbe(_Scored):
    """Score what a function or fitted estimator predicts for data that students do not have.

    The arguments enter a sandbox with the question only; the labels never do.
    """

    kind: Literal["metric"]
    function: str
    """Such as `model.predict`."""
    args: tuple[Any, ...] = ()
    """Arguments by position."""
    kwargs: dict[str, Any] = {}
    """Arguments by name."""
    labels: tuple[bool | int | float | str, ...] = Field(min_length=1, max_length=100_000)
    """The right answers, one for each prediction."""


class FileProbe(_Scored):
    """Score the predictions in a file that the subtask's cells write.

    The right answers lie in a file of the case's that no sandbox ever has.
    """

    kind: Literal["file"]
    file: str = Field(min_length=1, max_length=200)
    """The file, as a path from where the notebook runs: `predictions.csv`. At most 5 MiB."""
    key: str = Field(min_length=1, max_length=200)
    """The column that says which row is which: `id`."""
    column: str = Field(min_length=1, max_length=200)
    """The column with the predictions: `label`."""
    against: str = Field(pattern=r"^hidden/.+$", max_length=200)
    """The case's file with the right answers, in columns of the same names: `hidden/labels.csv`."""


def listed(value: object) -> object:
    """Return a single text as a list of one, so that an author may leave the brackets out."""
    return [value] if isinstance(value, str) else value


Expression = Annotated[str, Field(min_length=1, max_length=MAX_EXPRESSION)]
Expressions = Annotated[
    tuple[Expression, ...], BeforeValidator(listed), Field(min_length=1, max_length=20)
]


class PropertyProbe(_Probe):
    """State what holds of a function's results, whatever they are: no answer is compared.

    The calls are made in the student's sandbox, the results are looked at outside it.
    """

    kind: Literal["property"]
    function: str
    """The function's name: `normalise`."""
    given: Annotated[tuple[dict[str, Any], ...], Field(max_length=20)] = ()
    """Arguments to call it with, by name, in the order of its parameters: `{values: [3, 1]}`.
    Absent: what the ideal solution itself calls it with."""
    variations: int = Field(default=12, ge=0, le=30)
    """How many calls near those are made besides, within all that those have in common."""
    where: Expression | None = None
    """What has to be true of a variation's arguments, so that it is asked: `max(values) > 0`."""
    holds: Expressions
    """What holds of each call: `abs(sum(result) - 1) < 1e-9`, or a name such as `sorted`,
    `same_length`, `idempotent`, `permutation_invariant`."""

    @model_validator(mode="after")
    def _gives_the_same_names(self) -> Self:
        if len({frozenset(one) for one in self.given}) > 1:
            raise ValueError("each call in `given` needs the same arguments")
        return self


Probe = Annotated[
    ValueProbe
    | CallProbe
    | RaisesProbe
    | StdoutProbe
    | FigureProbe
    | MetricProbe
    | PropertyProbe
    | FileProbe,
    Field(discriminator="kind"),
]
