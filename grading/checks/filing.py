"""How good the predictions in a file are that a notebook wrote; right answers stay out here.

The file comes as the bytes that a sandbox claims it holds, and is read as CSV, never as anything
that could run.
"""

import base64
import binascii
from collections.abc import Mapping

from grading.checks import scoring
from grading.checks.finding import Finding
from grading.checks.records import ScoresFile
from grading.feedback import code, wording
from notebooks.cases.keyed import Fault, numbers, read_column
from notebooks.kernels.records import Answer
from notebooks.kernels.values import Bytes, Float, Sequence, Str, Value

_REFUSED = {"FileNotFoundError": "file_missing", "OverflowError": "file_large"}


def ideal(check: ScoresFile, answer: Answer | None) -> Value | str:
    """Return the score of the ideal's file, or why nobody can be measured by it."""
    predictions = _predictions(check, answer)
    if isinstance(predictions, Finding):
        key = predictions.difference or "file_unreadable"
        said = wording("en").reason(key, code(check.file), predictions.facts)
        return f"the file of the ideal solution cannot be scored: {said.rstrip('.')}"
    return scoring.ideal(check.scores, predictions)


def found(check: ScoresFile, answer: Answer | None) -> Finding:
    """Return whether a student's file is good enough; of it, only the score is told."""
    predictions = _predictions(check, answer)
    if isinstance(predictions, Finding):
        return predictions
    return scoring.found(check.scores, predictions)


def _predictions(check: ScoresFile, answer: Answer | None) -> Value | Finding:
    """Return what a file predicts, in the order of the right answers, or what is wrong with it."""
    if answer is None or (answer.value is None and answer.failure is None):
        return Finding("unanswered")
    if answer.failure is not None:
        return Finding(_REFUSED.get(answer.failure.name, "file_unreadable"))
    content = _content(answer.value)
    if content is None:
        return Finding("file_unreadable")
    column = read_column(content, check.key, check.column)
    if isinstance(column, Fault):
        return Finding(column.kind, facts=column.facts)
    return _other_rows(check, column) or _in_order(check, column)


def _other_rows(check: ScoresFile, column: Mapping[str, str]) -> Finding | None:
    """Return which rows are too many or too few, if any are."""
    missing = next((key for key in check.keys if key not in column), None)
    if len(column) != len(check.keys) and missing is not None:
        return Finding("file_rows", facts={"count": str(len(column)), "first": missing})
    known = set(check.keys)
    unknown = next((key for key in column if key not in known), None)
    if unknown is not None:
        return Finding("file_unknown", facts={"first": unknown[:80]})
    return None


def _in_order(check: ScoresFile, column: Mapping[str, str]) -> Value | Finding:
    labels = check.scores.labels
    if isinstance(labels, Sequence) and all(isinstance(one, Str) for one in labels.v):
        return Sequence(t="list", v=tuple(Str(v=column[key]) for key in check.keys))
    predicted = numbers(column)
    if isinstance(predicted, Fault):
        return Finding(predicted.kind, facts=predicted.facts)
    return Sequence(t="list", v=tuple(Float(v=repr(predicted[key])) for key in check.keys))


def _content(value: Value | None) -> bytes | None:
    try:
        return base64.b64decode(value.v, validate=True) if isinstance(value, Bytes) else None
    except (ValueError, binascii.Error):
        return None
