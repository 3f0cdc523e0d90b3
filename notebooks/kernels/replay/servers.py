"""Every grading server of one host: started on first use, the longest unused one ended."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.replay.server import GradingServer, ServerKey, UnforkableError
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher

log = structlog.get_logger(__name__)

_REMEMBERED = 256
"""How many environments are known not to be forkable."""


class GradingServers:
    """At most `limit` servers, and more only while every one of them is in use."""

    def __init__(self, launcher: BwrapLauncher, limit: int) -> None:
        self._launcher = launcher
        self._limit = limit
        self._servers: OrderedDict[ServerKey, asyncio.Task[GradingServer]] = OrderedDict()
        self._unforkable: OrderedDict[ServerKey, str] = OrderedDict()
        self._closed = False

    def unforkable(self, spec: KernelSpec) -> str | None:
        """Return why this spec's environment cannot be forked, if that is known."""
        return self._unforkable.get(ServerKey.of(spec))

    @asynccontextmanager
    async def using(self, spec: KernelSpec) -> AsyncIterator[GradingServer]:
        """Yield the server for a spec, started if need be; it is not ended meanwhile.

        Raises:
            UnforkableError: There can be none, now and later.
            SandboxError: None could be started.
        """
        server = await self._ready(ServerKey.of(spec))
        server.jails += 1
        try:
            await self._trim()
            yield server
        finally:
            server.jails -= 1

    async def warm(self, spec: KernelSpec) -> None:
        """Start the server for a spec ahead of its first use.

        Raises:
            UnforkableError: There can be none, now and later.
            SandboxError: None could be started.
        """
        await self._ready(ServerKey.of(spec))
        await self._trim()

    def memory_bytes(self) -> int:
        """Return the memory of all servers, without their jails."""
        return sum(
            server.memory_bytes()
            for server in map(_running, self._servers.values())
            if server is not None
        )

    async def close(self) -> None:
        """End every server and every jail."""
        self._closed = True
        tasks = list(self._servers.values())
        self._servers.clear()
        await asyncio.gather(*(_end(task) for task in tasks))

    async def _ready(self, key: ServerKey) -> GradingServer:
        if (reason := self._unforkable.get(key)) is not None:
            raise UnforkableError(reason)
        task = self._servers.get(key)
        if task is not None and _is_dead(task):
            log.warning("grading_server.ended", environment=key.environment)
            del self._servers[key]
            await _end(task)
            task = self._servers.get(key)
        if self._closed:
            raise SandboxError("the grading servers are closed.")
        if task is None:
            task = asyncio.create_task(GradingServer.start(self._launcher, key))
            self._servers[key] = task
        self._servers.move_to_end(key)
        try:
            return await asyncio.shield(task)
        except UnforkableError as error:
            self._remember(key, str(error))
            raise
        finally:
            failed = task.done() and (task.cancelled() or task.exception() is not None)
            if failed and self._servers.get(key) is task:
                del self._servers[key]

    def _remember(self, key: ServerKey, reason: str) -> None:
        if key in self._unforkable:
            return
        log.warning("grading_server.unforkable", environment=key.environment, reason=reason)
        self._unforkable[key] = reason
        while len(self._unforkable) > _REMEMBERED:
            self._unforkable.popitem(last=False)

    async def _trim(self) -> None:
        """End the longest unused servers beyond the bound, but none that is in use."""
        for key, task in list(self._servers.items()):
            if len(self._servers) <= self._limit:
                return
            server = _running(task)
            if server is not None and server.jails == 0 and self._servers.get(key) is task:
                del self._servers[key]
                await _end(task)


def _running(task: asyncio.Task[GradingServer]) -> GradingServer | None:
    """Return the server that was started, or None while it starts or where that failed."""
    if not task.done() or task.cancelled() or task.exception() is not None:
        return None
    return task.result()


def _is_dead(task: asyncio.Task[GradingServer]) -> bool:
    server = _running(task)
    return task.done() and (server is None or not server.alive)


async def _end(task: asyncio.Task[GradingServer]) -> None:
    task.cancel()
    results = await asyncio.gather(task, return_exceptions=True)
    for server in results:
        if isinstance(server, GradingServer):
            await server.close()
