from typing import Any

import numpy as np
import pytest

from grading.checks import scoring
from grading.checks.records import Scores
from grading.evidence import for_student
from grading.judge import judge
from grading.verdict import Verdict
from notebooks.cases.probes import Metric
from tests.grading.builders import series, v
from tests.grading.factories import cell, prepared, replay, situation, subtask


def scored(metric: str, labels: Any, predictions: Any) -> float | str:
    return scoring.score(
        Scores(metric=Metric(metric), labels=v(labels), at_least=0), v(predictions)
    )


@pytest.mark.parametrize(
    ("metric", "labels", "predictions", "expected"),
    [
        ("accuracy", ["a", "b", "a", "b"], ["a", "b", "b", "b"], 0.75),
        ("accuracy", [0, 1], np.array([[0], [1]]), 1.0),
        ("f1_macro", [0, 0, 1, 1], [0, 1, 1, 1], (2 / 3 + 4 / 5) / 2),
        ("roc_auc", [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.75),
        ("roc_auc", [0, 1], [0.5, 0.5], 0.5),
        ("rmse", [0.0, 0.0], [3.0, 4.0], 12.5**0.5),
        ("mae", [0, 0], series([3, -4]), 3.5),
        ("r2", [1, 2, 3], [1, 2, 4], 0.5),
        ("r2", [1, 1], [1, 1], "metric_unreadable"),
        ("accuracy", [0, 1], [0], "metric_length"),
        ("accuracy", ["a"], [0], "metric_unreadable"),
        ("accuracy", [0, 1], 1, "metric_unreadable"),
        ("rmse", [0.0], [float("nan")], "metric_unreadable"),
        ("accuracy", [0, 1], [], "metric_unreadable"),
    ],
)
def test_predictions_are_scored(
    metric: str, labels: Any, predictions: Any, expected: float | str
) -> None:
    found = scored(metric, labels, predictions)
    assert found == (expected if isinstance(expected, str) else pytest.approx(expected))


def test_a_student_reads_the_score_but_neither_bound_nor_data() -> None:
    given = {"kind": "metric", "function": "m.predict", "args": [[777]], "labels": [888, 889]}
    made = subtask(probes=[given | {"metric": "accuracy", "at_least": 0.9}])
    probes = prepared(made, {"s-1": 1.0})
    for answer, verdict in (([888, 889], Verdict.APPROVED), ([888, 0], Verdict.NEEDS_WORK)):
        found = judge(
            situation(cell("c", "m = 1", "s")), probes, replay({"c": None}, {"s-1": answer})
        )
        assert found.verdict is verdict
    told = str(for_student(found.evidence[0])) + found.feedback
    assert "the `accuracy` of `m.predict(…)` is `0.5`" in told
    assert not any(secret in told for secret in ("777", "889", "0.9"))
    (question,) = probes[0].questions
    assert "889" not in question.model_dump_json()


def test_an_ideal_that_does_not_reach_its_own_bound_is_refused() -> None:
    check = Scores(metric=Metric.MAE, labels=v([0, 0]), at_most=1)
    assert "reaches a mae of 3 only" in str(scoring.ideal(check, v([3, -3])))
    assert scoring.ideal(check, v([1, 1])) == v(1.0)
