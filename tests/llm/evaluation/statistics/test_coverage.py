"""Intervals that claim 95 % hold the truth in 93 to 97 of 100 data sets, simulated 2,000 times."""

from collections.abc import Callable

import numpy as np
import pytest

from llm.evaluation.statistics import (
    Cluster,
    Interval,
    JudgeErrors,
    Paired,
    beta_interval,
    bootstrap_interval,
    hierarchical_interval,
    judged_interval,
    paired_difference,
)

DATA_SETS = 2000


def coverage(truth: float, draw: Callable[[], Interval]) -> float:
    return sum(draw().holds(truth) for _ in range(DATA_SETS)) / DATA_SETS


def groups(rng: np.random.Generator, count: int, rate: float, likeness: float) -> list[Cluster]:
    """Return groups of one to about ten items; `likeness` is the correlation within a group."""
    size = 1 / likeness - 1
    trials = rng.poisson(5, count) + 1
    hits = rng.binomial(trials, rng.beta(rate * size, (1 - rate) * size, count))
    return [Cluster(int(hit), int(of)) for hit, of in zip(hits, trials, strict=True)]


@pytest.mark.parametrize(("trials", "rate"), [(40, 0.5), (60, 0.8), (150, 0.9), (400, 0.97)])
def test_beta_posteriors_cover_what_they_claim(trials: int, rate: float) -> None:
    rng = np.random.default_rng(1)
    found = coverage(rate, lambda: beta_interval(int(rng.binomial(trials, rate)), trials))
    assert 0.93 <= found <= 0.97


@pytest.mark.parametrize(
    ("count", "rate", "likeness"), [(20, 0.7, 0.1), (40, 0.8, 0.3), (40, 0.9, 0.1), (80, 0.9, 0.2)]
)
def test_the_bootstrap_over_groups_covers_what_it_claims(
    count: int, rate: float, likeness: float
) -> None:
    rng = np.random.default_rng(2)
    found = coverage(
        rate, lambda: bootstrap_interval(groups(rng, count, rate, likeness), rng=rng, draws=500)
    )
    assert 0.93 <= found <= 0.97


def test_an_interval_that_forgets_the_groups_covers_too_little() -> None:
    """What the two intervals over groups are there for."""
    rng = np.random.default_rng(3)

    def forgetful() -> Interval:
        found = groups(rng, 40, 0.8, 0.3)
        return beta_interval(sum(one.successes for one in found), sum(one.trials for one in found))

    assert coverage(0.8, forgetful) < 0.88


@pytest.mark.slow
@pytest.mark.parametrize(("count", "rate", "likeness"), [(20, 0.9, 0.3), (40, 0.95, 0.3)])
def test_the_posterior_of_groups_covers_what_it_claims(
    count: int, rate: float, likeness: float
) -> None:
    rng = np.random.default_rng(4)
    found = coverage(rate, lambda: hierarchical_interval(groups(rng, count, rate, likeness)))
    assert 0.93 <= found <= 0.97


@pytest.mark.parametrize("rate", [0.3, 0.8])
def test_rates_that_a_fallible_judge_has_counted_are_set_right(rate: float) -> None:
    rng = np.random.default_rng(5)
    sensitivity, specificity, known, judged = 0.85, 0.9, 150, 300

    def draw() -> Interval:
        hits, rejections = rng.binomial(known, sensitivity), rng.binomial(known, specificity)
        errors = JudgeErrors(
            true_positive=int(hits),
            false_negative=known - int(hits),
            true_negative=int(rejections),
            false_positive=known - int(rejections),
        )
        said = rng.binomial(judged, rate * sensitivity + (1 - rate) * (1 - specificity))
        return judged_interval(int(said), judged, errors, rng=rng)

    assert 0.93 <= coverage(rate, draw) <= 0.97


def test_differences_of_two_systems_cover_what_they_claim() -> None:
    rng = np.random.default_rng(6)
    shares = (0.6, 0.15, 0.1, 0.15)

    def draw() -> Interval:
        counts = rng.multinomial(200, shares)
        return paired_difference(Paired(*map(int, counts)), rng=rng)

    assert 0.93 <= coverage(shares[1] - shares[2], draw) <= 0.97
