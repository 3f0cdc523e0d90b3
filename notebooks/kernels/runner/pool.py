"""Kernels that wait, started and with the case's modules imported, each for one student.

Their number follows the launches of late. They are started one at a time, at a low weight and
only while no student waits for a start; and they are the first to go when memory is wanted.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import structlog

from notebooks.errors import KernelError
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.runner.budget import Resident
from notebooks.kernels.runner.connection import KernelConnection
from notebooks.kernels.runner.demand import Demand
from notebooks.kernels.runner.work import Work

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 1.0

Starter = Callable[[KernelSpec], Awaitable[KernelConnection]]


@dataclass(slots=True)
class _Slot:
    spec: KernelSpec
    connection: KernelConnection

    @property
    def alive(self) -> bool:
        return self.connection.sandbox.alive


class Pool:
    """The slots of one runner, by the whole spec of their kernels."""

    def __init__(
        self, start: Starter, *, limit: int, may_start: Callable[[KernelSpec], bool]
    ) -> None:
        """Call with how a kernel is started, and what says whether one may be started now."""
        self.demand = Demand(limit)
        self._start = start
        self._may_start = may_start
        self._slots: list[_Slot] = []
        self._warming: KernelSpec | None = None
        self._warmer: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._closing = Work()

    def residents(self) -> Iterator[Resident]:
        """Yield what takes memory: slots, and the one that is being made."""
        for slot in self._slots:
            yield Resident(slot.spec, slot.connection.sandbox)
        if self._warming is not None:
            yield Resident(self._warming, None)

    def ready(self, spec: KernelSpec) -> int:
        """Return how many kernels of this kind are ready now."""
        return sum(slot.spec == spec and slot.alive for slot in self._slots)

    def take(self, spec: KernelSpec) -> KernelConnection | None:
        """Hand out a ready kernel of exactly this kind, None if there is none."""
        for slot in self._slots:
            if slot.spec == spec and slot.alive:
                self._slots.remove(slot)
                self._wake.set()
                slot.connection.sandbox.weigh(low=False)
                return slot.connection
        return None

    def drop_one(self) -> bool:
        """Give the memory of one slot back, of the kind that is wanted least; False without any."""
        if self._warmer is not None:
            self._warmer.cancel()
            self._warmer = None
            self._warming = None
            return True
        if not self._slots:
            return False
        order = {spec: place for place, spec in enumerate(self.demand.kinds(time.monotonic()))}
        self._drop(max(self._slots, key=lambda slot: order.get(slot.spec, len(order))))
        return True

    async def keep_filled(self) -> None:
        """Drop what is wanted no more and start what is missing, until cancelled."""
        while True:
            self._trim()
            spec = self._missing()
            if spec is not None:
                await self._fill(spec)
                continue
            self._wake.clear()
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """End every slot; `keep_filled` must have been cancelled."""
        if self._warmer is not None:
            self._warmer.cancel()
            await asyncio.gather(self._warmer, return_exceptions=True)
        for slot in tuple(self._slots):
            self._drop(slot)
        await self._closing.finish()

    def _missing(self) -> KernelSpec | None:
        now = time.monotonic()
        for spec in self.demand.kinds(now):
            if self.ready(spec) < self.demand.wanted(spec, now) and self._may_start(spec):
                return spec
        return None

    def _trim(self) -> None:
        now = time.monotonic()
        kept: dict[KernelSpec, int] = {}
        for slot in tuple(self._slots):
            kept[slot.spec] = kept.get(slot.spec, 0) + slot.alive
            if not slot.alive or kept[slot.spec] > self.demand.wanted(slot.spec, now):
                self._drop(slot)

    async def _fill(self, spec: KernelSpec) -> None:
        self._warming = spec
        self._warmer = asyncio.create_task(self._warm(spec))
        warmer = self._warmer
        try:
            await asyncio.wait({warmer})
        finally:
            if not warmer.done():
                warmer.cancel()
                await asyncio.wait({warmer})
            if self._warmer is warmer:
                self._warmer = self._warming = None

    async def _warm(self, spec: KernelSpec) -> None:
        try:
            connection = await self._start(spec)
            try:
                connection.sandbox.weigh(low=True)
                await connection.load(spec.imports)
            except BaseException:
                await asyncio.shield(connection.close())
                raise
        except KernelError as error:
            log.warning("pool.not_started", environment=spec.environment, error=str(error))
            self.demand.forget(spec)
        except Exception:
            # A full disk, say; the next launch of this kind tries again.
            log.exception("pool.not_started", environment=spec.environment)
            self.demand.forget(spec)
        else:
            self._slots.append(_Slot(spec, connection))

    def _drop(self, slot: _Slot) -> None:
        self._slots.remove(slot)
        slot.connection.sandbox.kill()
        self._closing.spawn(slot.connection.close())
