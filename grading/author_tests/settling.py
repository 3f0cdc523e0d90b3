"""Settling a plan by the ideal solution: what it says, and which steps tell nothing."""

from collections.abc import Mapping, Sequence

from grading.author_tests.judging import judge_step
from grading.author_tests.plan import steps_of
from grading.author_tests.records import Compares, OpenTest, PreparedTest, Runs, Side, Step
from grading.comparison import compare
from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.cases.author_tests import name_of_test, shares
from notebooks.cases.profile import Profile
from notebooks.kernels.records import Answer, AskTest, Question
from notebooks.kernels.values import Opaque, Value

Answers = Mapping[str, Answer]


def open_tests(profile: Profile, solution: Sequence[Cell]) -> tuple[OpenTest, ...]:
    """Return the authors' tests of all subtasks, taken apart, in their order."""
    students = students_names(solution)
    return tuple(
        OpenTest(
            id=name_of_test(subtask, number),
            subtask=subtask.id,
            source=test.source,
            steps=steps_of(test, students),
            points=points,
            hidden=test.hidden,
            message=test.message,
            success=test.success,
        )
        for subtask in profile.subtasks
        for number, (test, points) in enumerate(
            zip(subtask.tests, shares(subtask), strict=True), start=1
        )
    )


def students_names(solution: Sequence[Cell]) -> frozenset[str]:
    """Return the names that students are to bind: those that the subtasks' cells do.

    Imported names are among them only if they are bound in another way, too.
    """
    return frozenset(
        name
        for cell in solution
        if cell.kind == "code" and cell.replay and cell.subtask is not None
        for name in code.own_names(cell.source)
    )


def ideal_questions(test: OpenTest) -> tuple[Question, ...]:
    """Return what the ideal solution is asked: every side, and the whole test as code."""
    whole = Question(id=_whole(test), ask=AskTest(source=test.source), branch=_whole(test))
    return (*test.ask(ideal=True), whole)


def settle(test: OpenTest, rounds: Sequence[Answers]) -> tuple[PreparedTest | None, str]:
    """Return the test with the ideal solution's words; or None with why that fails the test.

    A step that the ideal solution does not pass although the test as a whole does is run as code.
    What the ideal solution says otherwise each time is left to the student's notebook to say.
    """
    for answers in rounds:
        whole = answers.get(_whole(test))
        if whole is None:
            return None, "the ideal solution gives no answer"
        if whole.failure is not None:
            text = f"{whole.failure.name}: {whole.failure.message}".strip().rstrip(":.")
            return None, f"the ideal solution fails it with {text}"
    steps = []
    for number, step in enumerate(test.steps):
        settled = _settled(test, number, step, rounds)
        if settled is None:
            return None, f"what the ideal solution shows is not the output of `{step.statement}`"
        steps.append(settled)
    fields = {name: getattr(test, name) for name in OpenTest.model_fields}
    return PreparedTest(**{**fields, "steps": tuple(steps)}), ""


def _whole(test: OpenTest) -> str:
    return f"{test.id}.whole"


def _settled(test: OpenTest, number: int, step: Step, rounds: Sequence[Answers]) -> Step | None:
    ids = [test.question_id(number, part) for part in (0, 1)]
    given = [[answers.get(name) for name in ids] for answers in rounds]
    made = step
    if isinstance(step.check, Compares):
        sides = [
            _said(side, [answers[part] for answers in given])
            for part, side in enumerate(step.check.sides)
        ]
        check = step.check.model_copy(update={"left": sides[0], "right": sides[1]})
        made = step.model_copy(update={"check": check})
    if all(judge_step(made, first, second) is None for first, second in given):
        return made
    if isinstance(step.check, Compares) and step.check.left.expression.startswith(
        ("repr(", "_casebook_printed")
    ):
        return None
    return step.model_copy(update={"check": Runs(source=step.statement)})


def _said(side: Side, given: Sequence[Answer | None]) -> Side:
    """Return a side with the ideal solution's value, if it is one and the same each time."""
    if side.source != "ideal":
        return side
    found = [answer.value for answer in given if answer is not None and answer.value is not None]
    if len(found) == len(given) and _steady(found):
        return side.model_copy(update={"value": found[0]})
    return side.model_copy(update={"source": "student"})


def _steady(found: Sequence[Value]) -> bool:
    first = found[0]
    if isinstance(first, Opaque):
        return False
    return all(compare(first, other) is None for other in found)
