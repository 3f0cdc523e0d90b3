import pytest

from grading.points import earned
from grading.verdict import Verdict
from notebooks.cases.profile import Subtask


def subtask(**more: object) -> Subtask:
    return Subtask.model_validate({"id": "s", "title": "S", "points": 10, **more})


TESTS = [{"source": "assert a", "points": 4}, {"source": "assert b"}, {"source": "assert c"}]


@pytest.mark.parametrize(
    ("more", "verdict", "passed", "points"),
    [
        ({}, Verdict.APPROVED, set(), 10),
        ({}, Verdict.NEEDS_WORK, set(), 0),
        ({"tests": TESTS}, Verdict.NEEDS_WORK, set(), 0),
        ({"tests": TESTS}, Verdict.NEEDS_WORK, {"s-test-1"}, 4),
        ({"tests": TESTS}, Verdict.NEEDS_WORK, {"s-test-1", "s-test-3"}, 7),
        ({"tests": TESTS}, Verdict.BLOCKED, {"s-test-2"}, 3),
        ({"tests": TESTS, "partial_credit": False}, Verdict.NEEDS_WORK, {"s-test-1"}, 0),
        ({"tests": TESTS, "partial_credit": False}, Verdict.APPROVED, {"s-test-1"}, 10),
        ({"rubric": [{"text": "t", "points": 10}]}, Verdict.UNCERTAIN, set(), 0),
        ({"tests": TESTS, "rubric": [{"text": "t", "points": 4}]}, Verdict.UNCERTAIN,
         {"s-test-1", "s-test-2", "s-test-3"}, 6),
    ],
)  # fmt: skip
def test_points_come_of_the_verdict_or_of_the_tests_that_passed(
    more: dict[str, object], verdict: Verdict, passed: set[str], points: float
) -> None:
    assert earned(subtask(**more), verdict, passed) == points
