"""`case.yaml` as typed records: what an author may write, and nothing else.

The docstrings and field descriptions are also what an editor shows: `schema` makes the JSON Schema
of them.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

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


Probe = Annotated[ValueProbe | CallProbe, Field(discriminator="kind")]


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
    tests: tuple[AuthorTest, ...] = Field(default=(), max_length=MAX_TESTS)
    """Assertions of yours, checked after the subtask's cells; each may earn part of the points."""
    partial_credit: bool = True
    """Whether passed tests earn their points while others fail."""
    rubric: tuple[RubricItem, ...] = ()
    """What a person looks at; a subtask with a rubric goes to review."""
    hints: tuple[str, ...] = ()
    """Help that a student may ask for, one after the other."""
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
