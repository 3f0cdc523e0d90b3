"""An estimate with the interval around it."""

from dataclasses import dataclass

LEVEL = 0.95
"""The usual probability that an interval claims."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A rate: its estimate, and the ends of a two-sided interval of probability `level`."""

    estimate: float
    low: float
    high: float
    level: float = LEVEL

    def holds(self, value: float) -> bool:
        """Return whether a value lies within, ends included."""
        return self.low <= value <= self.high
