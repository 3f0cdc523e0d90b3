from typing import Any

import pytest

from grading.judge import Judgement, judge
from grading.verdict import Verdict
from tests.grading.factories import cell, failing, prepared, replay, situation, subtask

NO_LOOP = {"must_not_use": "for", "message": "What could replace it?"}


def judged(source: str, *constraints: dict[str, Any], locale: str = "en") -> Judgement:
    made = subtask(probes=[{"expression": "x"}], constraints=constraints)
    cells = cell("c0", "import numpy as np\nfor i in y: pass", "first"), cell("c1", source, "s")
    known = situation(*cells, constraints=made.constraints, locale=locale)
    done = {"c0": None, "c1": None if "(((" not in source else failing("SyntaxError", "bad", 1)}
    return judge(known, prepared(made, {"s-1": 3}), replay(done, {"s-1": 3}))


def test_code_that_keeps_every_constraint_is_approved() -> None:
    found = judged("x = np.sum(y)", NO_LOOP, {"must_use": ["numpy.sum()", "np"]})
    assert found.verdict is Verdict.APPROVED
    assert [(item.kind, item.outcome) for item in found.evidence] == [
        ("value", "pass"), ("constraint", "pass"), ("constraint", "pass"), ("constraint", "pass")
    ]  # fmt: skip


def test_a_right_answer_by_forbidden_means_needs_work_and_is_placed() -> None:
    found = judged("x = 0\nfor i in y:\n    x += i", NO_LOOP)
    assert found.verdict is Verdict.NEEDS_WORK
    item = found.evidence[1]
    assert (item.locus and (item.locus.cell, item.locus.line)) == ("c1", 2)
    assert item.message == "The task does without a `for` loop, but line 2 uses it."
    assert found.feedback.endswith("What could replace it?")


def test_what_has_to_be_used_and_is_not_is_named() -> None:
    found = judged("x = sum(y)", {"must_use": ["sum()", "numpy.sum"]})
    assert found.verdict is Verdict.NEEDS_WORK
    assert [item.message for item in found.evidence[1:]] == [
        "`sum()` is used.",
        "The task asks for `numpy.sum`, which your cells do not use.",
    ]


def test_code_that_cannot_be_parsed_is_told_of_that_alone() -> None:
    found = judged("x = (((", {"must_use": "sum"})
    assert found.verdict is Verdict.NEEDS_WORK
    assert {item.kind for item in found.evidence} == {"run", "value"}


def test_constraints_alone_approve_nothing() -> None:
    made = subtask(constraints=[NO_LOOP])
    known = situation(cell("c1", "x = 3", "s"), constraints=made.constraints)
    assert judge(known, (), replay({"c1": None})).verdict is Verdict.UNCERTAIN


@pytest.mark.parametrize("construct", ["for", "recursion", "comprehension"])
def test_constructs_have_words_in_russian(construct: str) -> None:
    source = "def f(n): return f(n - 1)\nfor i in [j for j in y]: pass"
    message = judged(source, {"must_not_use": construct}, locale="ru").evidence[1].message
    assert "по заданию" in message
