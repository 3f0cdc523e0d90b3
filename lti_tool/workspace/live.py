"""The journal's tailer of this process: started on first use, never carried over a fork."""

import os
import threading
from collections.abc import Callable
from uuid import UUID

from notebooks.journal.subscription import Subscription
from notebooks.journal.tailer import Tailer


class LiveJournal:
    """Gives out subscriptions; the tailer behind it belongs to the process that first asked.

    A gunicorn worker may be forked from a process that has the application loaded. A thread and a
    connection do not survive that, so whoever finds another process's tailer starts its own and
    leaves the other alone.
    """

    def __init__(self, make_tailer: Callable[[], Tailer]) -> None:
        self._make_tailer = make_tailer
        self._tailer: Tailer | None = None
        self._process = 0
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._renew_lock)

    def subscribe(self, stream_id: UUID, *, after: int) -> Subscription:
        """Return a subscription to the events of a stream that follow number `after`."""
        return self._own().subscribe(stream_id, after)

    def stop(self) -> None:
        """Stop this process's tailer, if it has one; its subscriptions end."""
        with self._lock:
            if self._tailer is not None and self._process == os.getpid():
                self._tailer.stop()
            self._tailer = None

    def _own(self) -> Tailer:
        with self._lock:
            if self._tailer is None or self._process != os.getpid():
                self._tailer = self._make_tailer()
                self._process = os.getpid()
                self._tailer.start()
            return self._tailer

    def _renew_lock(self) -> None:
        # The lock may have been held by a thread that does not exist in the child.
        self._lock = threading.Lock()
