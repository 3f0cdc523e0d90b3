"""How a replay gets its sandbox: a fresh one, or a jail that a grading server forks."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol

import structlog

from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import CellResult, ReplayRequest
from notebooks.kernels.replay.code import program
from notebooks.kernels.replay.dialogue import Dialogue
from notebooks.kernels.replay.forked import ForkedSandbox
from notebooks.kernels.replay.parking import Copy, Jail, Parking, Work
from notebooks.kernels.replay.server import HASH_SEED, GradingServer, UnforkableError
from notebooks.kernels.replay.servers import GradingServers
from notebooks.kernels.sandboxes.base import Launcher, Sandbox

log = structlog.get_logger(__name__)


class Opened:
    """A sandbox in which a replay is about to begin."""

    def __init__(self, sandbox: Sandbox, note: str = "") -> None:
        self.sandbox = sandbox
        self.dialogue = Dialogue(sandbox)
        self.note = note
        """What an author should know about the way that was taken."""
        self.done: tuple[CellResult, ...] = ()
        """The cells that were run in it before."""
        self.well = False
        """Whether the replay went well to its end; set by whoever drives it."""

    async def ready(self) -> None:
        """Wait until it listens."""
        await self.dialogue.ready()

    async def passed(self, cells: Sequence[CellResult]) -> None:
        """Take note that these cells have been run, no question asked yet, and a subtask ends."""


class Opener(Protocol):
    """Opens sandboxes for replays."""

    def open(self, request: ReplayRequest) -> AbstractAsyncContextManager[Opened]:
        """Yield a sandbox for the request; it is closed, or kept for another one, afterwards.

        Raises:
            SandboxError: There is none to be had.
        """
        ...


class FreshOpener:
    """Starts a fresh sandbox for every replay."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    @asynccontextmanager
    async def open(self, request: ReplayRequest, note: str = "") -> AsyncIterator[Opened]:
        """Yield a fresh sandbox.

        Raises:
            SandboxError: It could not be started.
        """
        launched = program(self._launcher, "main", request.hash_seed, elsewhere=request.elsewhere)
        sandbox = await self._launcher.start(request.spec, launched, self._launcher.new_uid())
        try:
            yield Opened(sandbox, note)
        finally:
            await sandbox.close()

    def memory_bytes(self) -> int:
        """Return 0: nothing waits."""
        return 0

    async def close(self) -> None:
        """Do nothing: every sandbox is closed already."""


class _Forked(Opened):
    """A jail in which copies may be left behind for the next replay of the same work."""

    def __init__(self, jail: Jail | None, sandbox: ForkedSandbox, request: ReplayRequest) -> None:
        super().__init__(sandbox)
        self.jail = jail
        self._cells = request.cells

    async def passed(self, cells: Sequence[CellResult]) -> None:
        """Leave a copy behind."""
        if self.jail is not None:
            await self.jail.park(self.dialogue, self._cells[: len(cells)], cells)


class _Resumed(_Forked):
    """A copy that goes on, after leaving another one behind where it has waited."""

    def __init__(self, jail: Jail, copy: Copy, request: ReplayRequest) -> None:
        super().__init__(jail, jail.sandbox, request)
        self.done = copy.results

    async def ready(self) -> None:
        """Wake it."""
        await self.dialogue.resume()
        await self.passed(self.done)


class ForkingOpener:
    """Has a grading server fork a jail; where that cannot be, starts a fresh sandbox."""

    def __init__(self, servers: GradingServers, fresh: FreshOpener) -> None:
        self._servers = servers
        self._fresh = fresh
        self._parking = Parking()

    @asynccontextmanager
    async def open(self, request: ReplayRequest) -> AsyncIterator[Opened]:
        """Yield a forked jail, a copy that waits in one, or a fresh sandbox.

        Raises:
            SandboxError: None of them could be had.
        """
        async with AsyncExitStack() as stack:
            opened: _Forked | None = None
            note = ""
            if request.hash_seed == HASH_SEED and not request.elsewhere:
                try:
                    server = await stack.enter_async_context(self._servers.using(request.spec))
                    opened = await self._resumed(request) or await _forked(server, request)
                except UnforkableError as error:
                    note = f"Replays take longer, each in a sandbox started for it: {error}."
                except SandboxError as error:
                    log.warning("replay.not_forked", reason=str(error))
            if opened is None:
                yield await stack.enter_async_context(self._fresh.open(request, note))
                return
            try:
                yield opened
            finally:
                await self._leave(opened)

    def memory_bytes(self) -> int:
        """Return the memory of all copies that wait."""
        return self._parking.memory_bytes()

    async def close(self) -> None:
        """End every jail that waits."""
        await self._parking.close()

    async def _resumed(self, request: ReplayRequest) -> _Forked | None:
        work = Work.of(request)
        jail = self._parking.take(work) if work is not None else None
        if jail is None:
            return None
        copy = jail.best(request.cells)
        if copy is not None and await jail.take_up(copy, request.cells):
            return _Resumed(jail, copy, request)
        await jail.close()
        return None

    async def _leave(self, opened: _Forked) -> None:
        jail = opened.jail
        if jail is None:
            await opened.sandbox.close()
        elif opened.well and await jail.settle():
            self._parking.keep(jail)
        else:
            await jail.close()


async def _forked(server: GradingServer, request: ReplayRequest) -> _Forked:
    sandbox = await server.fork(request.spec)
    # An ordinary user cannot look into a jail as closely as it takes.
    work = Work.of(request) if sandbox.uid is not None else None
    jail = Jail(sandbox, server, work) if work is not None else None
    return _Forked(jail, sandbox, request)
