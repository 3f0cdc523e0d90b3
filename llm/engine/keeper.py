"""Keeps an engine running in the background: loads it, notices its end, starts it again."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import structlog
from pydantic import SecretStr

from llm.engine.options import Shape
from llm.engine.process import Engine, EngineError

PAUSES = (1.0, 5.0, 30.0, 120.0)
"""Seconds before starts after failures in a row; the last one for ever. A model that was served for
a while and died is started again after the first."""

_log = structlog.get_logger(__name__)

State = Literal["loading", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the engine is, at one moment."""

    state: State
    reason: str = ""
    """Why it failed, for operators."""
    origin: str = ""
    key: SecretStr = field(default_factory=lambda: SecretStr(""))


class Keeper:
    """Runs one engine in a thread of its own; `start` once, then look at `standing`."""

    def __init__(
        self, model: Path, shape: Shape | None = None, *, pauses: Sequence[float] = PAUSES
    ) -> None:
        self._model = model
        self._pauses = pauses
        self._shape = shape
        self._standing = Standing("loading")
        self._over: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="engine-keeper", daemon=True)

    @property
    def standing(self) -> Standing:
        """How the engine is now; may be read by any thread."""
        return self._standing

    def start(self) -> None:
        """Begin to load the model; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the engine and wait until it is gone."""
        if self._loop is not None and self._over is not None:
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._keep())

    async def _keep(self) -> None:
        self._over, self._loop = asyncio.Event(), asyncio.get_running_loop()
        failures = 0
        while not self._over.is_set():
            try:
                engine = await Engine.started(self._model, self._shape)
            except EngineError as error:
                self._failed(str(error))
                failures += 1
            else:
                failures = 0
                await self._serve(engine, self._over)
            await self._rest(self._pauses[min(failures, len(self._pauses) - 1)], self._over)

    async def _serve(self, engine: Engine, over: asyncio.Event) -> None:
        self._standing = Standing("ready", origin=engine.origin, key=engine.key)
        _log.info("engine.ready", model=self._model.name)
        waits = [asyncio.create_task(one) for one in (over.wait(), engine.process.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await engine.stop()
        if not over.is_set():
            self._failed("It ended by itself and is started again.")

    async def _rest(self, seconds: float, over: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(seconds):
                await over.wait()
        except TimeoutError:
            self._standing = Standing("loading", reason=self._standing.reason)

    def _failed(self, reason: str) -> None:
        self._standing = Standing("failed", reason=reason)
        _log.warning("engine.failed", model=self._model.name, reason=reason)
