"""Server-sent events of one attempt: encoding, the cap on open streams, and the stream itself.

The wire format is https://html.spec.whatwg.org/multipage/server-sent-events.html. Nothing here
reads the database: a stream reads its subscription only.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Protocol, Self

from lti_tool.errors import StreamLimitError
from notebooks.journal.log import Event

RECONNECT = b"retry: 1000\n\n"
"""Sent first: it flushes the headers, and browsers come back after one second."""

HEARTBEAT = b": still here\n\n"
"""A comment, so that proxies keep the connection and a vanished client is noticed."""


def encode(event: Event) -> bytes:
    """Return an event as it goes over the wire; its number is what `Last-Event-ID` gives back.

    JSON escapes line breaks, so the data always is one line.
    """
    data = json.dumps(dict(event.payload), ensure_ascii=False, separators=(",", ":"))
    return f"id: {event.seq}\nevent: {event.kind}\ndata: {data}\n\n".encode()


class Source(Protocol):
    """What a stream reads: a `notebooks.journal.subscription.Subscription`."""

    @property
    def closed(self) -> bool:
        """Whether nothing will come any more."""
        ...

    def get(self, timeout: float) -> list[Event]:
        """Return what waits, or wait up to `timeout` seconds for something."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class StreamSlots:
    """How many streams this process may hold: each one keeps a thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """Return how many streams are open now."""
        return self._taken

    def take(self) -> Callable[[], None]:
        """Take a slot and return what gives it back (calling that twice gives back one).

        Raises StreamLimitError if all are taken.
        """
        with self._lock:
            if self._taken >= self._limit:
                raise StreamLimitError(f"All {self._limit} event streams are taken.")
            self._taken += 1
        return _once(self._give_back)

    def _give_back(self) -> None:
        with self._lock:
            self._taken -= 1


def _once(act: Callable[[], None]) -> Callable[[], None]:
    lock = threading.Lock()

    def act_once() -> None:
        # Whoever gets the lock first acts; it is never released.
        if lock.acquire(blocking=False):
            act()

    return act_once


class EventStream:
    """The body of one response: events as they come, heartbeats between them, an end in time.

    The WSGI server calls `close` when the client is gone or the body has ended, even if it never
    began to read; that gives the slot back.
    """

    def __init__(
        self,
        slots: StreamSlots,
        subscribe: Callable[[], Source],
        *,
        seconds: float,
        heartbeat_seconds: float,
    ) -> None:
        """Take a slot, then subscribe; raises StreamLimitError if no slot is free."""
        self._give_back = slots.take()
        self._seconds = seconds
        self._heartbeat_seconds = heartbeat_seconds
        try:
            self._source = subscribe()
        except BaseException:
            self._give_back()
            raise

    def __iter__(self) -> Iterator[bytes]:
        """Yield the stream for at most `seconds`; the browser then reconnects."""
        deadline = time.monotonic() + self._seconds
        yield RECONNECT
        while not self._source.closed and (left := deadline - time.monotonic()) > 0:
            events = self._source.get(min(self._heartbeat_seconds, left))
            yield b"".join(map(encode, events)) if events else HEARTBEAT

    def close(self) -> None:
        """End the subscription and give the slot back."""
        try:
            self._source.__exit__(None, None, None)
        finally:
            self._give_back()
