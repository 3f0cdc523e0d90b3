"""The kernels of one runner: started or joined, culled when idle, ended when the runner ends."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog

from config.settings import Settings
from notebooks.errors import KernelError
from notebooks.kernels.errors import (
    KernelBusyError,
    KernelMissingError,
    RunnerFullError,
    RunUnknownError,
)
from notebooks.kernels.provisioners.base import sweep_sockets
from notebooks.kernels.records import KernelSpec, KernelState, KernelStatus, RunRequest
from notebooks.kernels.runner.connection import KernelConnection, bounded_context
from notebooks.kernels.runner.control import NOTHING, Content
from notebooks.kernels.runner.explain import Surroundings
from notebooks.kernels.runner.runs import Run
from notebooks.kernels.runner.surroundings import look_around
from notebooks.kernels.sandboxes.base import Launcher, describe_death

log = structlog.get_logger(__name__)

_CULL_SECONDS = 30.0
_KEPT_RUNS = 2000
"""Runs whose ids, and unacknowledged events, are remembered after they ended."""

_ANSWER_SECONDS = 0.1
"""How long a run lets what was asked before it come to its end."""
_LATE_SECONDS = 20.0
"""How long an answer that nobody waits for any more may keep the kernel from being asked again."""


class Kernel:
    """One attempt's kernel, from its start to its death."""

    def __init__(self, attempt_id: str, spec: KernelSpec) -> None:
        self.attempt_id = attempt_id
        self.spec = spec
        self.run: Run | None = None
        self.reason: str | None = None
        self.connection: KernelConnection | None = None
        self.starting: asyncio.Task[None] | None = None
        self.last_used = time.monotonic()
        self.shell = asyncio.Lock()
        self._asking: asyncio.Task[Content] | None = None

    @property
    def state(self) -> KernelState:
        """Return how it is now."""
        if self.reason is not None:
            return "dead"
        if self.connection is None:
            return "starting"
        if not self.connection.sandbox.alive and self.run is None:
            return "dead"
        return "idle" if self.run is None else "busy"

    def status(self) -> KernelStatus:
        """Return the state with its reason and its run, for the API."""
        state, reason = self.state, self.reason
        if state == "dead" and reason is None and self.connection is not None:
            reason = describe_death(
                exit_code=self.connection.sandbox.exit_code,
                out_of_memory=self.connection.sandbox.out_of_memory(),
                memory_bytes=self.spec.limits.memory_bytes,
            )
        return KernelStatus(
            state=state, reason=reason, run_id=self.run.run_id if self.run else None
        )

    async def ask(self, kind: str, content: Content, timeout_seconds: float) -> Content:
        """Complete or inspect; a kernel that is busy or slow answers with nothing.

        A slow answer is waited for in the background, so that it is not taken for another's and
        the next one comes faster; a run that begins meanwhile interrupts it.
        """
        if self.state != "idle" or self.connection is None or self.shell.locked():
            return NOTHING
        await self.shell.acquire()
        self._asking = asyncio.create_task(self._ask(self.connection, kind, content))
        done, _ = await asyncio.wait({self._asking}, timeout=timeout_seconds)
        return self._asking.result() if done else NOTHING

    async def _ask(self, connection: KernelConnection, kind: str, content: Content) -> Content:
        """Ask with the shell held, and let go of it when the answer is there."""
        try:
            async with asyncio.timeout(_LATE_SECONDS):
                return await connection.ask(kind, content)
        except TimeoutError:
            await connection.settle()
            return NOTHING
        finally:
            self.shell.release()

    async def variables(self, timeout_seconds: float) -> Content:
        """List the namespace; a kernel that is busy or slow answers with nothing."""
        if self.state != "idle" or self.connection is None:
            return NOTHING
        return await self.connection.ask_beside("casebook_variables_request", {}, timeout_seconds)

    async def settle(self) -> None:
        """Let nothing that was asked stand in the way of a cell."""
        asking = self._asking
        if asking is None or asking.done() or self.connection is None:
            return
        done, _ = await asyncio.wait({asking}, timeout=_ANSWER_SECONDS)
        if not done:
            asking.cancel()
            await asyncio.wait({asking})
            async with self.shell:
                await self.connection.settle()

    async def close(self) -> None:
        """End it and remove everything of it."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        if self.starting is not None:
            self.starting.cancel()
            await asyncio.gather(self.starting, return_exceptions=True)
        if self.connection is not None:
            await self.connection.close()


class Kernels:
    """All kernels of this runner, by attempt, and the runs that are still remembered."""

    def __init__(self, settings: Settings, launcher: Launcher) -> None:
        self._launcher = launcher
        self._limit = settings.kernel_limit
        self._idle_seconds = settings.kernel_idle_seconds
        self._context = bounded_context()
        self._kernels: dict[str, Kernel] = {}
        self._runs: OrderedDict[tuple[str, str], Run] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Clear away what an earlier runner left, and begin to cull idle kernels."""
        self._launcher.sweep()
        sweep_sockets(self._launcher.runtime)
        self._spawn(self._cull_regularly())

    async def close(self) -> None:
        """End every kernel; their runs are told why."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for kernel in self._kernels.values():
            if kernel.run is not None:
                kernel.run.fail("The machine that runs your code was restarted. Run it again.")
        await asyncio.gather(*(kernel.close() for kernel in self._kernels.values()))
        self._kernels.clear()
        self._context.term()

    def ensure(self, attempt_id: str, spec: KernelSpec) -> KernelStatus:
        """Start the attempt's kernel, or join the living one; a dead one is replaced.

        Raises:
            RunnerFullError: There is no room, and every kernel works.
        """
        kernel = self._kernels.get(attempt_id)
        if kernel is not None and kernel.state == "dead":
            self._drop(kernel)
            kernel = None
        if kernel is None:
            self._make_room()
            kernel = Kernel(attempt_id, spec)
            self._kernels[attempt_id] = kernel
            kernel.starting = asyncio.create_task(self._start_kernel(kernel))
        kernel.last_used = time.monotonic()
        return kernel.status()

    def get(self, attempt_id: str) -> Kernel:
        """Return the attempt's kernel, dead or alive; raises KernelMissingError."""
        try:
            return self._kernels[attempt_id]
        except KeyError:
            raise KernelMissingError("This attempt has no kernel; start one first.") from None

    def kill(self, attempt_id: str) -> None:
        """End the attempt's kernel, if there is one."""
        kernel = self._kernels.get(attempt_id)
        if kernel is not None:
            self._drop(kernel)

    def start_run(self, attempt_id: str, request: RunRequest) -> Run:
        """Execute a cell; the same run id again returns the same run.

        Raises:
            KernelMissingError: There is no living kernel.
            KernelBusyError: Another run executes.
        """
        known = self._runs.get((attempt_id, request.run_id))
        if known is not None:
            return known
        kernel = self.get(attempt_id)
        if kernel.state == "dead":
            raise KernelMissingError("The kernel is dead; start it again.")
        if kernel.run is not None:
            raise KernelBusyError(f"The kernel executes run {kernel.run.run_id}.")
        environment, data = (
            self._launcher.environment(kernel.spec),
            self._launcher.data(kernel.spec),
        )
        run = Run(request, kernel.spec.limits, partial(look_around, environment, data))
        kernel.run = run
        self._remember(attempt_id, run)
        self._spawn(self._drive(kernel, run))
        return run

    def run(self, attempt_id: str, run_id: str) -> Run:
        """Return a run that is still remembered; raises RunUnknownError."""
        try:
            return self._runs[attempt_id, run_id]
        except KeyError:
            raise RunUnknownError("This runner does not know the run.") from None

    def _surroundings(self, spec: KernelSpec) -> Callable[[], Surroundings]:
        return partial(look_around, self._launcher.environment(spec), self._launcher.data(spec))

    def _remember(self, attempt_id: str, run: Run) -> None:
        self._runs[attempt_id, run.run_id] = run
        while len(self._runs) > _KEPT_RUNS:
            self._runs.popitem(last=False)

    async def _start_kernel(self, kernel: Kernel) -> None:
        try:
            kernel.connection = await KernelConnection.start(
                self._launcher, kernel.spec, self._context
            )
        except KernelError as error:
            log.warning("kernel.not_started", attempt_id=kernel.attempt_id, error=str(error))
            kernel.reason = f"The kernel could not be started: {error}"
        except Exception:
            # A full disk, say. Without a reason it would stay "starting", and never be replaced.
            log.exception("kernel.not_started", attempt_id=kernel.attempt_id)
            kernel.reason = "The kernel could not be started: something is wrong on our side."

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

    def _make_room(self) -> None:
        if len(self._kernels) < self._limit:
            return
        free = [kernel for kernel in self._kernels.values() if kernel.state in {"idle", "dead"}]
        if not free:
            raise RunnerFullError("All kernels are in use at the moment. Try again in a minute.")
        self._drop(min(free, key=lambda kernel: kernel.last_used))

    def _drop(self, kernel: Kernel) -> None:
        self._kernels.pop(kernel.attempt_id, None)
        if kernel.connection is not None:
            kernel.connection.sandbox.kill()
        self._spawn(kernel.close())

    async def _cull_regularly(self) -> None:
        while True:
            await asyncio.sleep(_CULL_SECONDS)
            oldest = time.monotonic() - self._idle_seconds
            for kernel in tuple(self._kernels.values()):
                if kernel.state != "busy" and kernel.last_used < oldest:
                    self._drop(kernel)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
