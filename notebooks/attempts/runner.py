"""What executing runs asks of a runner; `notebooks.kernels.client.RunnerClient` is one."""

from collections.abc import AsyncIterator
from typing import Protocol

from notebooks.kernels.records import KernelSpec, KernelStatus, RunEvent, RunRequest


class Runner(Protocol):
    """A runner, reached by its base URL. Every method raises KernelError when it fails.

    Attempts and runs are named by their ids as text.
    """

    async def ensure_kernel(self, url: str, attempt_id: str, spec: KernelSpec) -> KernelStatus:
        """Start the attempt's kernel or join the living one; "starting" is an answer."""
        ...

    async def start_run(self, url: str, attempt_id: str, request: RunRequest) -> None:
        """Execute a cell in the attempt's kernel; the same run id again does nothing.

        Raises KernelMissingError without a living kernel, KernelBusyError while it executes
        another run.
        """
        ...

    def events(self, url: str, attempt_id: str, run_id: str, after: int) -> AsyncIterator[RunEvent]:
        """Yield the run's events after number `after` until `Finished`, reconnecting by itself.

        Raises RunUnknownError if the runner does not know the run.
        """
        ...

    async def acknowledge(self, url: str, attempt_id: str, run_id: str, through: int) -> None:
        """Say that events up to this number are stored, so that the runner may drop them."""
        ...
