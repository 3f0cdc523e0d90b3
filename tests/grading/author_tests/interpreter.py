"""Asks the questions of a test in this process: for text that we wrote, and only here."""

import contextlib
import copy
import io
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from grading.author_tests.judging import Failed, judge_test
from grading.author_tests.records import OpenTest
from grading.author_tests.settling import ideal_questions, open_tests, settle
from notebooks.attempts.document import Cell
from notebooks.cases.profile import AuthorTest, Profile, Subtask
from notebooks.kernels.records import (
    Answer,
    AskCall,
    AskFigures,
    AskFile,
    AskTest,
    CellFailure,
    Question,
)
from notebooks.kernels.replay.inside.encode import encode
from notebooks.kernels.values import Bool, Value

_VALUES: TypeAdapter[Value] = TypeAdapter(Value)


def namespace_of(source: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(source, made)  # noqa: S102 - our own text
    return made


def answers(questions: Sequence[Question], source: str) -> dict[str, Answer]:
    """Answer questions after `source` ran, those of one branch in a copy of their own."""
    found: dict[str, Answer] = {}
    branches: dict[str | None, dict[str, Any]] = {}
    for question in questions:
        if question.branch not in branches:
            branches[question.branch] = namespace_of(source)
        space, ask = branches[question.branch], question.ask
        assert not isinstance(ask, AskCall | AskFigures | AskFile)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                if isinstance(ask, AskTest):
                    exec(ask.source, space)  # noqa: S102 - our own text
                    value: Value = Bool(v=True)
                else:
                    got = eval(ask.expression, space)  # noqa: S307 - our own text
                    value = _VALUES.validate_python(encode(copy.copy(got)))
            found[question.id] = Answer(question_id=question.id, value=value)
        except BaseException as error:  # noqa: BLE001 - whatever the text raises is its answer
            failure = CellFailure(name=type(error).__name__, message=str(error))
            found[question.id] = Answer(question_id=question.id, failure=failure)
    return found


def opened(source: str, ideal: str, **more: Any) -> OpenTest:
    """Return one test of a case whose only subtask has `ideal` as its solution."""
    test = AuthorTest(source=source, **more)
    profile = Profile(title="T", subtasks=(Subtask(id="s", title="S", points=1, tests=(test,)),))
    cells = (
        Cell(id="given", kind="code", source="import math\nGIVEN = [3, 1, 2]"),
        Cell(id="s", kind="code", source=ideal, subtask="s"),
    )
    [made] = open_tests(profile, cells)
    return made


GIVEN = "import math\nGIVEN = [3, 1, 2]\n"


def judged(source: str, ideal: str, student: str, **more: Any) -> Failed | None:
    """Return where a student's code fails a test that the ideal passes."""
    test = opened(source, ideal, **more)
    rounds = [answers(ideal_questions(test), GIVEN + ideal) for _ in range(2)]
    prepared, why = settle(test, rounds)
    assert prepared is not None, why
    return judge_test(prepared, answers(prepared.questions, GIVEN + student))


def by_python(source: str, student: str) -> bool:
    """Return whether plain Python passes the test."""
    space = namespace_of(GIVEN + student)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(source, space)  # noqa: S102 - our own text
    except BaseException:  # noqa: BLE001 - whatever it raises, the test fails
        return False
    return True
