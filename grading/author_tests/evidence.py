"""What a test found, in words: of a hidden one no more than that it failed."""

import re
from collections.abc import Mapping

from grading.author_tests.judging import Failed, judge_test
from grading.author_tests.records import Compares, PreparedTest
from grading.comparison import render
from grading.evidence import Evidence
from grading.feedback import Wording, code
from notebooks.kernels.records import Answer

_MISSING = re.compile(r"name '(\w+)' is not defined")
_MAX_SHOWN = 300


def of_test(words: Wording, test: PreparedTest, answers: Mapping[str, Answer]) -> Evidence:
    """Return the evidence of a test: what is told of its first step that does not hold."""
    failed = judge_test(test, answers)
    hidden = test.hidden or (failed is not None and failed.step.hidden)
    statement = failed.step.statement[:_MAX_SHOWN] if failed is not None else ""
    observed = None
    if failed is not None and not hidden and failed.observed is not None:
        observed = render(failed.observed)
    return Evidence(
        id=test.id,
        kind="test",
        subtask=test.subtask,
        probe=test.id,
        asked=statement,
        about=words.text("reason", "test_hidden_asked") if hidden else None,
        observed=observed,
        expected=statement or None,
        message=_message(words, test, failed, hidden=hidden),
        hint=_hint(test, failed, hidden=hidden),
        difference=_kind(failed, hidden=hidden),
        outcome="pass" if failed is None else "fail",
        failures=int(failed is not None),
    )


def _kind(failed: Failed | None, *, hidden: bool) -> str | None:
    if failed is None:
        return None
    if _missing(failed) is not None:
        return "missing_name"
    if hidden:
        return "differs"
    return "raised" if failed.failure is not None else "value"


def _hint(test: PreparedTest, failed: Failed | None, *, hidden: bool) -> str | None:
    said = failed.step.message if failed is not None and not hidden else None
    return test.message or said


def _message(words: Wording, test: PreparedTest, failed: Failed | None, *, hidden: bool) -> str:
    if failed is None:
        return test.success or words.text("reason", "test_agrees")
    missing = _missing(failed)
    if missing is not None:
        return words.text("reason", "missing_name", name=missing)
    if hidden:
        return words.text("reason", "test_hidden")
    check = failed.step.check
    subject = code(failed.step.statement[:_MAX_SHOWN])
    if failed.failure is not None:
        return words.text("reason", "test_raised", subject=subject, name=failed.failure.name[:80])
    if isinstance(check, Compares) and failed.observed is not None:
        asked = check.left if check.left.source == "student" else check.right
        facts = {"observed": render(failed.observed)}
        return words.text(
            "reason", "test_value", subject=subject, whole=code(asked.expression), **facts
        )
    return words.text("reason", "test_failed", subject=subject)


def _missing(failed: Failed) -> str | None:
    """Return the name that the student's notebook has not, if that is why the step fails."""
    failure = failed.failure
    found = _MISSING.search(failure.message) if failure and failure.name == "NameError" else None
    return found[1] if found and re.search(rf"\b{found[1]}\b", failed.step.statement) else None
