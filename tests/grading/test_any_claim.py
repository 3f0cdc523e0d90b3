"""Whatever a replay claims, the judge comes to a verdict: it is never stopped by an answer."""

import base64
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.author_tests.judging import judge_step
from grading.author_tests.records import Check, Compares, Holds, IsInstance, Runs, Side, Step
from grading.judge import judge
from grading.verdict import Verdict
from notebooks.cases.expressions import READY_MADE
from notebooks.kernels.records import Answer
from notebooks.kernels.values import (
    Array,
    Complex,
    DataFrame,
    Dict,
    Float,
    Scalar,
    Sequence,
    Str,
    Value,
)
from tests.grading.builders import array, column, index, v
from tests.grading.comparison.test_properties import wild
from tests.grading.factories import cell, prepared, replay, situation, subtask

CALLED: dict[str, Any] = {"function": "f", "args": [1]}
PROBES: list[dict[str, Any]] = [
    {"kind": "value", "expression": "x"},
    {"kind": "call"} | CALLED,
    {"kind": "figure", "aspects": ["kind", "data", "labels", "texts", "ticks", "legend"]},
    {"kind": "metric", "metric": "rmse", "labels": [1, 2], "at_most": 0.1} | CALLED,
    {"kind": "metric", "metric": "f1_macro", "labels": ["a", "b"], "at_least": 0.9} | CALLED,
    {"kind": "metric", "metric": "roc_auc", "labels": [True, False], "at_least": 0.9} | CALLED,
    {"kind": "property", "function": "f", "given": [{"n": [2, 1]}, {"n": [5]}],
     "holds": ["sum(result) == 12345.25 and result[0] > 1", *sorted(READY_MADE)]},
]  # fmt: skip


def axes(**changes: Any) -> Value:
    """Make what a figure with one group of bars claims to show."""
    written = {"title": "t", "x": "x", "y": "y", "x_ticks": [], "y_ticks": [], "legend": []}
    marks = {"lines": [], "points": [], "images": [], "bars": [np.array([[0.0, 3], [1, 4]])]}
    return v([written | marks | changes])


EXPECTED = {
    "s-1": [1, 2], "s-2": {"a": (1, 2)}, "s-3": axes(), "s-4": 0.0, "s-5": 1.0, "s-6": 1.0,
    "s-7": "stated",
}  # fmt: skip
NAMED = Side(expression="x", source="student")
CHECKS: list[Check] = [
    Holds(expression="x"),
    IsInstance(expression="x", names=("int", "ndarray")),
    Runs(source="pass"),
    *(
        Compares(left=NAMED, relation=relation, right=Side(
            expression=repr(value), source="literal", value=v(value)))
        for relation in ("==", "!=", "<", "in", "is", "allclose", "isclose")
        for value in (3, [1.0, 2.0])
    ),
]  # fmt: skip
FORGED: dict[str, Value] = {
    "a scalar without bytes": Scalar(dtype="<f8", data=""),
    "a scalar of no dtype": Scalar(dtype="evil", data="AAAA"),
    "a float of words": Float(v="many"),
    "a complex of words": Complex(re="some", im="more"),
    "a set of lists": Sequence(t="set", v=(v([1]),)),
    "a dictionary with lists for keys": Dict(v=((v([1]), v(1)),)),
    "a deep list": Sequence(t="list", v=(Sequence(t="list", v=(Scalar(dtype="O", data=""),)),)),
    "bars of words": axes(bars=[array(np.array([["a", "b"], ["c", "d"]]))]),
    "bars of complex numbers": axes(bars=[array(np.array([[1j, 2], [3, 4]]))]),
    "bars of moments": axes(bars=[Array(dtype="<M8[ns]", shape=(1, 2), data=base64.b64encode(
        bytes(16)).decode())]),
    "points of nothing": axes(points=[array(np.zeros((0, 2)))]),
    "a figure twice": Sequence(t="list", v=(axes(), axes())),
    "ragged columns": DataFrame(index=index([1]), columns=(column("a", [1]), column("b", [1, 2]))),
    "predictions of words": Array(dtype="|O", shape=(2,), items=(Str(v="a"), v(2))),
}  # fmt: skip


def assert_it_is_judged(claim: Value) -> None:
    """Claim the same for everything that is asked."""
    own = cell("c1", "x = 1", "s")
    probes = prepared(subtask(probes=PROBES), EXPECTED)
    asked = [question.id for probe in probes for question in probe.questions]
    found = judge(situation(own), probes, replay({"c1": None}, dict.fromkeys(asked, claim)))
    assert found.verdict is Verdict.NEEDS_WORK
    answer = Answer(question_id="q", value=claim)
    for check in CHECKS:
        judge_step(Step(statement="assert x", check=check), answer)


@pytest.mark.parametrize("claim", FORGED.values(), ids=FORGED)
def test_an_answer_that_no_honest_process_gives_is_judged(claim: Value) -> None:
    assert_it_is_judged(claim)


@settings(max_examples=100, deadline=None)
@given(wild)
def test_any_answer_is_judged(claim: Value) -> None:
    assert_it_is_judged(claim)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_printed_text_is_judged(printed: str) -> None:
    probes = prepared(subtask(probes=[{"kind": "stdout"}]), {"s-1": "n = 1"})
    result = replay({"c1": None}, printed={"c1": printed})
    assert judge(situation(cell("c1", "x = 1", "s")), probes, result).verdict is not None
