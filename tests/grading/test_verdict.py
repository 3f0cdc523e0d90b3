from typing import Any

import pytest

from grading.evidence import Evidence, for_student
from grading.verdict import Verdict, decide


def item(outcome: str, **changes: Any) -> Evidence:
    given: dict[str, Any] = {
        "id": "p",
        "kind": "value",
        "subtask": "s",
        "probe": "p",
        "message": "m",
        "outcome": outcome,
        "failures": 2 if outcome == "fail" else 0,
    }
    return Evidence.model_validate(given | changes)


PASS = item("pass")
RUN = {"kind": "run", "probe": None}
DERIVED: dict[str, Any] = {"origin": "derived"}
OFF: dict[str, Any] = {"origin": "derived", "on_interface": False}


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        pytest.param([PASS, PASS], Verdict.APPROVED, id="all probes agree"),
        pytest.param([PASS, item("fail")], Verdict.NEEDS_WORK, id="an author's probe fails"),
        pytest.param([PASS, item("fail", **RUN)], Verdict.NEEDS_WORK, id="an own cell raises"),
        pytest.param(
            [PASS, item("fail", **RUN, weight="informs")],
            Verdict.APPROVED,
            id="an earlier subtask's cell raises",
        ),
        pytest.param(
            [item("fail", kind="replay", probe=None, weight="doubts")],
            Verdict.UNCERTAIN,
            id="an earlier subtask's cell never ends",
        ),
        pytest.param(
            [item("pass", **DERIVED), item("fail", **DERIVED)],
            Verdict.NEEDS_WORK,
            id="a derived probe on the interface fails twice and the author asked nothing",
        ),
        pytest.param(
            [item("fail", **DERIVED, failures=1)],
            Verdict.UNCERTAIN,
            id="a derived probe fails once: runs differ, or it was not asked again",
        ),
        pytest.param(
            [PASS, item("fail", **DERIVED)],
            Verdict.UNCERTAIN,
            id="the author's probes pass and a derived one disagrees",
        ),
        pytest.param(
            [item("pass", **DERIVED), item("fail", **OFF)],
            Verdict.UNCERTAIN,
            id="only a probe off the interface fails",
        ),
        pytest.param(
            [item("fail", **OFF), item("fail")],
            Verdict.NEEDS_WORK,
            id="a probe off the interface and an author's probe fail",
        ),
        pytest.param(
            [item("fail", weight="doubts")],
            Verdict.UNCERTAIN,
            id="only row labels differ",
        ),
        pytest.param([], Verdict.UNCERTAIN, id="nothing was asked"),
    ],
)
def test_the_verdict_follows_from_the_evidence(evidence: list[Evidence], verdict: Verdict) -> None:
    assert decide(evidence) is verdict
    assert decide(list(reversed(evidence))) is verdict


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_a_subtask_that_reads_from_an_unapproved_one_is_blocked(outcome: str) -> None:
    assert decide([item(outcome)], blocked_by=["load"]) is Verdict.BLOCKED


def test_a_student_never_sees_the_expected_answer() -> None:
    seen = for_student(item("fail", expected="42", observed="41", asked="x"))
    assert set(seen) == {"id", "outcome", "asked", "observed", "locus", "message"}
    assert "42" not in str(seen)
