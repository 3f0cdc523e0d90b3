"""Two systems on the same items: does one do better, and by how much?"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from llm.evaluation.statistics.interval import LEVEL, Interval

DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class Paired:
    """Items by what both systems made of them."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def total(self) -> int:
        """All items."""
        return self.both + self.only_first + self.only_second + self.neither


def mcnemar(paired: Paired) -> float:
    """Return the two-sided p-value of McNemar's exact test: only items that differ count."""
    differing = paired.only_first + paired.only_second
    if differing == 0:
        return 1.0
    return float(binomtest(paired.only_first, differing, 0.5).pvalue)


def paired_difference(
    paired: Paired, *, rng: np.random.Generator, level: float = LEVEL, draws: int = DRAWS
) -> Interval:
    """Return first rate minus second: the posterior over the four outcomes, Dirichlet(½, …, ½).

    Raises:
        ValueError: there are no items.
    """
    if paired.total == 0:
        raise ValueError("There are no items to compare")
    counts = np.array([paired.both, paired.only_first, paired.only_second, paired.neither])
    shares = rng.dirichlet(counts + 0.5, size=draws)
    difference = shares[:, 1] - shares[:, 2]
    tail = (1 - level) / 2
    low, high = np.quantile(difference, [tail, 1 - tail])
    estimate = (paired.only_first - paired.only_second) / paired.total
    return Interval(estimate, float(low), float(high), level)
