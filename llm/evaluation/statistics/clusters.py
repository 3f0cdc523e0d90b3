"""A rate from items that come in groups: the answers of one student, the feedback on one task.

Items of a group resemble each other, so that the groups, not the items, carry the information; an
interval that counts items alone would promise too much.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, expit, logit
from scipy.stats import t

from llm.evaluation.statistics.interval import LEVEL, Interval
from llm.evaluation.statistics.proportions import beta_interval

DRAWS = 4000
FEWEST = 3
"""Groups below which nothing can be said about how much they differ."""

_RATES = np.linspace(0.0025, 0.9975, 200)
_SIZES = np.exp(np.linspace(math.log(0.25), math.log(300), 30))
"""How many items' worth of likeness a group may have: small where groups differ a lot."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The items of one group."""

    successes: int
    trials: int


def bootstrap_interval(
    clusters: Sequence[Cluster],
    *,
    rng: np.random.Generator,
    level: float = LEVEL,
    draws: int = DRAWS,
) -> Interval:
    """Return the rate over all items, with an interval for which groups are drawn, not items.

    A Bayesian bootstrap (Rubin, 1981): weights w ~ Dirichlet(1, …, 1) over the groups give
    θ = Σ w·successes / Σ w·trials. It assumes nothing of how groups differ. With m groups such
    draws vary by (m-1)/(m+1) of what they should, and their tails are a normal's, not Student's;
    both are made up for (Hesterberg, 2015, §5.3) on the scale of log odds, where a rate near 0 or 1
    is no longer skewed. The interval holds at least that of as many independent items: where all
    groups agree by luck, a bootstrap sees no spread at all. With fewer than about twenty groups,
    or rates beyond 95 % in groups that differ a lot, `hierarchical_interval` keeps its promise
    better.

    Raises:
        ValueError: fewer than three groups, a group without items or with impossible counts.
    """
    successes, trials = _counted(clusters)
    independent = beta_interval(int(successes.sum()), int(trials.sum()), level=level)
    if independent.estimate in {0.0, 1.0}:
        return independent
    weights = rng.dirichlet(np.ones(len(clusters)), size=draws)
    rates = np.clip(weights @ successes / (weights @ trials), 1e-9, 1 - 1e-9)
    groups = len(clusters)
    missing = math.sqrt((groups + 1) / (groups - 1))
    reach = float(t.ppf((1 + level) / 2, groups - 1)) * missing * float(logit(rates).std())
    centre = float(logit(independent.estimate))
    low, high = float(expit(centre - reach)), float(expit(centre + reach))
    return Interval(
        independent.estimate, min(low, independent.low), max(high, independent.high), level
    )


def hierarchical_interval(clusters: Sequence[Cluster], *, level: float = LEVEL) -> Interval:
    """Return the posterior of the mean rate of groups whose own rates follow a Beta distribution.

    A beta-binomial model: the rate of each group is drawn from Beta(μs, (1-μ)s), with μ uniform and
    s under the prior (1 + s)^(-3/2) (Gelman et al., *Bayesian Data Analysis*, §5.3, has the like),
    both on a grid. The estimate is the posterior's mean of μ: it speaks of groups to come, each
    counting the same, not of the items at hand.

    Raises:
        ValueError: fewer than three groups, a group without items or with impossible counts.
    """
    successes, trials = _counted(clusters)
    a = _SIZES[:, None, None] * _RATES[None, :, None]
    b = _SIZES[:, None, None] * (1 - _RATES)[None, :, None]
    kinds, counts = np.unique(np.stack([successes, trials]), axis=1, return_counts=True)
    hits, misses = kinds[0], kinds[1] - kinds[0]
    likelihood = (betaln(a + hits, b + misses) - betaln(a, b)) @ counts
    prior = np.log(_SIZES / (1 + _SIZES) ** 1.5)[:, None]
    joint = likelihood + prior
    weight = np.exp(joint - joint.max()).sum(axis=0)
    share = weight / weight.sum()
    below = np.cumsum(share)
    tail = (1 - level) / 2
    low, high = np.interp([tail, 1 - tail], below, _RATES)
    return Interval(float(share @ _RATES), float(low), float(high), level)


def _counted(clusters: Sequence[Cluster]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(clusters) < FEWEST:
        raise ValueError(f"{len(clusters)} groups are too few: at least {FEWEST} are needed")
    if any(not 0 <= one.successes <= one.trials or one.trials == 0 for one in clusters):
        raise ValueError("Each group needs at least one item, and no more successes than items")
    return (
        np.array([one.successes for one in clusters], dtype=float),
        np.array([one.trials for one in clusters], dtype=float),
    )
