"""Fanning journal events out to a process's readers: one connection, one thread.

NOTIFY wakes the thread; every `POLL_SECONDS` it looks by itself, so that a lost notification
costs time and nothing else. A lost connection is made anew, and every reader goes on from its
own place.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg import sql

from notebooks.journal.log import CHANNEL, Event
from notebooks.journal.subscription import Subscription

POLL_SECONDS = 2.0
RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0)
"""Pauses between attempts to connect; the last one repeats."""

_STREAMS = "SELECT id, last_seq FROM journal_stream WHERE id = ANY(%s)"
_EVENTS = """
SELECT stream_id, seq, kind, payload, created_at FROM journal_event
WHERE stream_id = %s AND seq > %s ORDER BY seq LIMIT %s
"""

_Connection = psycopg.Connection[tuple[Any, ...]]
_log = structlog.get_logger(__name__)


class Tailer:
    """The journal's readers in this process.

    with tailer.subscribe(stream_id, after=17) as subscription:
        for event in subscription.get(timeout=15): ...

    Start it after the process has forked: a connection does not survive a fork.
    """

    def __init__(self, database_url: str, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._url = database_url
        self._poll_seconds = poll_seconds
        self._subscriptions: dict[UUID, set[Subscription]] = defaultdict(set)
        self._unread: set[UUID] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._bell, self._button = socket.socketpair()
        self._bell.settimeout(0)
        self._button.settimeout(0)

    def start(self) -> None:
        """Begin to follow the journal; returns at once, and again changes nothing."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._follow, name="journal-tailer", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """Close every subscription, end the thread and its connection; a tailer starts once."""
        self._stopping.set()
        self._ring()
        if self._thread is not None:
            self._thread.join(timeout=10)
        with self._lock:
            for subscription in [one for group in self._subscriptions.values() for one in group]:
                subscription.close()
        self._button.close()
        self._bell.close()

    def subscribe(self, stream_id: UUID, after: int) -> Subscription:
        """Return a subscription to the events that follow number `after`.

        Events that are stored already come first, page by page. After `stop` it comes closed.
        """
        subscription = Subscription(
            stream_id, after, on_room=lambda: self._mark(stream_id), on_leave=self._forget
        )
        with self._lock:
            self._subscriptions[stream_id].add(subscription)
        if self._stopping.is_set():
            subscription.close()
        self._mark(stream_id)
        return subscription

    def _forget(self, subscription: Subscription) -> None:
        with self._lock:
            group = self._subscriptions.get(subscription.stream_id, set())
            group.discard(subscription)
            if not group:
                self._subscriptions.pop(subscription.stream_id, None)

    def _mark(self, stream_id: UUID) -> None:
        with self._lock:
            self._unread.add(stream_id)
        self._ring()

    def _ring(self) -> None:
        # A full pipe means that the thread is about to wake anyway; a closed one, that it ended.
        with contextlib.suppress(BlockingIOError, OSError):
            self._button.send(b"!")

    def _follow(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                with self._connection() as connection:
                    self._serve(connection)
            except psycopg.Error as error:
                failures = 1 if time.monotonic() - began > max(RETRY_SECONDS) else failures + 1
                pause = RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1]
                _log.warning("journal connection lost", error=str(error), retry_seconds=pause)
                self._stopping.wait(pause)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[_Connection]:
        with psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=5,
            application_name="casebook journal",
            options="-c statement_timeout=10000",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        ) as connection:
            connection.add_notify_handler(lambda notify: self._notified(notify.payload))
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
            yield connection

    def _notified(self, payload: str) -> None:
        with contextlib.suppress(ValueError), self._lock:
            stream_id = UUID(payload)
            if stream_id in self._subscriptions:
                self._unread.add(stream_id)

    def _serve(self, connection: _Connection) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            next_look = 0.0
            while not self._stopping.is_set():
                if time.monotonic() >= next_look:
                    self._look(connection)
                    next_look = time.monotonic() + self._poll_seconds
                self._deliver(connection)
                selector.select(0 if self._unread else max(0.0, next_look - time.monotonic()))
                self._silence()
                self._collect(connection)

    def _silence(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._bell.recv(4096):
                pass

    def _collect(self, connection: _Connection) -> None:
        """Take notifications that lie in the socket; psycopg's generator cannot wait for two."""
        connection.pgconn.consume_input()
        while (notify := connection.pgconn.notifies()) is not None:
            self._notified(notify.extra.decode())

    def _look(self, connection: _Connection) -> None:
        """Mark every followed stream that has more than its readers were given."""
        with self._lock:
            places = {
                stream_id: min(one.position() for one in group)
                for stream_id, group in self._subscriptions.items()
                if group
            }
        if not places:
            return
        for stream_id, last in connection.execute(_STREAMS, [list(places)]):
            if last > places[stream_id]:
                with self._lock:
                    self._unread.add(stream_id)

    def _deliver(self, connection: _Connection) -> None:
        with self._lock:
            unread, self._unread = self._unread, set()
            groups = {
                stream_id: set(self._subscriptions.get(stream_id, ())) for stream_id in unread
            }
        try:
            for stream_id, group in groups.items():
                if self._advance(connection, stream_id, group):
                    with self._lock:
                        self._unread.add(stream_id)
        except psycopg.Error:
            with self._lock:
                self._unread |= unread
            raise

    def _advance(
        self, connection: _Connection, stream_id: UUID, group: Collection[Subscription]
    ) -> bool:
        """Give each reader its next page; readers at one place share a query. True: more waits."""
        by_place: dict[int, list[tuple[Subscription, int]]] = defaultdict(list)
        for subscription in group:
            place, room = subscription.room()
            if room:
                by_place[place].append((subscription, room))
        more = False
        for place, readers in by_place.items():
            limit = min(room for _, room in readers)
            rows = connection.execute(_EVENTS, [stream_id, place, limit]).fetchall()
            events = [Event(*row) for row in rows]
            for subscription, _ in readers:
                subscription.push(events)
            more = more or len(events) == limit
        return more
