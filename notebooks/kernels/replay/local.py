"""Replays on this machine: by the runner with its launcher, or in process for `casebook grade`."""

from config.settings import Settings
from notebooks.kernels.records import KernelSpec, ReplayRequest, ReplayResult
from notebooks.kernels.replay.host import replay
from notebooks.kernels.replay.openers import ForkingOpener, FreshOpener
from notebooks.kernels.replay.servers import GradingServers
from notebooks.kernels.sandboxes.base import Launcher
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from notebooks.kernels.sandboxes.choice import close_private_launcher, make_private_launcher


class SandboxReplayer:
    """Replays in sandboxes of a launcher's, forked by grading servers where it can be."""

    def __init__(self, launcher: Launcher, *, servers: int = 0) -> None:
        """Keep at most so many grading servers; none means a fresh sandbox for each replay."""
        fresh = FreshOpener(launcher)
        self._servers: GradingServers | None = None
        self._opener: FreshOpener | ForkingOpener = fresh
        if isinstance(launcher, BwrapLauncher) and servers > 0:
            self._servers = GradingServers(launcher, servers)
            self._opener = ForkingOpener(self._servers, fresh)

    async def replay(self, request: ReplayRequest) -> ReplayResult:
        """Replay once.

        Raises:
            SandboxError: The sandbox could not be started.
        """
        return await replay(self._opener, request)

    async def warm(self, spec: KernelSpec) -> None:
        """Have the grading server for a spec started ahead of its first replay, if there is one.

        Raises:
            SandboxError: It could not be started; a replay will say more.
        """
        if self._servers is not None:
            await self._servers.warm(spec)

    def memory_bytes(self) -> int:
        """Return the memory that grading servers and whatever waits in their jails hold."""
        servers = 0 if self._servers is None else self._servers.memory_bytes()
        return servers + self._opener.memory_bytes()

    async def close(self) -> None:
        """End every grading server; no replay may run."""
        await self._opener.close()
        if self._servers is not None:
            await self._servers.close()


class LocalReplayer(SandboxReplayer):
    """Replays in sandboxes that this process starts itself; no runner is needed."""

    def __init__(self, settings: Settings) -> None:
        self._own = make_private_launcher(settings)
        super().__init__(self._own, servers=settings.grading_server_limit)

    async def close(self) -> None:
        """Remove what was made on the machine."""
        await super().close()
        close_private_launcher(self._own)
