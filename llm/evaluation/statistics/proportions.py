"""One rate from independent items that each are a success or not."""

from scipy.stats import beta

from llm.evaluation.statistics.interval import LEVEL, Interval

JEFFREYS = 0.5
"""The parameter of the prior Beta(½, ½), whose intervals cover about what they claim."""


def beta_interval(
    successes: int, trials: int, *, level: float = LEVEL, prior: float = JEFFREYS
) -> Interval:
    """Return the equal-tailed posterior interval of a rate under the prior Beta(prior, prior).

    The estimate is the plain share; without any trial it is the prior's mean. As Brown, Cai and
    DasGupta (2001, §4.1) advise, the interval reaches 0 when nothing, and 1 when everything,
    succeeded.

    Raises:
        ValueError: the counts do not fit together.
    """
    _check(successes, trials)
    tail = (1 - level) / 2
    a, b = successes + prior, trials - successes + prior
    low = 0.0 if successes == 0 else float(beta.ppf(tail, a, b))
    high = 1.0 if successes == trials else float(beta.ppf(1 - tail, a, b))
    estimate = successes / trials if trials else 0.5
    return Interval(estimate, low, high, level)


def upper_bound(successes: int, trials: int, *, confidence: float = LEVEL) -> float:
    """Return the exact one-sided upper bound of a rate (Clopper and Pearson, 1934).

    Whatever the true rate is, the bound lies below it with a probability of at most
    1 - `confidence`: none of 149 is below 2 %.
    """
    _check(successes, trials)
    if successes == trials:
        return 1.0
    return float(beta.ppf(confidence, successes + 1, trials - successes))


def lower_bound(successes: int, trials: int, *, confidence: float = LEVEL) -> float:
    """Return the exact one-sided lower bound of a rate; see `upper_bound`."""
    _check(successes, trials)
    if successes == 0:
        return 0.0
    return float(beta.ppf(1 - confidence, successes, trials - successes + 1))


def _check(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials cannot be")
