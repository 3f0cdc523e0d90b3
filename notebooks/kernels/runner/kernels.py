"""The kernels of one runner: started, joined or queued for, culled when idle, ended with it."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from functools import partial

import structlog

from config.settings import Settings
from notebooks.errors import KernelError
from notebooks.kernels.errors import KernelBusyError, KernelMissingError, RunUnknownError
from notebooks.kernels.provisioners.base import sweep_sockets
from notebooks.kernels.records import KernelSpec, KernelStatus, RunRequest
from notebooks.kernels.runner.budget import Budget, Resident
from notebooks.kernels.runner.changes import ChangeLog
from notebooks.kernels.runner.connection import KernelConnection, bounded_context
from notebooks.kernels.runner.explain import Surroundings
from notebooks.kernels.runner.kernel import Kernel
from notebooks.kernels.runner.line import Line
from notebooks.kernels.runner.pool import Pool
from notebooks.kernels.runner.runs import KnownRuns, Run
from notebooks.kernels.runner.surroundings import look_around
from notebooks.kernels.runner.work import Work
from notebooks.kernels.sandboxes.base import Launcher

__all__ = ["Kernel", "Kernels"]

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 5.0
"""How often idle kernels are culled, places expire and memory is measured."""
_OOM_COUNTER_SECONDS = 0.05
_STARTS_PER_CORE = 2
"""Kernels that start at once: more would only all be late together."""

_ROOM_NEEDED = (
    "Your kernel was put to sleep because others needed the room. "
    "The next Run starts a new one; what earlier cells defined is gone."
)
_ENDED = "Your kernel was ended."


class Kernels:
    """All kernels of this runner, by attempt, and the runs that are still remembered."""

    def __init__(self, settings: Settings, launcher: Launcher) -> None:
        self._launcher = launcher
        self._idle_seconds = settings.kernel_idle_seconds
        self._spare_seconds = settings.kernel_spare_seconds
        self._budget = Budget(settings.kernels_memory_bytes, settings.kernel_limit)
        self._line = Line(settings.kernel_queue_limit)
        self._pool = Pool(self._connect, limit=settings.kernel_pool_limit, may_start=self._may_fill)
        self._starts = asyncio.Semaphore(_STARTS_PER_CORE * (os.cpu_count() or 1))
        self._context = bounded_context()
        self._kernels: dict[str, Kernel] = {}
        self._runs = KnownRuns()
        self._work, self._closing = Work(), Work()
        self.changes = ChangeLog(self._living)

    def start(self) -> None:
        """Clear away what an earlier runner left, and begin to look after the kernels."""
        self._launcher.sweep()
        sweep_sockets(self._launcher.runtime)
        self._work.spawn(self._look_regularly())
        self._work.spawn(self._pool.keep_filled())

    async def close(self) -> None:
        """End every kernel; their runs are told why."""
        await self._work.cancel()
        for kernel in self._kernels.values():
            if kernel.run is not None:
                kernel.run.fail("The machine that runs your code was restarted. Run it again.")
        await asyncio.gather(
            self._pool.close(), *(kernel.close() for kernel in self._kernels.values())
        )
        await self._closing.finish()
        self._kernels.clear()
        self._context.term()

    def ensure(self, attempt_id: str, spec: KernelSpec) -> KernelStatus:
        """Start the attempt's kernel, or join the living one; a dead one is replaced.

        While there is no room the attempt waits in a queue, in which it keeps its place by asking
        again. Raises RunnerFullError if that is full, too.
        """
        kernel = self._kernels.get(attempt_id)
        if kernel is not None and kernel.state == "dead":
            self._drop(kernel)
            kernel = None
        if kernel is None:
            if self._line.ask(attempt_id, spec, time.monotonic()):
                self._pool.demand.note(spec, time.monotonic())
            self._admit()
            kernel = self._kernels.get(attempt_id)
        if kernel is None:
            return KernelStatus(state="queued", position=self._line.position(attempt_id))
        kernel.last_used = time.monotonic()
        return kernel.status()

    def status(self, attempt_id: str) -> KernelStatus:
        """Return how the attempt's kernel is, or its place in the queue.

        Raises:
            KernelMissingError: It has neither.
        """
        position = self._line.position(attempt_id)
        if position is not None:
            return KernelStatus(state="queued", position=position)
        return self.get(attempt_id).status()

    def ready(self, spec: KernelSpec) -> int:
        """Return how many kernels of this kind wait for students."""
        return self._pool.ready(spec)

    def get(self, attempt_id: str) -> Kernel:
        """Return the attempt's kernel, dead or alive; raises KernelMissingError."""
        try:
            return self._kernels[attempt_id]
        except KeyError:
            raise KernelMissingError("This attempt has no kernel; start one first.") from None

    def kill(self, attempt_id: str) -> None:
        """End the attempt's kernel, or its waiting for one, if there is either."""
        self._line.leave(attempt_id)
        kernel = self._kernels.get(attempt_id)
        if kernel is not None:
            self._end(kernel, KernelStatus(state="dead", reason=_ENDED, kernel_id=kernel.kernel_id))
            self._admit()

    def restart(self, attempt_id: str) -> KernelStatus:
        """Replace the attempt's kernel by a new one; what it runs ends as stopped.

        Raises:
            KernelMissingError: There is none to restart.
        """
        kernel = self.get(attempt_id)
        if kernel.run is not None:
            kernel.run.abandon()
        self._drop(kernel)
        self._begin(attempt_id, kernel.spec)
        return self._kernels[attempt_id].status()

    def start_run(self, attempt_id: str, request: RunRequest) -> Run:
        """Execute a cell; the same run id again returns the same run.

        Raises:
            KernelMissingError: There is no living kernel.
            KernelBusyError: Another run executes.
        """
        known = self._runs.find(attempt_id, request.run_id)
        if known is not None:
            return known
        kernel = self.get(attempt_id)
        if kernel.state == "dead":
            raise KernelMissingError("The kernel is dead; start it again.")
        if kernel.run is not None:
            raise KernelBusyError(f"The kernel executes run {kernel.run.run_id}.")
        run = Run(request, kernel.spec.limits, self._surroundings(kernel.spec))
        kernel.run = run
        self._runs.add(attempt_id, run)
        kernel.driver = self._work.spawn(self._drive(kernel, run))
        return run

    def run(self, attempt_id: str, run_id: str) -> Run:
        """Return a run that is still remembered; raises RunUnknownError."""
        run = self._runs.find(attempt_id, run_id)
        if run is None:
            raise RunUnknownError("This runner does not know the run.")
        return run

    def _surroundings(self, spec: KernelSpec) -> Callable[[], Surroundings]:
        return partial(look_around, self._launcher.environment(spec), self._launcher.data(spec))

    def _living(self) -> Iterator[str]:
        for kernel in self._kernels.values():
            if kernel.state != "dead":
                yield kernel.kernel_id

    # Room: who may have a kernel now.

    def _residents(self) -> Iterator[Resident]:
        for kernel in self._kernels.values():
            if kernel.state != "dead":
                connection = kernel.connection
                yield Resident(kernel.spec, None if connection is None else connection.sandbox)
        yield from self._pool.residents()

    def _admit(self) -> None:
        """Give kernels to those whose turn it is, as long as there is room."""
        while (first := self._line.first()) is not None:
            attempt_id, spec = first
            if not self._make_room(spec):
                return
            self._line.leave(attempt_id)
            if attempt_id not in self._kernels:
                self._begin(attempt_id, spec)

    def _make_room(self, spec: KernelSpec) -> bool:
        """Return whether a kernel may begin, having dropped for it what can be spared."""
        if self._pool.ready(spec):
            return True
        while not self._budget.fits(self._residents(), spec):
            if not (self._pool.drop_one() or self._cull_one()):
                return False
        return True

    def _cull_one(self) -> bool:
        """Put the longest idle kernel to sleep; False if all work, or did a moment ago."""
        before = time.monotonic() - self._spare_seconds
        idle = [
            kernel
            for kernel in self._kernels.values()
            if kernel.state == "idle" and kernel.last_used <= before
        ]
        if not idle:
            return False
        self._sleep(min(idle, key=lambda kernel: kernel.last_used), _ROOM_NEEDED)
        return True

    def _may_fill(self, spec: KernelSpec) -> bool:
        """Return whether the pool may start a kernel: nobody waits for one, and it fits."""
        starting = any(kernel.state == "starting" for kernel in self._kernels.values())
        return (
            not starting
            and self._line.first() is None
            and self._budget.fits(self._residents(), spec)
        )

    # Life: from the start to the end.

    def _begin(self, attempt_id: str, spec: KernelSpec) -> None:
        kernel = Kernel(attempt_id, spec)
        self._kernels[attempt_id] = kernel
        kernel.connection = self._pool.take(spec)
        if kernel.connection is None:
            kernel.starting = asyncio.create_task(self._start_kernel(kernel))
        else:
            self._work.spawn(self._watch(kernel, kernel.connection))

    async def _start_kernel(self, kernel: Kernel) -> None:
        try:
            async with self._starts:
                kernel.connection = await self._connect(kernel.spec)
        except KernelError as error:
            log.warning("kernel.not_started", attempt_id=kernel.attempt_id, error=str(error))
            kernel.reason = f"The kernel could not be started: {error}"
        except Exception:
            # A full disk, say. Without a reason it would stay "starting", and never be replaced.
            log.exception("kernel.not_started", attempt_id=kernel.attempt_id)
            kernel.reason = "The kernel could not be started: something is wrong on our side."
        else:
            self._work.spawn(self._watch(kernel, kernel.connection))
            return
        self.changes.add(kernel.attempt_id, kernel.status())

    async def _connect(self, spec: KernelSpec) -> KernelConnection:
        return await KernelConnection.start(self._launcher, spec, self._context)

    async def _drive(self, kernel: Kernel, run: Run) -> None:
        try:
            if kernel.starting is not None:
                await asyncio.wait({kernel.starting})
            if kernel.connection is None:
                run.fail(kernel.reason or "The kernel was ended before the cell could run.")
                return
            await kernel.settle()
            async with kernel.shell:
                kernel.reason = await run.drive(kernel.connection)
        finally:
            kernel.run = None
            kernel.last_used = time.monotonic()
            run.fail("The kernel was ended.")
            if kernel.connection is not None:
                self._budget.forget(kernel.connection.sandbox)

    async def _watch(self, kernel: Kernel, connection: KernelConnection) -> None:
        """Wait for the end of a kernel's process, tell of it, and remove what it leaves."""
        await connection.sandbox.wait()
        # The process may be gone a moment before the group's counter shows why; and a run that
        # dies with it says so first.
        await asyncio.sleep(_OOM_COUNTER_SECONDS)
        if kernel.driver is not None:
            await asyncio.wait({kernel.driver})
        if self._kernels.get(kernel.attempt_id) is not kernel:
            return  # ended on purpose
        kernel.reason = kernel.reason or kernel.death()
        self.changes.add(kernel.attempt_id, kernel.status())
        self._closing.spawn(kernel.close())
        self._admit()

    def _sleep(self, kernel: Kernel, reason: str) -> None:
        self._end(kernel, KernelStatus(state="asleep", reason=reason, kernel_id=kernel.kernel_id))

    def _end(self, kernel: Kernel, status: KernelStatus) -> None:
        alive = kernel.state != "dead"
        self._drop(kernel)
        if alive:
            self.changes.add(kernel.attempt_id, status)

    def _drop(self, kernel: Kernel) -> None:
        self._kernels.pop(kernel.attempt_id, None)
        if kernel.connection is not None:
            kernel.connection.sandbox.kill()
        self._closing.spawn(kernel.close())

    async def _look_regularly(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self._look()
            except Exception:
                log.exception("kernels.not_looked_after")

    async def _look(self) -> None:
        self._cull_idle()
        await self._budget.refresh(self._residents())
        while self._budget.used_bytes(self._residents()) > self._budget.memory_bytes:
            if not (self._pool.drop_one() or self._cull_one()):
                break
        self._line.expire(time.monotonic())
        self._admit()

    def _cull_idle(self) -> None:
        oldest = time.monotonic() - self._idle_seconds
        for kernel in tuple(self._kernels.values()):
            if kernel.last_used < oldest and kernel.state in {"idle", "dead"}:
                self._sleep(kernel, _slept(self._idle_seconds))


def _slept(seconds: float) -> str:
    length = f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:g} seconds"  # noqa: PLR2004 - two minutes
    return (
        f"Your kernel was put to sleep after {length} without use. "
        "The next Run starts a new one; what earlier cells defined is gone."
    )
