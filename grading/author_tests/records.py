"""A test as steps: what each one asks, and what has to come of it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from notebooks.kernels.records import Ask, AskTest, AskValue, Question
from notebooks.kernels.values import Value

Relation = Literal[
    "==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not", "allclose", "isclose"
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Side(_Part):
    """One side of a comparison."""

    expression: str
    source: Literal["student", "ideal", "literal"]
    """Who says its value: the student's notebook, the ideal solution when the case is built, or
    the text of the test. Only the first is asked of the student's process."""
    value: Value | None = None
    """The value, where it is known without the student."""


class Compares(_Part):
    """Two values stand in a relation."""

    kind: Literal["compares"] = "compares"
    left: Side
    relation: Relation
    right: Side
    negated: bool = False
    relative: float = 0.0
    """For `allclose` as a share of the right value, for `isclose` of the larger one."""
    absolute: float = 0.0

    @property
    def sides(self) -> tuple[Side, Side]:
        """Return both sides."""
        return self.left, self.right


class Holds(_Part):
    """An expression is true, or with `expected` False, false."""

    kind: Literal["holds"] = "holds"
    expression: str
    expected: bool = True


class Raises(_Part):
    """An expression raises one of these exceptions."""

    kind: Literal["raises"] = "raises"
    expression: str
    names: tuple[str, ...]


class IsInstance(_Part):
    """A value is of one of these types, named by their last part: `int`, `DataFrame`."""

    kind: Literal["isinstance"] = "isinstance"
    expression: str
    names: tuple[str, ...]
    negated: bool = False


class Runs(_Part):
    """Code runs to its end; all that can be told of what cannot be taken apart."""

    kind: Literal["runs"] = "runs"
    source: str


Check = Annotated[Compares | Holds | Raises | IsInstance | Runs, Field(discriminator="kind")]


class Step(_Part):
    """One check with the statement it comes from."""

    statement: str
    """Python, for people, and what is run where the check itself tells nothing."""
    check: Check
    hidden: bool = False
    message: str | None = None
    """What the assertion says itself."""


class OpenTest(_Part):
    """A test that the ideal solution has still to pass."""

    kind: Literal["test"] = "test"
    id: str
    subtask: str
    source: str
    steps: tuple[Step, ...]
    points: float
    hidden: bool = False
    message: str | None = None
    success: str | None = None

    def question_id(self, step: int, part: int = 0) -> str:
        """Return the name of a step's question; no probe can have it."""
        return f"{self.id}.{step}.{part}"

    def ask(self, *, ideal: bool = False) -> tuple[Question, ...]:
        """Return the questions of all steps, in order, asked together of one copy.

        `ideal`: with those sides that the ideal solution has to say.
        """
        asked = []
        for number, step in enumerate(self.steps):
            for part, ask in enumerate(asks_of(step.check, ideal=ideal)):
                if ask is not None:
                    name = self.question_id(number, part)
                    asked.append(Question(id=name, ask=ask, branch=self.id))
        return tuple(asked)

    @property
    def questions(self) -> tuple[Question, ...]:
        """Return the questions to a student's notebook."""
        return self.ask()


class PreparedTest(OpenTest):
    """A test that the ideal solution passes, with what it said; never sent to a sandbox whole."""

    prepared: Literal[True] = True


def asks_of(check: Check, *, ideal: bool = False) -> tuple[Ask | None, ...]:
    """Return what a check asks, by part; None for a part that is known already."""
    match check:
        case Compares():
            wanted = {"student", "ideal"} if ideal else {"student"}
            return tuple(
                AskValue(expression=side.expression) if side.source in wanted else None
                for side in check.sides
            )
        case Runs():
            return (AskTest(source=check.source),)
        case _:
            return (AskValue(expression=check.expression),)
