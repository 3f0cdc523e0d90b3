"""Replays on this machine: by the runner with its launcher, or in process for `casebook grade`."""

import os

from config.paths import own_folder, runtime_dir
from config.settings import Settings
from notebooks.kernels.records import ReplayRequest, ReplayResult
from notebooks.kernels.replay.host import replay
from notebooks.kernels.sandboxes.base import Launcher
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher


class SandboxReplayer:
    """Replays in a sandbox of a launcher's."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    async def replay(self, request: ReplayRequest) -> ReplayResult:
        """Replay once.

        Raises:
            SandboxError: The sandbox could not be started.
        """
        return await replay(self._launcher, request)


class LocalReplayer(SandboxReplayer):
    """Replays in sandboxes that this process starts itself; no runner is needed."""

    def __init__(self, settings: Settings) -> None:
        # Apart from the runner's folder, which a starting runner sweeps.
        folder = own_folder(runtime_dir(settings) / f"l{os.getpid()}", 0o711)
        self._own = BwrapLauncher(settings, folder)
        super().__init__(self._own)

    def close(self) -> None:
        """Remove what was made on the machine."""
        self._own.close()
