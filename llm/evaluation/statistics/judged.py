"""A rate that a fallible judge has counted, set right by what is known of the judge."""

from dataclasses import dataclass

import numpy as np

from llm.evaluation.statistics.interval import LEVEL, Interval

DRAWS = 20_000
USELESS = 1.05
"""Sensitivity plus specificity below which a judge tells hardly more than a coin."""


@dataclass(frozen=True, slots=True)
class JudgeErrors:
    """How a judge did on items whose truth is known."""

    true_positive: int
    false_negative: int
    true_negative: int
    false_positive: int

    @property
    def sensitivity(self) -> float:
        """The share of what is so that the judge says is so; NaN without any such item."""
        return _share(self.true_positive, self.false_negative)

    @property
    def specificity(self) -> float:
        """The share of what is not so that the judge says is not; NaN without any such item."""
        return _share(self.true_negative, self.false_positive)

    @property
    def kappa(self) -> float:
        """Cohen's kappa: agreement beyond what chance would give; NaN if chance gives it all."""
        yes_truth = self.true_positive + self.false_negative
        yes_judge = self.true_positive + self.false_positive
        total = yes_truth + self.true_negative + self.false_positive
        if total == 0:
            return float("nan")
        agreed = (self.true_positive + self.true_negative) / total
        chance = (yes_truth * yes_judge + (total - yes_truth) * (total - yes_judge)) / total**2
        return float("nan") if chance == 1 else (agreed - chance) / (1 - chance)


def judged_interval(
    said: int,
    judged: int,
    errors: JudgeErrors,
    *,
    rng: np.random.Generator,
    level: float = LEVEL,
) -> Interval:
    """Return the true rate behind `said` of `judged` items that the judge said yes to.

    θ = (p + specificity - 1) / (sensitivity + specificity - 1), clipped to [0, 1] (Rogan and
    Gladen, 1978), with p, sensitivity and specificity drawn from Beta posteriors of their own, so
    that what is not known of the judge widens the interval (arXiv 2511.21140). The estimate is the
    draws' median. Draws of a judge that is no better than a coin say nothing: they count as any
    rate between 0 and 1.

    Raises:
        ValueError: nothing was judged, or the judge is hardly better than a coin.
    """
    if not 0 <= said <= judged or judged == 0:
        raise ValueError(f"{said} of {judged} judged items cannot be")
    if not errors.sensitivity + errors.specificity >= USELESS:
        raise ValueError(
            "The judge is hardly better than a coin: sensitivity "
            f"{errors.sensitivity:.2f}, specificity {errors.specificity:.2f}"
        )
    p = rng.beta(said + 0.5, judged - said + 0.5, DRAWS)
    sensitivity = rng.beta(errors.true_positive + 0.5, errors.false_negative + 0.5, DRAWS)
    specificity = rng.beta(errors.true_negative + 0.5, errors.false_positive + 0.5, DRAWS)
    better = sensitivity + specificity - 1
    useful = better > USELESS - 1
    rates = rng.uniform(size=DRAWS)
    rates[useful] = np.clip((p + specificity - 1)[useful] / better[useful], 0, 1)
    tail = (1 - level) / 2
    low, middle, high = np.quantile(rates, [tail, 0.5, 1 - tail])
    return Interval(float(middle), float(low), float(high), level)


def _share(hits: int, misses: int) -> float:
    return hits / (hits + misses) if hits + misses else float("nan")
