"""A sandbox that a grading server has forked: a jail with its own limits, ended by one signal."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notebooks.kernels.errors import SandboxError
from notebooks.kernels.replay.control import Channel
from notebooks.kernels.sandboxes.base import PIPE_BYTES, Sandbox
from notebooks.kernels.sandboxes.cgroups import CGroup

_END_SECONDS = 5.0
_LOOK_SECONDS = 5.0
_KILLED = 128 + signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Look:
    """What is in a jail, as its process 1 says, which runs nothing of a student's."""

    processes: tuple[int, ...]
    """By their ids inside."""
    empty: bool
    """Whether its writable places hold nothing."""
    mark: str
    """Changes with whatever a process can leave for a later one."""


def _read_look(said: object) -> Look:
    match said:
        case {"processes": [*processes], "empty": bool(empty), "mark": str(mark)}:
            return Look(tuple(n for n in processes if type(n) is int), empty, mark)
    raise SandboxError("the jail said something that makes no sense.")


class ForkedSandbox(Sandbox):
    """A jail; `init` is its process 1 and holds the whole of it."""

    def __init__(
        self, *, init: int, uid: int | None, group: CGroup | None, status: Channel
    ) -> None:
        self.init = init
        self.uid = uid
        self.group = group
        self.orders, self.answers = None, None
        self.dialogue: socket.socket | None = None
        """The socket below `orders` and `answers`."""
        self._handle = os.pidfd_open(init)
        self._status = status
        self._look: asyncio.Future[Look] | None = None
        self._exit_code: int | None = None
        self._ended = asyncio.Event()
        self._watcher = asyncio.create_task(self._watch())

    async def converse(self, dialogue: socket.socket) -> None:
        """Make the socket of a dialogue its orders and answers, in place of an earlier one."""
        if self.orders is not None:
            self.orders.close()
        self.dialogue = dialogue
        self.answers, self.orders = await asyncio.open_connection(sock=dialogue, limit=PIPE_BYTES)

    async def _watch(self) -> None:
        """Learn how the replay ended; its process 1 tells, or goes without a word."""
        try:
            while (message := await self._status.receive()) is not None:
                code = message.payload.get("exit")
                if message.process != self.init:
                    continue
                if type(code) is int:
                    self._end(code)
                elif "look" in message.payload and self._look is not None:
                    look, self._look = self._look, None
                    if not look.done():
                        look.set_result(_read_look(message.payload["look"]))
        except SandboxError:
            self.kill()
        self._end(_KILLED)
        if self._look is not None and not self._look.done():
            self._look.set_exception(SandboxError("the jail has ended."))

    async def look(self) -> Look:
        """Return what is in the jail.

        Raises:
            SandboxError: It does not answer.
        """
        return await self._ask({"op": "look"})

    async def clear(self, kept: Sequence[int]) -> Look:
        """End all processes but these, by their ids inside, and return what is in the jail then.

        Raises:
            SandboxError: It does not answer.
        """
        return await self._ask({"op": "clear", "keep": list(kept)})

    async def follow(self, process: int) -> None:
        """Take another process, by its id inside, for the replay whose end is told.

        Raises:
            SandboxError: It does not answer.
        """
        await self._ask({"op": "watch", "process": process})
        self._exit_code = None
        self._ended.clear()

    async def _ask(self, order: Mapping[str, object]) -> Look:
        if self._look is not None:
            raise SandboxError("the jail is asked something else.")
        self._look = asyncio.get_running_loop().create_future()
        look = self._look
        try:
            await self._status.send(order)
            async with asyncio.timeout(_LOOK_SECONDS):
                return await look
        except TimeoutError as error:
            raise SandboxError("the jail does not answer.") from error
        finally:
            self._look = None

    def _end(self, code: int) -> None:
        if self._exit_code is None:
            self._exit_code = code
            self._ended.set()

    @property
    def exit_code(self) -> int | None:
        """Return None while the replay runs, else its exit code."""
        return self._exit_code

    async def wait(self) -> int:
        """Wait until the replay has ended and return its exit code."""
        await self._ended.wait()
        return _KILLED if self._exit_code is None else self._exit_code

    def kill(self) -> None:
        """End every process in the jail at once."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def last_words(self) -> str:
        """Return nothing: a jail has no error stream."""
        return ""

    def out_of_memory(self) -> bool:
        """Return whether the kernel ended a process of it for want of memory."""
        return self.group is not None and self.group.out_of_memory_kills() > 0

    async def close(self) -> None:
        """End it, wait until nothing of it is left, and remove its group."""
        self.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await self._gone()
        self._watcher.cancel()
        await asyncio.gather(self._watcher, return_exceptions=True)
        self._end(_KILLED)
        self._status.close()
        os.close(self._handle)
        if self.orders is not None:
            self.orders.close()
        if self.group is not None:
            await asyncio.to_thread(self.group.destroy)

    async def _gone(self) -> None:
        """Wait until process 1 has ended, and with it every other."""
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._handle, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self._handle)
