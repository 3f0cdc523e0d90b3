"""Rates and their intervals: of items, of items in groups, in pairs, judged by a fallible judge.

Counts in, numbers out: no model, no file, no text. Depends on NumPy and SciPy alone.
"""

from llm.evaluation.statistics.clusters import (
    Cluster,
    bootstrap_interval,
    hierarchical_interval,
)
from llm.evaluation.statistics.interval import Interval
from llm.evaluation.statistics.judged import JudgeErrors, judged_interval
from llm.evaluation.statistics.paired import Paired, mcnemar, paired_difference
from llm.evaluation.statistics.proportions import beta_interval, lower_bound, upper_bound
from llm.evaluation.statistics.selective import (
    Delivery,
    Operating,
    calibrate,
    operating_point,
    risk_coverage,
)

__all__ = [
    "Cluster",
    "Delivery",
    "Interval",
    "JudgeErrors",
    "Operating",
    "Paired",
    "beta_interval",
    "bootstrap_interval",
    "calibrate",
    "hierarchical_interval",
    "judged_interval",
    "lower_bound",
    "mcnemar",
    "operating_point",
    "paired_difference",
    "risk_coverage",
    "upper_bound",
]
