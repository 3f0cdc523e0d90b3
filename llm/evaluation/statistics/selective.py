"""What may be delivered without a person: risk and coverage over a score, and where to stop.

A score says how doubtful a feedback is, 0 to 1; those below a threshold are delivered, the others
go to a person. Risk is the share of what is delivered that is wrong, coverage the share that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from llm.evaluation.statistics.interval import LEVEL
from llm.evaluation.statistics.proportions import upper_bound


@dataclass(frozen=True, slots=True)
class Delivery:
    """One feedback: how doubtful it was held to be, and whether it was wrong."""

    doubt: float
    wrong: bool


@dataclass(frozen=True, slots=True)
class Operating:
    """What a threshold does: everything with a doubt of at most `threshold` is delivered."""

    threshold: float
    delivered: int
    wrong: int
    total: int
    bound: float
    """Exact one-sided upper bound of the risk."""

    @property
    def risk(self) -> float:
        """The share of what is delivered that is wrong; 0 if nothing is."""
        return self.wrong / self.delivered if self.delivered else 0.0

    @property
    def coverage(self) -> float:
        """The share that is delivered; 0 if there is nothing."""
        return self.delivered / self.total if self.total else 0.0


def operating_point(
    deliveries: Sequence[Delivery], threshold: float, *, confidence: float = LEVEL
) -> Operating:
    """Return what a threshold that was chosen elsewhere does to these."""
    delivered = [one for one in deliveries if one.doubt <= threshold]
    wrong = sum(one.wrong for one in delivered)
    bound = upper_bound(wrong, len(delivered), confidence=confidence)
    return Operating(threshold, len(delivered), wrong, len(deliveries), bound)


def risk_coverage(
    deliveries: Sequence[Delivery], *, confidence: float = LEVEL
) -> tuple[Operating, ...]:
    """Return the curve: one point for each score there is, from strict to lax."""
    ordered = sorted(deliveries, key=lambda one: one.doubt)
    points: list[Operating] = []
    wrong = 0
    for count, (one, after) in enumerate(
        pairwise([*ordered, Delivery(float("inf"), wrong=False)]), start=1
    ):
        wrong += one.wrong
        if one.doubt == after.doubt:
            continue
        bound = upper_bound(wrong, count, confidence=confidence)
        points.append(Operating(one.doubt, count, wrong, len(ordered), bound))
    return tuple(points)


def calibrate(
    deliveries: Sequence[Delivery],
    *,
    risk: float,
    confidence: float = LEVEL,
    steps: int = 20,
) -> Operating | None:
    """Return the laxest threshold whose risk is surely at most `risk`; None if there is none.

    Thresholds are tried from strict to lax in an order fixed before any outcome is looked at, at
    `steps` evenly spaced ranks, and the walk ends at the first that fails: testing in a fixed
    sequence keeps the promise without a correction for the number of tests (Angelopoulos et al.,
    2021, "Learn then Test", §4). The walk begins where a single wrong delivery need not end it, or,
    with too few for that, where none may be wrong. Calibrate on other tasks than those that
    coverage is reported on.

    Raises:
        ValueError: the risk is not between 0 and 1, or there are no steps.
    """
    if not 0 < risk < 1 or steps < 1:
        raise ValueError("The risk lies between 0 and 1, and there is at least one step")
    ordered = sorted(one.doubt for one in deliveries)
    allowed = 1 if not _hopeless(1, len(ordered), risk=risk, confidence=confidence) else 0
    found: Operating | None = None
    for step in range(1, steps + 1):
        rank = len(ordered) * step // steps
        if rank == 0:
            continue
        point = operating_point(deliveries, ordered[rank - 1], confidence=confidence)
        if _hopeless(allowed, point.delivered, risk=risk, confidence=confidence):
            continue
        if point.bound > risk:
            break
        found = point
    return found


def _hopeless(wrong: int, delivered: int, *, risk: float, confidence: float) -> bool:
    """Return whether so few deliveries with so many wrong ones cannot keep the promise."""
    return delivered < wrong or upper_bound(wrong, delivered, confidence=confidence) > risk
