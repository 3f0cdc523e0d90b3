"""One reader's bounded queue between the tailer's thread and the reader's own."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Self
from uuid import UUID

from notebooks.journal.log import Event

QUEUE_LIMIT = 1000
"""Events that wait for one reader; beyond it the tailer holds the rest back in the database."""

STALL_SECONDS = 30.0
"""A reader that leaves a full queue untouched for so long is closed."""


class Subscription:
    """A place in one stream, and the events after it that have not been taken yet.

    Use it as a context manager; leaving the block ends the subscription. The reader calls `get`
    from one thread; the other methods are the tailer's.
    """

    def __init__(
        self,
        stream_id: UUID,
        after: int,
        *,
        limit: int = QUEUE_LIMIT,
        on_room: Callable[[], None],
        on_leave: Callable[["Subscription"], None],
    ) -> None:
        self.stream_id = stream_id
        self._after = after
        self._limit = limit
        self._on_room = on_room
        self._on_leave = on_leave
        self._waiting: list[Event] = []
        self._held_back = False
        self._closed = False
        self._touched = time.monotonic()
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
        self._on_leave(self)

    @property
    def closed(self) -> bool:
        """Whether nothing will come any more: the reader fell behind or the tailer stopped.

        The reader ends its stream; reconnecting after the last event it took loses nothing.
        """
        return self._closed

    def get(self, timeout: float) -> list[Event]:
        """Return the events that wait, or wait up to `timeout` seconds for one.

        An empty list means that nothing happened in that time or that `closed` is now true.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout)
            taken, self._waiting = self._waiting, []
            self._touched = time.monotonic()
            more, self._held_back = self._held_back, False
        if more:
            self._on_room()
        return taken

    def close(self) -> None:
        """End the subscription and wake its reader; events that already wait can be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def room(self) -> tuple[int, int]:
        """Return (number after which to read, how many events fit); 0 asks to be called again.

        A reader that left a full queue untouched for too long is closed here.
        """
        with self._changed:
            free = 0 if self._closed else self._limit - len(self._waiting)
            if free <= 0 and not self._closed:
                self._held_back = True
                if time.monotonic() - self._touched > STALL_SECONDS:
                    self._closed = True
                    self._changed.notify_all()
            return self._after, max(free, 0)

    def push(self, events: Sequence[Event]) -> None:
        """Queue events that follow the subscription's place; earlier ones are skipped."""
        with self._changed:
            new = [event for event in events if event.seq > self._after]
            if not new or self._closed:
                return
            self._waiting.extend(new)
            self._after = new[-1].seq
            self._changed.notify_all()

    def position(self) -> int:
        """Return the number of the newest event that was queued."""
        with self._changed:
            return self._after
