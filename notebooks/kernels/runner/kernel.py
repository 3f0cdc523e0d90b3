"""One attempt's kernel, from its start to its death."""

import asyncio
import secrets
import time
from typing import TYPE_CHECKING

from notebooks.kernels.records import KernelSpec, KernelState, KernelStatus
from notebooks.kernels.runner.connection import KernelConnection
from notebooks.kernels.runner.control import NOTHING, Content
from notebooks.kernels.sandboxes.base import describe_death

if TYPE_CHECKING:
    from notebooks.kernels.runner.runs import Run

_ANSWER_SECONDS = 0.1
"""How long a run lets what was asked before it come to its end."""
_LATE_SECONDS = 20.0
"""How long an answer that nobody waits for any more may keep the kernel from being asked again."""


class Kernel:
    """A kernel that starts, works, rests or is dead; `reason` says why it is dead."""

    def __init__(self, attempt_id: str, spec: KernelSpec) -> None:
        self.attempt_id = attempt_id
        self.kernel_id = secrets.token_hex(8)
        self.spec = spec
        self.run: Run | None = None
        self.driver: asyncio.Task[None] | None = None
        """What drives the run."""
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
        if state == "dead" and reason is None:
            reason = self.death()
        return KernelStatus(
            state=state,
            reason=reason,
            run_id=self.run.run_id if self.run else None,
            kernel_id=self.kernel_id,
        )

    def death(self) -> str | None:
        """Return why its process ended, in words for the student; None without one."""
        if self.connection is None:
            return None
        return describe_death(
            exit_code=self.connection.sandbox.exit_code,
            out_of_memory=self.connection.sandbox.out_of_memory(),
            memory_bytes=self.spec.limits.memory_bytes,
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
