"""What grading needs of whoever replays notebooks: a runner far away, or this process."""

from typing import Protocol

from notebooks.kernels.records import ReplayRequest, ReplayResult


class Replayer(Protocol):
    """Runs cells in a fresh sandbox and asks questions about what they left."""

    async def replay(self, request: ReplayRequest) -> ReplayResult:
        """Return what the replay claimed; a death or a timeout is an outcome, not an error.

        Raises:
            KernelError: The replay could not be started.
        """
        ...
