"""A bounded, numbered log of kernels that ended while nobody was asking, for one who follows it."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Iterable

from notebooks.kernels.records import KernelChange, KernelChanges, KernelStatus

KEPT = 1000
"""Changes that can be read again; who missed more is told what lives instead."""
WAIT_SECONDS = 20.0
"""How long a follower waits at most for the next change."""


class ChangeLog:
    """The changes of one run of the runner; another run has another epoch."""

    def __init__(self, living: Callable[[], Iterable[str]]) -> None:
        """Call with what returns the ids of all kernels that live or start."""
        self._living = living
        self._epoch = secrets.token_hex(8)
        self._changes: deque[KernelChange] = deque(maxlen=KEPT)
        self._last = 0
        self._changed = asyncio.Event()

    def add(self, attempt_id: str, status: KernelStatus) -> None:
        """Write down how an attempt's kernel now is."""
        self._last += 1
        change = KernelChange(number=self._last, attempt_id=attempt_id, status=status)
        self._changes.append(change)
        self._changed.set()
        self._changed = asyncio.Event()

    async def after(self, epoch: str, number: int, seconds: float = WAIT_SECONDS) -> KernelChanges:
        """Return the changes after a number, waiting for the first one if there is none yet.

        Nothing after `seconds` is an answer, too.
        """
        if epoch != self._epoch or not self._last - len(self._changes) <= number <= self._last:
            living = tuple(self._living())
            return KernelChanges(epoch=self._epoch, last=self._last, living=living)
        changed = self._changed
        if number == self._last:
            try:
                async with asyncio.timeout(seconds):
                    await changed.wait()
            except TimeoutError:
                return KernelChanges(epoch=self._epoch, last=self._last)
        missed = tuple(change for change in self._changes if change.number > number)
        return KernelChanges(epoch=self._epoch, last=self._last, changes=missed)
