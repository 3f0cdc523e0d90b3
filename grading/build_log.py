"""The journal of one case build: its log and its progress, bounded, written a batch at a time."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from notebooks.environments.progress import Progress
from notebooks.journal.log import Entry
from notebooks.text import storable

MAX_LOG_LINES = 2000
MAX_LOG_LINE = 500
_FLUSH_SECONDS = 0.5
_CUT = "The log is longer than this; the rest is left out."


class BuildLog:
    """Takes lines (`build.log`) and steps (`build.progress`) until they are written.

    Its methods may be called from any thread.
    """

    def __init__(self) -> None:
        self._waiting: list[Entry] = []
        self._lines = 0
        self._lock = threading.Lock()

    def line(self, line: str) -> None:
        """Add one line of the log; beyond `MAX_LOG_LINES` they are dropped, which a line says."""
        with self._lock:
            self._lines += 1
            if self._lines <= MAX_LOG_LINES:
                text = _CUT if self._lines == MAX_LOG_LINES else storable(line[:MAX_LOG_LINE])
                self._waiting.append(Entry(kind="build.log", payload={"line": text}))

    def progress(self, progress: Progress) -> None:
        """Add a step of building the environment."""
        payload = {"step": progress.step.value, "packages": progress.packages}
        with self._lock:
            self._waiting.append(Entry(kind="build.progress", payload=payload))

    def take(self) -> list[Entry]:
        """Return what has been added since it was last asked for, and forget it."""
        with self._lock:
            taken, self._waiting = self._waiting, []
            return taken


@asynccontextmanager
async def writing(write: Callable[[Sequence[Entry]], None]) -> AsyncIterator[BuildLog]:
    """Yield a log that `write` (in a thread) is given often, and at the end all that is left."""
    log = BuildLog()
    over = asyncio.Event()

    async def flush() -> None:
        if entries := log.take():
            await asyncio.to_thread(write, entries)

    async def flush_often() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _FLUSH_SECONDS)
            await flush()

    writer = asyncio.create_task(flush_often())
    try:
        yield log
    finally:
        over.set()
        await writer
        await flush()  # a build may fail before the writer has begun
