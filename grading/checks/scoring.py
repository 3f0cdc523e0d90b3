"""How good predictions are on data that the student did not see; labels never enter a sandbox."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from grading.checks.finding import Finding
from grading.checks.records import Scores
from grading.comparison.nodes import NUMBERS, Items, Sort, Table, UnreadableError
from grading.comparison.normalise import normalise
from notebooks.cases.probes import CLASS_METRICS, Metric
from notebooks.kernels.values import Float, Value

_Labels = npt.NDArray[np.generic]
_COMPARABLE = NUMBERS - {Sort.COMPLEX} | {Sort.TEXT, Sort.BOOL}


def ideal(check: Scores, value: Value) -> Value | str:
    """Return the score of the ideal's predictions, or why nobody can be measured by it."""
    scored = score(check, value)
    if isinstance(scored, str):
        return f"the ideal solution's predictions cannot be scored ({scored})"
    if not _good(check, scored):
        return f"the ideal solution itself reaches a {check.metric} of {scored:.4g} only"
    return Float(v=repr(scored))


def found(check: Scores, observed: Value) -> Finding:
    """Return whether a student's predictions are good enough; only their score is told."""
    scored = score(check, observed)
    if isinstance(scored, str):
        return Finding(scored)
    facts = {"name": check.metric.value, "observed": f"{scored:.4g}"}
    shown = f"{check.metric} = {scored:.4g}"
    return Finding(None if _good(check, scored) else "metric_low", facts=facts, observed=shown)


def score(check: Scores, predictions: Value) -> float | str:
    """Return a metric of predictions, or the kind of difference that keeps them from having one."""
    labels, given = _flat(check.labels), _flat(predictions)
    if labels is None or given is None:
        return "metric_unreadable"
    if len(labels) != len(given):
        return "metric_length"
    if (labels.dtype == object) != (given.dtype == object):
        return "metric_unreadable"
    if given.dtype != object and not np.isfinite(given.astype(float)).all():
        return "metric_unreadable"
    if check.metric not in CLASS_METRICS and labels.dtype == object:
        return "metric_unreadable"
    scored = _METRICS[check.metric](labels, given)
    return scored if np.isfinite(scored) else "metric_unreadable"


def _good(check: Scores, scored: float) -> bool:
    low = check.at_least is not None and scored < check.at_least
    high = check.at_most is not None and scored > check.at_most
    return not low and not high


def _flat(value: Value) -> _Labels | None:
    """Return one label or number for each row: floats, or an object array of texts."""
    try:
        node = normalise(value)
    except UnreadableError:
        return None
    if isinstance(node, Table) and len(node.columns) == 1:
        node = node.columns[0][1]
    if not isinstance(node, Items) or node.sort not in _COMPARABLE or node.array.size == 0:
        return None
    if node.array.size != len(node.array):
        return None
    flat = node.array.reshape(-1)
    if node.sort is Sort.TEXT:
        return np.array(["" if one is None else str(one) for one in flat], dtype=object)
    return np.asarray(flat.astype(np.float64))


def _accuracy(labels: _Labels, given: _Labels) -> float:
    return float(np.mean(labels == given))


def _f1_macro(labels: _Labels, given: _Labels) -> float:
    scores = []
    for one in set(labels.tolist()) | set(given.tolist()):
        ours, theirs = labels == one, given == one
        scores.append(2 * np.sum(ours & theirs) / (np.sum(ours) + np.sum(theirs)))
    return float(np.mean(scores))


def _roc_auc(labels: _Labels, given: _Labels) -> float:
    """Return how often a positive is ranked above a negative, ties counting half."""
    numbers = given.astype(np.float64)
    positive = labels == max(set(labels.tolist()))
    ups, downs = numbers[positive], np.sort(numbers[~positive])
    if not len(ups) or not len(downs):
        return float("nan")
    below = np.searchsorted(downs, ups, side="left")
    up_to = np.searchsorted(downs, ups, side="right")
    return float(np.mean((below + up_to) / 2) / len(downs))


def _rmse(labels: _Labels, given: _Labels) -> float:
    return float(np.sqrt(np.mean((labels.astype(float) - given.astype(float)) ** 2)))


def _mae(labels: _Labels, given: _Labels) -> float:
    return float(np.mean(np.abs(labels.astype(float) - given.astype(float))))


def _r2(labels: _Labels, given: _Labels) -> float:
    numbers = labels.astype(float)
    spread = np.sum((numbers - numbers.mean()) ** 2)
    if spread == 0:
        return float("nan")
    return float(1 - np.sum((numbers - given.astype(float)) ** 2) / spread)


_METRICS: dict[Metric, Callable[[_Labels, _Labels], float]] = {
    Metric.ACCURACY: _accuracy,
    Metric.F1_MACRO: _f1_macro,
    Metric.ROC_AUC: _roc_auc,
    Metric.RMSE: _rmse,
    Metric.MAE: _mae,
    Metric.R2: _r2,
}
