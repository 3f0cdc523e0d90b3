"""The replays of one runner: each done once, a few at a time, results kept for a while."""

import asyncio
import os
from collections import OrderedDict

from notebooks.kernels.records import ReplayRequest, ReplayResult
from notebooks.kernels.replayer import Replayer

_KEPT = 32


class Replays:
    """Joins requests for the same replay, so that a caller who was cut off may ask again."""

    def __init__(self, replayer: Replayer) -> None:
        self._replayer = replayer
        self._places = asyncio.Semaphore(os.cpu_count() or 1)
        self._tasks: OrderedDict[str, asyncio.Task[ReplayResult]] = OrderedDict()

    async def replay(self, request: ReplayRequest) -> ReplayResult:
        """Do the replay, join the one that runs, or return the result that is kept.

        Raises:
            KernelError: It could not be started; asking again tries again.
        """
        task = self._tasks.get(request.replay_id)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(self._in_turn(request))
            self._tasks[request.replay_id] = task
            self._forget_old()
        # The replay goes on when the one who asked for it goes away.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End what runs."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _in_turn(self, request: ReplayRequest) -> ReplayResult:
        async with self._places:
            return await self._replayer.replay(request)

    def _forget_old(self) -> None:
        done = [name for name, task in self._tasks.items() if task.done()]
        for name in done[: max(0, len(done) - _KEPT)]:
            del self._tasks[name]
