"""The numbered, bounded, re-readable log of one run's events."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from notebooks.kernels.records import Finished, OutputAppended, OutputSet, RunEvent, RunEventBody

HEARTBEAT_SECONDS = 5.0
"""A reader hears something at least this often."""

_MAX_PENDING_BYTES = 16 * 1024 * 1024


class EventLog:
    """Events of one run, kept until they are acknowledged.

    Numbers begin at 1 and have no gap. If nobody acknowledges, outputs beyond the bound are
    refused; the last event is always taken.
    """

    def __init__(self) -> None:
        self._events: deque[tuple[RunEvent, int]] = deque()
        self._last = 0
        self._pending_bytes = 0
        self._changed = asyncio.Event()
        self.finished: Finished | None = None

    @property
    def last(self) -> int:
        """Return the number of the newest event, 0 before the first."""
        return self._last

    @property
    def pending_bytes(self) -> int:
        """Return about how much the kept events take."""
        return self._pending_bytes

    def append(self, body: RunEventBody) -> bool:
        """Add an event; return False if it is an output and the log is full."""
        size = _size(body)
        if size and self._pending_bytes + size > _MAX_PENDING_BYTES:
            return False
        self._last += 1
        self._pending_bytes += size
        self._events.append((RunEvent(number=self._last, body=body), size))
        if isinstance(body, Finished):
            self.finished = body
        self._changed.set()
        self._changed = asyncio.Event()
        return True

    def after(self, number: int) -> tuple[RunEvent, ...]:
        """Return the kept events with a greater number."""
        return tuple(event for event, _ in self._events if event.number > number)

    def acknowledge(self, through: int) -> None:
        """Forget events up to this number; their reader has stored them."""
        while self._events and self._events[0][0].number <= through:
            _, size = self._events.popleft()
            self._pending_bytes -= size

    async def follow(
        self, after: int, heartbeat_seconds: float = HEARTBEAT_SECONDS
    ) -> AsyncIterator[RunEvent | None]:
        """Yield events after a number, live ones too, until `Finished`; None is a heartbeat."""
        while True:
            changed = self._changed
            for event in self.after(after):
                after = event.number
                yield event
            if self.finished is not None and after >= self._last:
                return
            try:
                async with asyncio.timeout(heartbeat_seconds):
                    await changed.wait()
            except TimeoutError:
                yield None


def _size(body: RunEventBody) -> int:
    match body:
        case OutputAppended():
            return len(body.text) + 64
        case OutputSet(output=output):
            parts = (output.text, output.ename, output.evalue, *output.data.values())
            return sum(map(len, parts)) + 256
        case _:
            return 0
