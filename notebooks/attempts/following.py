"""Following a runner: kernels that end while nobody asks are told to their pages at once.

One worker follows a runner at a time, by a lock that its database connection holds; what it tells
may be told twice without harm.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from config.database import Database
from notebooks.attempts.kernels import announce_end, told_alive
from notebooks.errors import KernelError, NotFoundError
from notebooks.kernels.records import KernelChange, KernelChanges, KernelState

RETRY_SECONDS = 2.0
"""Pause after the runner or the database could not be reached, or another worker follows."""

GONE = "The machine that runs your code was restarted."

_log = structlog.get_logger(__name__)


class ChangingRunner(Protocol):
    """A runner that tells which kernels ended; `notebooks.kernels.client.RunnerClient` is one."""

    async def changes(self, url: str, epoch: str, after: int) -> KernelChanges:
        """Return what ended after a number, waiting a while for it; raises KernelError."""
        ...


class Follower:
    """Tells pages what became of the kernels of one runner."""

    def __init__(self, database: Database, runner: ChangingRunner, url: str) -> None:
        self._database = database
        self._runner = runner
        self._url = url
        self._lock = _lock_number(url)

    async def follow(self) -> None:
        """Follow the runner for ever, whenever no other worker does."""
        while True:
            try:
                await self._follow_once()
            except (KernelError, SQLAlchemyError) as error:
                _log.info("runner cannot be followed", url=self._url, error=str(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow_once(self) -> None:
        """Follow until something fails; return if another worker is at it."""
        connection = await asyncio.to_thread(self._connect)
        try:
            if await asyncio.to_thread(self._locked, connection):
                await self._tell_all(connection)
        finally:
            # Not back into the pool: the lock ends with the connection.
            await asyncio.to_thread(_close, connection)

    async def _tell_all(self, connection: Connection) -> None:
        epoch, number = "", 0
        while True:
            # Read before the runner is asked: what starts afterwards cannot be taken for gone.
            alive = {} if epoch else await asyncio.to_thread(self._told_alive)
            news = await self._runner.changes(self._url, epoch, number)
            await asyncio.to_thread(_still_there, connection)
            if news.living is None:
                await asyncio.to_thread(self._tell, news.changes)
            elif epoch:
                epoch = ""  # a restarted runner: begin anew, in the right order
                continue
            else:
                await asyncio.to_thread(self._tell_gone, alive, frozenset(news.living))
            epoch, number = news.epoch, news.last

    def _told_alive(self) -> Mapping[UUID, str]:
        with self._database.transaction() as session:
            return told_alive(session, self._url)

    def _tell(self, changes: tuple[KernelChange, ...]) -> None:
        for change in changes:
            status = change.status
            if status.kernel_id is None:
                continue
            self._tell_end(change.attempt_id, status.kernel_id, status.state, status.reason)

    def _tell_gone(self, alive: Mapping[UUID, str], living: frozenset[str]) -> None:
        for attempt_id, kernel_id in alive.items():
            if kernel_id not in living:
                self._tell_end(str(attempt_id), kernel_id, "dead", GONE)

    def _tell_end(
        self, attempt_id: str, kernel_id: str, state: KernelState, reason: str | None
    ) -> None:
        try:
            with self._database.transaction() as session:
                announce_end(session, UUID(attempt_id), kernel_id, state, reason)
        except (NotFoundError, ValueError):
            # Erased meanwhile, or a kernel that somebody else than a worker started.
            _log.info("kernel of no attempt", attempt_id=attempt_id)

    def _connect(self) -> Connection:
        # No transaction stays open beside the lock.
        return self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def _locked(self, connection: Connection) -> bool:
        return bool(connection.scalar(select(func.pg_try_advisory_lock(self._lock))))


def _still_there(connection: Connection) -> None:
    connection.scalar(select(1))


def _close(connection: Connection) -> None:
    connection.invalidate()
    connection.close()


def _lock_number(url: str) -> int:
    digest = hashlib.sha256(b"casebook-follow " + url.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
