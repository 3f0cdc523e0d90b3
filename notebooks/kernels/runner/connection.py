"""A living kernel as nbclient sees it: started, ready, executing one cell at a time."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import Empty
from typing import Any, Self

import structlog
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, DeadKernelError
from nbformat import NotebookNode, v4

from notebooks.kernels.errors import SandboxError
from notebooks.kernels.provisioners.base import (
    START_SECONDS,
    SandboxKernelSpecs,
    SandboxProvisioner,
)
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.runner.control import Content, ControlChannel, exchange
from notebooks.kernels.sandboxes.base import Launcher, Sandbox

log = structlog.get_logger(__name__)

_MAX_LOGGED = 500
_MAX_MESSAGE_BYTES = 8 * 1024 * 1024
_MAX_QUEUED_MESSAGES = 64
_READY_POLL_SECONDS = 0.5
_IOPUB_POLL_SECONDS = 0.05
_INTERRUPT_SECONDS = 1.0
_SETTLE_TRIES = 3
_SETTLE_SECONDS = 0.3

_IMPORTS = """
for name in names:
    try:
        __import__(name)
    except BaseException:
        pass
"""

OnMessage = Callable[[str, Mapping[str, Any]], None]


def bounded_context() -> zmq.asyncio.Context:
    """Return a zmq context whose sockets take bounded messages and queue few of them."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.RCVHWM, _MAX_QUEUED_MESSAGES)
    context.setsockopt(zmq.MAXMSGSIZE, _MAX_MESSAGE_BYTES)
    context.setsockopt(zmq.LINGER, 0)
    return context


class _CellClient(NotebookClient):
    """nbclient without its unbounded memory: messages go to a callback, none is kept."""

    on_message: OnMessage
    reply: Mapping[str, Any] | None = None

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> None:
        """Hand over every message of the run; idle means that it is complete."""
        del cell, cell_index
        kind, content = msg["header"].get("msg_type"), msg.get("content")
        if not isinstance(kind, str) or not isinstance(content, Mapping):
            return
        if kind == "status":
            if content.get("execution_state") == "idle":
                raise CellExecutionComplete
            return
        self.on_message(kind, content)


class KernelConnection:
    """The kernel manager, its client and its sandbox."""

    def __init__(
        self, manager: AsyncKernelManager, client: AsyncKernelClient, sandbox: Sandbox
    ) -> None:
        self._manager = manager
        self._client = client
        self._control = ControlChannel(client)
        self._closed = False
        self.sandbox = sandbox

    @classmethod
    async def start(
        cls, launcher: Launcher, spec: KernelSpec, context: zmq.asyncio.Context
    ) -> Self:
        """Start a kernel in a sandbox and return when it answers.

        Raises:
            SandboxError: It did not start or did not answer in time.
        """
        manager = AsyncKernelManager(
            kernel_name="sandbox",
            context=context,
            kernel_spec_manager=SandboxKernelSpecs(launcher=launcher, kernel=spec),
        )
        try:
            await manager.start_kernel()
            client = manager.client()
            connection = cls(manager, client, _sandbox(manager))
            client.start_channels(hb=False, stdin=False)
            client.allow_stdin = False
            try:
                await connection._wait_until_ready()
            except BaseException:
                connection._control.close()
                client.stop_channels()
                raise
        except BaseException:
            await manager.cleanup_resources()
            raise
        return connection

    async def _wait_until_ready(self) -> None:
        """Wait for an answer on both channels; without jupyter_client's fixed flush of 0.2 s."""
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._answers():
                    if not self.sandbox.alive:
                        raise SandboxError(f"the kernel ended: {self.sandbox.last_words()}")
        except TimeoutError as error:
            message = f"the kernel did not answer within {START_SECONDS:.0f} s."
            raise SandboxError(message) from error

    async def _answers(self) -> bool:
        self._client.kernel_info()
        try:
            await self._client.get_shell_msg(timeout=_READY_POLL_SECONDS)
            await self._client.get_iopub_msg(timeout=_IOPUB_POLL_SECONDS)
        except Empty:
            return False
        return True

    async def execute(self, source: str, on_message: OnMessage) -> Mapping[str, Any] | None:
        """Execute one cell and return the content of its reply, None if there was nothing to do.

        Raises:
            DeadKernelError: The kernel died, was closed, or sent what is no message.
        """
        if self._closed:
            raise DeadKernelError("Kernel died")
        cell = v4.new_code_cell(source)  # type: ignore[no-untyped-call] # nbformat has no types
        runner = _CellClient(
            v4.new_notebook(cells=[cell]),  # type: ignore[no-untyped-call] # as above
            km=self._manager,
            timeout=None,
            allow_errors=True,
            store_widget_state=False,
            record_timing=False,
        )
        runner.kc = self._client
        runner.on_message = on_message
        replies: list[Mapping[str, Any]] = []
        runner.on_cell_executed = lambda **kwargs: replies.append(kwargs["execute_reply"])
        execution = asyncio.ensure_future(runner.async_execute_cell(cell, 0))
        death = asyncio.ensure_future(self.sandbox.wait())
        try:
            await asyncio.wait({execution, death}, return_when=asyncio.FIRST_COMPLETED)
            await self._finish(execution)
        finally:
            # nbclient polls every second; the process itself tells at once.
            execution.cancel()
            death.cancel()
            await asyncio.gather(execution, death, return_exceptions=True)
        return replies[0].get("content") if replies else None

    async def _finish(self, execution: asyncio.Future[Any]) -> None:
        if not execution.done() or execution.cancelled():
            raise DeadKernelError("Kernel died")
        try:
            await execution
        except DeadKernelError:
            raise
        except Exception as error:
            if self._closed:
                raise DeadKernelError("Kernel died") from error
            # Only code that forges messages gets here. The run is over; so is what lied about it.
            log.warning("kernel.nonsense", error=repr(error)[:_MAX_LOGGED])
            self.sandbox.kill()
            await self.sandbox.wait()
            raise DeadKernelError("Kernel said what no kernel says") from error

    async def ask(self, kind: str, content: Content) -> Content:
        """Send a request and return its reply's content; the kernel must be idle.

        Waits until it comes: what asks must be cancelled, and `settle`d, before a cell runs.
        """
        return await exchange(
            self._client.session, self._client.shell_channel.socket, kind, content
        )

    async def ask_beside(self, kind: str, content: Content, seconds: float) -> Content:
        """Send a request that a running cell does not keep waiting; nothing if it takes longer."""
        return await self._control.ask(kind, content, seconds)

    async def settle(self) -> bool:
        """Interrupt a request that nobody waits for any more; return whether the kernel is free.

        The interrupt has been delivered when this returns, so it cannot hit the next cell.
        """
        for _ in range(_SETTLE_TRIES):
            await self.interrupt()
            with suppress(TimeoutError):
                async with asyncio.timeout(_SETTLE_SECONDS):
                    await self.ask("kernel_info_request", {})
                    return True
        return False

    async def load(self, modules: Sequence[str]) -> None:
        """Import modules ahead of time and leave no other trace; those that fail are left out.

        Raises:
            SandboxError: The kernel died of it, or was not done in time.
        """
        names = json.dumps(list(modules))
        content = {
            # With names of its own: nothing is added to the student's.
            "code": f"exec({_IMPORTS!r}, {{'names': {names}}})",
            "silent": True,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        asking = asyncio.ensure_future(self._load(content))
        death = asyncio.ensure_future(self.sandbox.wait())
        try:
            done, _ = await asyncio.wait(
                {asking, death}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            asking.cancel()
            death.cancel()
            await asyncio.gather(asking, death, return_exceptions=True)
        if asking not in done:
            raise SandboxError(f"the modules could not be loaded: {', '.join(modules)}.")

    async def _load(self, content: Mapping[str, Any]) -> None:
        await self.ask("execute_request", content)
        with suppress(Empty):
            # What imports print is nobody's output.
            while True:
                await self._client.get_iopub_msg(timeout=_IOPUB_POLL_SECONDS)

    async def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the running cell, by message; return when that is done."""
        await self._control.ask("interrupt_request", {}, _INTERRUPT_SECONDS)

    async def close(self) -> None:
        """End the sandbox and remove everything of it."""
        self._closed = True
        # First the end of the process, of which a cell that executes learns; then the channels.
        await self._manager.cleanup_resources()
        self._control.close()
        self._client.stop_channels()


def _sandbox(manager: AsyncKernelManager) -> Sandbox:
    provisioner = manager.provisioner
    if not isinstance(provisioner, SandboxProvisioner) or provisioner.sandbox is None:
        raise SandboxError("the kernel has another provisioner than it should have.")
    return provisioner.sandbox
