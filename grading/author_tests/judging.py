"""Whether a test passes: from what a replay claimed, without running anything."""

from collections.abc import Mapping
from dataclasses import dataclass

from grading.author_tests import relations
from grading.author_tests.records import (
    Check,
    Compares,
    Holds,
    IsInstance,
    OpenTest,
    Raises,
    Runs,
    Step,
)
from notebooks.kernels.records import Answer, CellFailure
from notebooks.kernels.values import Bool, Value


@dataclass(frozen=True, slots=True)
class Failed:
    """The first step of a test that does not hold."""

    step: Step
    observed: Value | None = None
    """The student's side of a comparison."""
    failure: CellFailure | None = None
    unanswered: bool = False
    """Whether the process ended, or said nothing, before it came to this step."""


def judge_test(test: OpenTest, answers: Mapping[str, Answer]) -> Failed | None:
    """Return where a test fails; None if every step holds."""
    for number, step in enumerate(test.steps):
        given = [answers.get(test.question_id(number, part)) for part in (0, 1)]
        failed = judge_step(step, given[0], given[1])
        if failed is not None:
            return failed
    return None


def judge_step(step: Step, first: Answer | None, second: Answer | None = None) -> Failed | None:
    """Return why a step does not hold; None if it does. What cannot be told does not hold."""
    check = step.check
    if isinstance(check, Compares):
        return _compares(step, check, first, second)
    if first is None:
        return Failed(step, unanswered=True)
    if isinstance(check, Raises):
        failure = first.failure
        if failure is not None and relations.is_exception(failure.name, check.names):
            return None
        return Failed(step, first.value, failure)
    if first.failure is not None or first.value is None:
        return Failed(step, failure=first.failure, unanswered=first.failure is None)
    return None if _holds(check, first.value) else Failed(step, first.value)


def _holds(check: Check, value: Value) -> bool:
    match check:
        case Holds():
            return relations.truth(value) is check.expected
        case IsInstance():
            found = relations.is_instance(value, check.names)
            return found is not None and found is not check.negated
        case Runs():
            return value == Bool(v=True)
        case _:
            return False


def _compares(
    step: Step, check: Compares, first: Answer | None, second: Answer | None
) -> Failed | None:
    found: list[Value] = []
    asked: Value | None = None
    for side, answer in zip(check.sides, (first, second), strict=True):
        if side.source != "student" and side.value is not None:
            found.append(side.value)
            continue
        if answer is None or answer.value is None:
            failure = answer.failure if answer is not None else None
            return Failed(step, failure=failure, unanswered=failure is None)
        found.append(answer.value)
        asked = asked or answer.value
    if relations.holds(check, found[0], found[1]) is True:
        return None
    return Failed(step, asked)
