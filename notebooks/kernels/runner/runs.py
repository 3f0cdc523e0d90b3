"""One run of one cell: driven through nbclient, told as numbered events, ended within limits."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from nbclient.exceptions import DeadKernelError

from notebooks.kernels.records import (
    Finished,
    Limits,
    OutputAppended,
    OutputSet,
    RunEventBody,
    RunRequest,
    Started,
)
from notebooks.kernels.runner.connection import KernelConnection
from notebooks.kernels.runner.events import EventLog
from notebooks.kernels.runner.explain import Surroundings, explain
from notebooks.kernels.runner.outputs import OutputCollector
from notebooks.kernels.sandboxes.base import describe_death

FLUSH_SECONDS = 0.05
"""How often what has changed becomes events."""
GRACE_SECONDS = 5.0
"""How long an interrupted cell may take to react before its process is ended."""

_OOM_COUNTER_SECONDS = 0.05
_KEPT_RUNS = 2000
_PENDING_BYTES = 256 * 1024 * 1024
"""Of events that nobody acknowledges, in all runs that have ended."""

EndReason = Literal["stop", "timeout", "restart"]


class Run:
    """A cell that executes, or has; its events stay readable after the kernel is gone."""

    def __init__(
        self,
        request: RunRequest,
        limits: Limits,
        look_around: Callable[[], Surroundings] = Surroundings,
    ) -> None:
        """Make a run; `look_around` reads what its cell has around it, should that explain it."""
        self.run_id = request.run_id
        self._source = request.source
        self._look_around = look_around
        self.log = EventLog()
        self._limits = limits
        self._collector = OutputCollector(limits)
        self._ended_by: EndReason | None = None
        self._end_requested = asyncio.Event()

    def stop(self) -> None:
        """Ask for the cell to be interrupted, and its process ended if that does not help."""
        self._end("stop")

    def abandon(self) -> None:
        """Say that the death of the kernel, which comes now, is a restart that somebody wants."""
        self._ended_by = "restart"

    def _end(self, reason: EndReason) -> None:
        if self._ended_by is None:
            self._ended_by = reason
        self._end_requested.set()

    def fail(self, message: str) -> None:
        """Finish a run that could not even begin."""
        if self.log.finished is not None:
            return
        if self._ended_by == "restart":
            self.log.append(Finished(outcome="stopped", message=_RESTARTED))
        else:
            self.log.append(Finished(outcome="died", message=message))

    async def drive(self, connection: KernelConnection) -> str | None:
        """Execute the cell; return why the kernel is dead afterwards, None if it lives."""
        self.log.append(Started())
        if self._ended_by == "stop":
            self.log.append(Finished(outcome="stopped", message=_STOPPED))
            return None
        flusher = asyncio.create_task(self._flush_regularly())
        watcher = asyncio.create_task(self._watch(connection))
        try:
            reply = await connection.execute(self._source, self._collector.on_message)
        except DeadKernelError:
            reason = await self._describe_death(connection)
            finished = self._finished_dead(reason)
            return_value: str | None = finished.message
        else:
            finished, return_value = self._finished(reply), None
        finally:
            for task in (flusher, watcher):
                task.cancel()
            await asyncio.gather(flusher, watcher, return_exceptions=True)
        await self._explain()
        self._tell(self._collector.finish())
        self.log.append(finished)
        # It is remembered for long; what it needed to run is not.
        self._source, self._collector = "", OutputCollector(self._limits)
        return return_value

    def _tell(self, events: Sequence[RunEventBody]) -> None:
        for body in events:
            if not self.log.append(body) and isinstance(body, OutputSet | OutputAppended):
                self._collector.resend(body.index)

    async def _explain(self) -> None:
        """Put a word to what means something else here than elsewhere."""
        nothing = Surroundings()
        for index, output in enumerate(self._collector.outputs()):
            if explain(output, nothing) is not None:
                note = explain(output, await asyncio.to_thread(self._look_around))
                if note is not None:
                    self._collector.explain(index, note)

    async def _flush_regularly(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            self._tell(self._collector.flush())

    async def _watch(self, connection: KernelConnection) -> None:
        """Interrupt the cell when its time is up or somebody asks; then end its process."""
        try:
            async with asyncio.timeout(self._limits.run_seconds):
                await self._end_requested.wait()
        except TimeoutError:
            self._end("timeout")
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline:
            # More than once: a loop that catches KeyboardInterrupt may end on the second.
            await connection.interrupt()
            await asyncio.sleep(GRACE_SECONDS / 4)
        connection.sandbox.kill()

    def _finished(self, reply: Mapping[str, Any] | None) -> Finished:
        content = reply or {}
        count = content.get("execution_count")
        count = count if type(count) is int else None
        ok = reply is None or content.get("status") == "ok"
        if ok:
            return Finished(outcome="ok", execution_count=count)
        if self._ended_by == "stop":
            return Finished(outcome="stopped", message=_STOPPED, execution_count=count)
        if self._ended_by == "timeout":
            return Finished(outcome="timeout", message=self._too_long(), execution_count=count)
        return Finished(outcome="error", execution_count=count)

    def _finished_dead(self, reason: str) -> Finished:
        if self._ended_by == "stop":
            return Finished(outcome="stopped", message=f"{_STOPPED} {_NAMES_LOST}")
        if self._ended_by == "timeout":
            return Finished(outcome="timeout", message=f"{self._too_long()} {_NAMES_LOST}")
        if self._ended_by == "restart":
            return Finished(outcome="stopped", message=_RESTARTED)
        return Finished(outcome="died", message=reason)

    def _too_long(self) -> str:
        return (
            f"The cell ran longer than {self._limits.run_seconds:g} seconds, so it was stopped. "
            "Look for a loop that does not end, or work on less data."
        )

    async def _describe_death(self, connection: KernelConnection) -> str:
        # The process may be gone a moment before the group's counter shows why.
        await asyncio.sleep(_OOM_COUNTER_SECONDS)
        return describe_death(
            exit_code=connection.sandbox.exit_code,
            out_of_memory=connection.sandbox.out_of_memory(),
            memory_bytes=self._limits.memory_bytes,
        )


class KnownRuns:
    """Runs by attempt and id; the oldest are forgotten, with their unacknowledged events."""

    def __init__(self) -> None:
        self._runs: OrderedDict[tuple[str, str], Run] = OrderedDict()

    def add(self, attempt_id: str, run: Run) -> None:
        """Remember a run."""
        self._runs[attempt_id, run.run_id] = run
        while len(self._runs) > _KEPT_RUNS:
            self._runs.popitem(last=False)
        pending = sum(each.log.pending_bytes for each in self._runs.values())
        for key, each in tuple(self._runs.items()):
            if pending <= _PENDING_BYTES:
                break
            if each.log.finished is not None and each.log.pending_bytes:
                pending -= each.log.pending_bytes
                del self._runs[key]

    def find(self, attempt_id: str, run_id: str) -> Run | None:
        """Return a run that is still remembered."""
        return self._runs.get((attempt_id, run_id))


_STOPPED = "You stopped the cell."
_RESTARTED = "You restarted Python while the cell ran."
_NAMES_LOST = (
    "It did not react, so its process was ended and its variables are gone; "
    "run the cells again from the top."
)
