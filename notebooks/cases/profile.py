"""`case.yaml` as typed records: what an author may write, and nothing else."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

SubtaskId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tolerance(_Part):
    """How far a number may be from the expected one."""

    relative: float = Field(default=1e-6, ge=0)
    absolute: float = Field(default=1e-9, ge=0)


class _Probe(_Part):
    id: SubtaskId | None = None
    """Given by the author, or `SUBTASK-N`; evidence cites it."""
    about: str | None = Field(default=None, min_length=1, max_length=120)
    """What is asked, as students read it in place of the expression: "the rows of `tidy`"."""
    tolerance: Tolerance = Tolerance()
    message: str | None = None
    """A question or remark of the author's for a student whose answer differs."""
    reveal: Literal["observed", "nothing"] = "observed"
    """Whether feedback may tell what the student's answer was."""


class ValueProbe(_Probe):
    """Compare the value of an expression, a name being the simplest, with the ideal's."""

    kind: Literal["value"]
    expression: str


class CallProbe(_Probe):
    """Call a function of the notebook; arguments are plain YAML values."""

    kind: Literal["call"]
    function: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}


class RaisesProbe(_Probe):
    """Call a function that has to raise an exception, as for arguments that make no sense."""

    kind: Literal["raises"]
    function: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
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


class Metric(StrEnum):
    """How predictions are scored."""

    ACCURACY = "accuracy"
    F1_MACRO = "f1_macro"
    ROC_AUC = "roc_auc"
    """Of two classes; the greater label is the positive one, predictions are its scores."""
    RMSE = "rmse"
    MAE = "mae"
    R2 = "r2"


class MetricProbe(_Probe):
    """Score what a function or fitted estimator predicts for data that students do not have.

    The arguments enter a sandbox with the question only; the labels never do.
    """

    kind: Literal["metric"]
    function: str
    """Such as `model.predict`."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    metric: Metric
    labels: tuple[bool | int | float | str, ...] = Field(min_length=1, max_length=100_000)
    """The right answers, one for each prediction."""
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("a metric needs `at_least` or `at_most`")
        return self


Probe = Annotated[
    ValueProbe | CallProbe | RaisesProbe | StdoutProbe | FigureProbe | MetricProbe,
    Field(discriminator="kind"),
]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Targets = Annotated[
    tuple[Annotated[str, Field(max_length=200)], ...],
    BeforeValidator(_listed),
    Field(max_length=50),
]
"""Names (`sorted`, `numpy.mean`, `.apply`, `.apply()` for its call) and constructs (`for`)."""


class Constraint(_Part):
    """What the subtask's own cells have to use, or must not use; their text alone is looked at."""

    must_use: Targets = ()
    must_not_use: Targets = ()
    message: str | None = None
    """A question or remark of the author's for a student whose code breaks it."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if bool(self.must_use) == bool(self.must_not_use):
            raise ValueError("a constraint needs either `must_use` or `must_not_use`")
        return self


class Subtask(_Part):
    """One gradable step of a case."""

    id: SubtaskId
    title: str
    points: float = Field(gt=0)
    interface: tuple[str, ...] = ()
    """Names and signatures that the task asks for; derived from the probes when absent."""
    probes: tuple[Probe, ...] = ()
    constraints: Annotated[tuple[Constraint, ...], Field(max_length=50)] = ()
    hints: tuple[str, ...] = ()


class Policy(_Part):
    """What a teacher may tune per case."""

    run_seconds: float | None = Field(default=None, gt=0)
    memory_bytes: int | None = Field(default=None, gt=0)


class DataFile(_Part):
    """A data file that is fetched when the case is built."""

    file: str = Field(min_length=1)
    """Where it appears, as a path below `data/`."""
    url: str
    """Its http or https address; it needs no login."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)]
    """Of the file's bytes, 64 hexadecimal digits; another file than this one is refused."""


class Profile(_Part):
    """The whole of `case.yaml`."""

    title: str
    language: str = "python"
    locale: str = "en"
    """Language of the texts and of template feedback (BCP 47)."""
    description: str = ""
    subtasks: tuple[Subtask, ...] = Field(min_length=1)
    data: tuple[DataFile, ...] = Field(default=(), max_length=100)
    """Files that are too large to come with the case."""
    policy: Policy = Policy()

    def subtask(self, subtask_id: str) -> Subtask:
        """Return a subtask by its id.

        Raises:
            KeyError: there is no such subtask.
        """
        return {subtask.id: subtask for subtask in self.subtasks}[subtask_id]
