"""A running container, as everybody else sees it."""

import asyncio
import contextlib
import re
import signal
from collections.abc import Mapping

from notebooks.kernels.errors import SandboxError
from notebooks.kernels.sandboxes.base import Sandbox
from notebooks.kernels.sandboxes.container.engine import Engine
from notebooks.kernels.sandboxes.container.entry import Connection, Entry

_SPOKEN_BYTES = 64 * 1024
_TOLD_BYTES = 64
_TOLD = re.compile(rb"(end|memory) ([0-9]{1,3})\n")
_KILLED = 128 + signal.SIGKILL
_HANG_UP_SECONDS = 1.0
"""How long what waits inside for the lifeline to end may take to end everything."""
_END_SECONDS = 20.0


class ContainerSandbox(Sandbox):
    """A container that has connected; its end is told by its lifeline, at no cost."""

    def __init__(
        self, engine: Engine, container: str, entry: Entry, connections: Mapping[str, Connection]
    ) -> None:
        self.container = container
        self.uid = entry.uid
        dialogue = connections.get("dialogue")
        self.orders = None if dialogue is None else dialogue.writer
        self.answers = None if dialogue is None else dialogue.reader
        self._engine = engine
        self._entry = entry
        self._lifeline = connections["lifeline"]
        self._spoken = bytearray()
        self._listener = asyncio.create_task(self._listen(connections["words"].reader))
        self._exit_code: int | None = None
        self._out_of_memory = False
        self._end = asyncio.create_task(self._watch())
        self._killer: asyncio.Task[None] | None = None

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        """Keep the first words for diagnosis; a flood is cut off, not read."""
        with contextlib.suppress(OSError):
            while len(self._spoken) < _SPOKEN_BYTES and (chunk := await stream.read(4096)):
                self._spoken += chunk

    async def _watch(self) -> None:
        """Wait for the lifeline's end, and note how it came."""
        told = b""
        with contextlib.suppress(OSError):
            while len(told) < _TOLD_BYTES and (chunk := await self._lifeline.reader.read(64)):
                told += chunk
        match = _TOLD.fullmatch(told)
        code = _KILLED
        if match is not None:
            code, self._out_of_memory = int(match[2]), match[1] == b"memory"
        elif self._killer is None:
            # Killed whole, perhaps for want of memory; or not yet, if what it told is nonsense.
            with contextlib.suppress(SandboxError):
                await self._engine.do(lambda: self._engine.kill(self.container))
                state = await self._engine.do(lambda: self._engine.ended(self.container))
                self._out_of_memory = state is not None and state.out_of_memory
        self._exit_code = code

    @property
    def exit_code(self) -> int | None:
        """Return None while it runs, else its exit code."""
        return self._exit_code

    async def wait(self) -> int:
        """Wait until it has ended and return its exit code."""
        await asyncio.shield(self._end)
        return _KILLED if self._exit_code is None else self._exit_code

    def last_words(self) -> str:
        """Return what the program wrote on its error stream."""
        return self._spoken.decode(errors="replace").strip()[-2000:]

    def out_of_memory(self) -> bool:
        """Return whether a process of it was ended for want of memory."""
        return self._out_of_memory

    def kill(self) -> None:
        """End every process in it at once."""
        self._lifeline.hang_up()
        if self._killer is None and self.alive:
            self._killer = asyncio.create_task(self._kill_if_need_be())

    async def _kill_if_need_be(self) -> None:
        """Let the engine end it, should what waits inside have been ended itself."""
        done, _ = await asyncio.wait({self._end}, timeout=_HANG_UP_SECONDS)
        if not done:
            with contextlib.suppress(SandboxError):
                await self._engine.do(lambda: self._engine.kill(self.container))

    async def close(self) -> None:
        """End it, and remove everything of it from the engine and the host."""
        self.kill()
        await asyncio.wait({self._end}, timeout=_END_SECONDS)
        if self._killer is not None:
            await self._killer
        try:
            await self._engine.do(lambda: self._engine.remove(self.container))
        finally:
            for task in (self._end, self._listener):
                task.cancel()
            await asyncio.gather(self._end, self._listener, return_exceptions=True)
            self._entry.close()
