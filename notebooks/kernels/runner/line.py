"""Who waits for a kernel, first come first served."""

from collections import OrderedDict
from dataclasses import dataclass

from notebooks.kernels.errors import RunnerFullError
from notebooks.kernels.records import KernelSpec

PATIENCE_SECONDS = 30.0
"""A place is kept so long without being asked about; a killed worker is replaced in half of it."""


@dataclass(slots=True)
class _Place:
    spec: KernelSpec
    asked_at: float


class Line:
    """Attempts in the order in which they first asked; asking again keeps the place.

    Times are seconds of any clock that does not go back.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._places: OrderedDict[str, _Place] = OrderedDict()

    def ask(self, attempt_id: str, spec: KernelSpec, now: float) -> bool:
        """Take the last place, or keep the one taken before; return whether it is a new one.

        Raises:
            RunnerFullError: As many wait as may.
        """
        place = self._places.get(attempt_id)
        if place is not None:
            place.spec, place.asked_at = spec, now
            return False
        if len(self._places) >= self._limit:
            raise RunnerFullError(
                f"{self._limit} people wait for a kernel already. Try again in a few minutes."
            )
        self._places[attempt_id] = _Place(spec, now)
        return True

    def leave(self, attempt_id: str) -> None:
        """Give the place up, if there is one."""
        self._places.pop(attempt_id, None)

    def expire(self, now: float) -> None:
        """Drop the places that nobody has asked about for a while."""
        for attempt_id, place in tuple(self._places.items()):
            if now - place.asked_at > PATIENCE_SECONDS:
                del self._places[attempt_id]

    def first(self) -> tuple[str, KernelSpec] | None:
        """Return whose turn it is, and which kernel that one needs."""
        for attempt_id, place in self._places.items():
            return attempt_id, place.spec
        return None

    def position(self, attempt_id: str) -> int | None:
        """Return the place, 1 is next; None without one."""
        for position, waiting in enumerate(self._places, start=1):
            if waiting == attempt_id:
                return position
        return None
