"""`case.yaml` as typed records: what an author may write, and nothing else.

The docstrings and field descriptions are also what an editor shows: `schema` makes the JSON Schema
of them.
"""

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

from notebooks.cases.settled import SettledAnswer

SubtaskId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$",
        description="Small letters, digits, `-` and `_`, at most 40.",
    ),
]

MAX_TESTS = 200
"""Tests of one subtask."""
MAX_TEST_SOURCE = 20_000
"""Characters of one test."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Tolerance(_Part):
    """How far a number may be from the expected one."""

    relative: float = Field(default=1e-6, ge=0)
    """As a share of the larger of the two numbers."""
    absolute: float = Field(default=1e-9, ge=0)
    """As a plain distance; whichever of the two allows more counts."""


class _Probe(_Part):
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


class MetricProbe(_Probe):
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
    metric: Metric
    """Which score of the predictions counts."""
    labels: tuple[bool | int | float | str, ...] = Field(min_length=1, max_length=100_000)
    """The right answers, one for each prediction."""
    at_least: float | None = None
    """The smallest score that is good enough."""
    at_most: float | None = None
    """The greatest score that is good enough."""

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
    """What has to be used: each of these."""
    must_not_use: Targets = ()
    """What must not be used: none of these."""
    message: str | None = None
    """A question or remark of the author's for a student whose code breaks it."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if bool(self.must_use) == bool(self.must_not_use):
            raise ValueError("a constraint needs either `must_use` or `must_not_use`")
        return self


class AuthorTest(_Part):
    """Python code with assertions that right work passes, as nbgrader and Otter have it."""

    id: SubtaskId | None = None
    """The test's name in reports; `SUBTASK-test-N` when absent."""
    source: str = Field(min_length=1, max_length=MAX_TEST_SOURCE)
    """Python statements; every `assert` has to hold. What stands between lines with
    `### BEGIN HIDDEN TESTS` and `### END HIDDEN TESTS` is never shown to students."""
    output: str | None = Field(default=None, max_length=MAX_TEST_SOURCE)
    """What the last line has to show or print, as a notebook shows it; absent: nothing is asked."""
    points: float | None = Field(default=None, ge=0)
    """What passing earns. Tests without points share what the others leave of the subtask's."""
    hidden: bool = False
    """Whether students see nothing of it, neither before nor after."""
    message: str | None = None
    """A question or remark of yours for a student who fails it."""
    success: str | None = None
    """What a student is told who passes it."""


class RubricItem(_Part):
    """A criterion that a person decides."""

    text: str = Field(min_length=1, max_length=10_000)
    """What is looked for, Markdown; students do not see it."""
    points: float = Field(ge=0)
    """What it earns, out of the subtask's points."""


class Subtask(_Part):
    """One gradable step of a case."""

    id: SubtaskId
    """Its name in tags (`subtask:ID`) and reports; keep it when the text changes."""
    title: str
    """What students read above it."""
    points: float = Field(ge=0)
    """What it earns when all of it is right."""
    interface: tuple[str, ...] = ()
    """Names and signatures that the task asks for; derived from the probes when absent."""
    probes: tuple[Probe, ...] = ()
    """Questions to the student's notebook; the ideal solution's answers are the expected ones."""
    constraints: Annotated[tuple[Constraint, ...], Field(max_length=50)] = ()
    """What the code of the subtask's own cells has to use, or must not use."""
    tests: tuple[AuthorTest, ...] = Field(default=(), max_length=MAX_TESTS)
    """Assertions of yours, checked after the subtask's cells; each may earn part of the points."""
    partial_credit: bool = True
    """Whether passed tests earn their points while others fail."""
    rubric: tuple[RubricItem, ...] = ()
    """What a person looks at; a subtask with a rubric goes to review."""
    hints: tuple[str, ...] = ()
    """Help that a student may ask for, one after the other."""
    answers: tuple[SettledAnswer, ...] = Field(default=(), max_length=100)
    """What `casebook case check` asks and only you know: one for each name or argument."""
    alias: str | None = Field(default=None, max_length=200)
    """The name that the tool it was imported from has for it; students' notebooks of that tool
    are matched by it."""


class Policy(_Part):
    """What a teacher may tune per case."""

    run_seconds: float | None = Field(default=None, gt=0)
    """Wall time of one cell, in seconds."""
    memory_bytes: int | None = Field(default=None, gt=0)
    """Memory of one student's kernel, in bytes."""


class DataFile(_Part):
    """A data file that is fetched when the case is built."""

    file: str = Field(min_length=1)
    """Where it appears, as a path below `data/`."""
    url: str
    """Its http or https address; it needs no login."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)]
    """Of the file's bytes, 64 hexadecimal digits; another file than this one is refused."""


class Profile(_Part):
    """A case: its texts, its subtasks and what each is judged by."""

    title: str
    """The case's name, as the course shows it."""
    language: str = "python"
    """The notebooks' language; only `python` is judged."""
    locale: str = "en"
    """Language of the texts and of template feedback (BCP 47)."""
    description: str = ""
    """What students read first, Markdown."""
    subtasks: tuple[Subtask, ...] = Field(min_length=1)
    """The steps, in the order in which students take them."""
    data: tuple[DataFile, ...] = Field(default=(), max_length=100)
    """Files that are too large to come with the case."""
    policy: Policy = Policy()
    """Limits of this case's kernels."""

    def subtask(self, subtask_id: str) -> Subtask:
        """Return a subtask by its id.

        Raises:
            KeyError: there is no such subtask.
        """
        return {subtask.id: subtask for subtask in self.subtasks}[subtask_id]
