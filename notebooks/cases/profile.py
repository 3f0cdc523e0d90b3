"""`case.yaml` as typed records: what an author may write, and nothing else.

The docstrings and field descriptions are also what an editor shows: `schema` makes the JSON Schema
of them.
"""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from notebooks.cases.probes import Part, Probe, SubtaskId, listed
from notebooks.cases.settled import SettledAnswer

MAX_TESTS = 200
"""Tests of one subtask."""
MAX_TEST_SOURCE = 20_000
"""Characters of one test."""


Targets = Annotated[
    tuple[Annotated[str, Field(max_length=200)], ...],
    BeforeValidator(listed),
    Field(max_length=50),
]
"""Names (`sorted`, `numpy.mean`, `.apply`, `.apply()` for its call) and constructs (`for`)."""


class Constraint(Part):
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


class AuthorTest(Part):
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


class RubricItem(Part):
    """A criterion that a person decides."""

    text: str = Field(min_length=1, max_length=10_000)
    """What is looked for, Markdown; students do not see it."""
    points: float = Field(ge=0)
    """What it earns, out of the subtask's points."""


class Subtask(Part):
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


class Policy(Part):
    """What a teacher may tune per case."""

    run_seconds: float | None = Field(default=None, gt=0)
    """Wall time of one cell, in seconds."""
    memory_bytes: int | None = Field(default=None, gt=0)
    """Memory of one student's kernel, in bytes."""


class DataFile(Part):
    """A data file that is fetched when the case is built."""

    file: str = Field(min_length=1)
    """Where it appears, as a path below `data/`."""
    url: str
    """Its http or https address; it needs no login."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)]
    """Of the file's bytes, 64 hexadecimal digits; another file than this one is refused."""


class Profile(Part):
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
