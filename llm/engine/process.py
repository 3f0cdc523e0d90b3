"""Starting and ending the engine's process."""

import asyncio
import secrets
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from llm.client.profiles import PROFILES, Backend, Profile
from llm.engine.options import EngineOptions, Shape
from llm.errors import LlmError

LOAD_SECONDS = 300.0
"""A model of 18 GB takes a minute from a cold disk."""
_END_SECONDS = 5.0
_SAID = 20
"""Lines of the engine's last words that are kept."""
_LONGEST_LINE = 4096


class EngineError(LlmError):
    """The engine cannot be started; with its own last words."""


@dataclass(slots=True)
class Engine:
    """A running engine; `started` makes one."""

    origin: str
    key: SecretStr
    process: asyncio.subprocess.Process
    _said: deque[str]
    _listening: asyncio.Task[None]

    @classmethod
    async def started(
        cls, model: Path, shape: Shape | None = None, *, load_seconds: float = LOAD_SECONDS
    ) -> "Engine":
        """Start an engine and return it once the model is loaded.

        Raises:
            EngineError: the file is no model, there is not enough memory, or it takes too long.
        """
        if not await asyncio.to_thread(model.is_file):
            raise EngineError(f"There is no model file {model}.")
        key = SecretStr(secrets.token_urlsafe(32))
        told = EngineOptions(model=model, key=key, **(shape or Shape()).model_dump())
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "llm.engine.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE * 16,
        )
        said: deque[str] = deque(maxlen=_SAID)
        listening = asyncio.create_task(_listen(process.stderr, said))
        engine = cls("", key, process, said, listening)
        try:
            engine.origin = await engine._address(told, load_seconds)
        except BaseException:
            await engine.stop()
            raise
        return engine

    @property
    def profile(self) -> Profile:
        """What this engine can do."""
        return PROFILES[Backend.XLLAMACPP]

    @property
    def alive(self) -> bool:
        """Whether its process still runs."""
        return self.process.returncode is None

    def http(self) -> httpx.AsyncClient:
        """Return a client that the engine lets in; its owner closes it."""
        headers = {"Authorization": f"Bearer {self.key.get_secret_value()}"}
        return httpx.AsyncClient(base_url=self.origin, headers=headers, trust_env=False)

    async def stop(self) -> None:
        """End the process, at once if it does not go by itself; nothing happens if it is gone."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self.process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        await self._listening

    async def _address(self, told: EngineOptions, seconds: float) -> str:
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise EngineError("The engine's process has no pipes.")
        try:
            stdin.write(told.model_dump_json().encode() + b"\n")
            async with asyncio.timeout(seconds):
                await stdin.drain()
                line = (await stdout.readline()).decode().strip()
        except TimeoutError as error:
            raise EngineError(f"{told.model} was not loaded within {seconds:.0f} s.") from error
        except (BrokenPipeError, ConnectionResetError):
            line = ""
        if not line:
            await self.process.wait()
            await self._listening
            raise EngineError(f"{told.model} cannot be loaded: {self._last_words()}")
        return line

    def _last_words(self) -> str:
        return next((line for line in reversed(self._said) if line), "it says nothing")


async def _listen(stream: asyncio.StreamReader | None, said: deque[str]) -> None:
    """Keep the last lines of standard error, so that the pipe never fills."""
    if stream is None:
        return
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # a line longer than any that says something
            continue
        if not line:
            return
        said.append(line.decode(errors="replace").strip()[:_LONGEST_LINE])
