"""Tasks that somebody began and has to see to their end."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Work:
    """A set of running tasks; one that is done leaves it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Begin a task and hold on to it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finish(self) -> None:
        """Wait until every task has ended, those included that others begin meanwhile."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cancel(self) -> None:
        """End every task."""
        for task in tuple(self._tasks):
            task.cancel()
        await self.finish()
