"""How many kernels of each kind should wait ready, judging by the launches of late. Pure."""

import math
from collections.abc import Iterator

from notebooks.kernels.records import KernelSpec

HALF_LIFE_SECONDS = 300.0
"""After this time a launch counts half."""
_LAUNCHES_PER_KERNEL = 4
"""A quarter of the weighed launches waits ready: a class comes over minutes, not at once."""
_FORGOTTEN_BELOW = 0.25
"""Two half-lives after a single launch nothing waits any more."""


class Demand:
    """Launches by kind, each worth less as time passes. Times are seconds of a steady clock."""

    def __init__(self, limit: int) -> None:
        """Call with how many of one kind may wait at most."""
        self._limit = limit
        self._weights: dict[KernelSpec, tuple[float, float]] = {}

    def note(self, spec: KernelSpec, now: float) -> None:
        """Count a launch."""
        self._weights[spec] = (self._weight(spec, now) + 1, now)

    def wanted(self, spec: KernelSpec, now: float) -> int:
        """Return how many of this kind should wait."""
        weight = self._weight(spec, now)
        if weight < _FORGOTTEN_BELOW:
            return 0
        return min(self._limit, math.ceil(weight / _LAUNCHES_PER_KERNEL))

    def forget(self, spec: KernelSpec) -> None:
        """Want none of this kind until it is launched again."""
        self._weights.pop(spec, None)

    def kinds(self, now: float) -> Iterator[KernelSpec]:
        """Yield the kinds that are wanted, those with the most launches first."""
        for spec in [spec for spec in self._weights if not self.wanted(spec, now)]:
            del self._weights[spec]
        yield from sorted(self._weights, key=lambda spec: -self._weight(spec, now))

    def _weight(self, spec: KernelSpec, now: float) -> float:
        weight, at = self._weights.get(spec, (0.0, now))
        return float(weight * 0.5 ** ((now - at) / HALF_LIFE_SECONDS))
