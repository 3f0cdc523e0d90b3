"""Jails kept with copies of a replay that wait, so that the next one need not run all cells again.

A copy is made after the cells of a subtask and before any question, and it goes on in a later
replay of the same work whose cells begin alike. Between the two, the process beside it is asked
hidden questions by whoever drives the replay, with a student's code around it that would like to
leave a note. So a copy is only taken up again if it can have got none: it shares nothing with any
other process, it has not run for a moment, nothing that it could look at has changed, and everybody
else in the jail is gone. In every other case the cells are run anew in a new jail.
"""

import asyncio
import contextlib
import socket
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import MAX_CHECKPOINTS, CellResult, Limits, ReplayCell, ReplayRequest
from notebooks.kernels.replay import inspection
from notebooks.kernels.replay.control import first_sender
from notebooks.kernels.replay.dialogue import Dialogue
from notebooks.kernels.replay.forked import ForkedSandbox
from notebooks.kernels.replay.server import GradingServer, ServerKey

log = structlog.get_logger(__name__)

_MAX_JAILS = 16
_MAX_BYTES = 1024 * 1024 * 1024
"""Of all jails that wait."""
_MAX_AGE_SECONDS = 900.0
_SHARE_OF_MEMORY = 4
"""A copy that holds more than the fourth part of its limit would soon be too much."""
_SETTLE_SECONDS = 1.0
_PAUSE_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Work:
    """Whose jail it is and what it is like; only equals share."""

    reuse_key: str
    key: ServerKey
    limits: Limits

    @classmethod
    def of(cls, request: ReplayRequest) -> "Work | None":
        """Return the work that a request is of; None if it shares with nobody."""
        if request.reuse_key is None:
            return None
        return cls(request.reuse_key, ServerKey.of(request.spec), request.spec.limits)


@dataclass(frozen=True, slots=True)
class Copy:
    """A process that waits, as it was when it began to."""

    process: int
    inside: int
    own: socket.socket
    cells: tuple[ReplayCell, ...]
    results: tuple[CellResult, ...]
    seen: tuple[str, ...]


class Jail:
    """A jail with copies in it; at any time at most one more process of a student's runs there."""

    def __init__(self, sandbox: ForkedSandbox, server: GradingServer, work: Work) -> None:
        self.sandbox = sandbox
        self.server = server
        self.work = work
        self.copies: list[Copy] = []
        self.kept_at = 0.0
        self._mark = ""
        self._spoiled = False

    async def park(
        self, dialogue: Dialogue, cells: Sequence[ReplayCell], results: Sequence[CellResult]
    ) -> None:
        """Leave a copy behind that has run these cells, if it can be done safely.

        No question may have been asked of the process. A copy that does not pass stays as a
        harmless sleeper, and the jail is not kept.
        """
        own, passed = socket.socketpair()
        own.settimeout(0)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        beneath = self.sandbox.dialogue
        made = None
        with contextlib.closing(passed):
            possible = not self._spoiled and len(self.copies) < MAX_CHECKPOINTS
            if possible and beneath is not None and await dialogue.park(passed, beneath):
                made = await self._inspected(own, tuple(cells), tuple(results))
                self._spoiled = made is None
        if made is None:
            own.close()
        else:
            self.copies.append(made)

    async def _inspected(
        self, own: socket.socket, cells: tuple[ReplayCell, ...], results: tuple[CellResult, ...]
    ) -> Copy | None:
        """Return the copy if nothing connects it with what goes on beside it."""
        try:
            async with asyncio.timeout(_SETTLE_SECONDS):
                process = await first_sender(own)
                while not inspection.sleeps(process):  # noqa: ASYNC110 - only a look tells
                    await asyncio.sleep(_PAUSE_SECONDS)
            init, inside = self.sandbox.init, inspection.inside_id(process)
            others = {copy.process for copy in self.copies}
            (going,) = inspection.children(init) - others - {process}
            if self.sandbox.uid is not None:
                inspection.kill_first(process)
            seen = inspection.snapshot(process)
            look = await self.sandbox.look()
            there = {1, inside, inspection.inside_id(going), *(each.inside for each in self.copies)}
            fine = (
                look.empty
                and set(look.processes) == there
                and inspection.is_alone(process, init)
                and inspection.is_alone(going, init)
                and inspection.shares_nothing(process, going)
                and inspection.maps_only(process, self.server.mappings)
                and inspection.resident_bytes(process)
                <= self.work.limits.memory_bytes // _SHARE_OF_MEMORY
                and inspection.snapshot(process) == seen
            )
        except (OSError, ValueError, KeyError, SandboxError, TimeoutError) as error:
            log.info("replay.not_parked", reason=repr(error))
            return None
        if not fine:
            return None
        self._mark = look.mark
        return Copy(process, inside, own, cells, results, seen)

    async def settle(self) -> bool:
        """End everything but the copies; return whether they may be taken up later."""
        if self._spoiled or not self.copies:
            return False
        try:
            look = await self.sandbox.clear([copy.inside for copy in self.copies])
            return self._untouched(look.processes, empty=look.empty, mark=look.mark)
        except (OSError, SandboxError):
            return False

    def _untouched(self, processes: Sequence[int], *, empty: bool, mark: str) -> bool:
        there = {1, *(copy.inside for copy in self.copies)}
        return (
            empty
            and mark == self._mark
            and set(processes) == there
            and all(inspection.snapshot(copy.process) == copy.seen for copy in self.copies)
        )

    def best(self, cells: Sequence[ReplayCell]) -> Copy | None:
        """Return the copy that has run the most of what these cells begin with."""
        fitting = (copy for copy in self.copies if tuple(cells[: len(copy.cells)]) == copy.cells)
        return max(fitting, key=lambda copy: len(copy.cells), default=None)

    async def take_up(self, copy: Copy, cells: Sequence[ReplayCell]) -> bool:
        """Make a copy the one that is talked to; False if it may not go on.

        The copies that are of no use for these cells any more are ended.
        """
        useless = [each for each in self.copies if tuple(cells[: len(each.cells)]) != each.cells]
        for each in useless:
            each.own.close()
            self.copies.remove(each)
        try:
            look = await self.sandbox.clear([each.inside for each in self.copies])
            if not self._untouched(look.processes, empty=look.empty, mark=look.mark):
                return False
            self.copies.remove(copy)
            await self.sandbox.follow(copy.inside)
            await self.sandbox.converse(copy.own)
        except (OSError, SandboxError):
            return False
        return True

    def memory_bytes(self) -> int:
        """Return the memory of the copies, what they share counted in parts."""
        return sum(inspection.shared_out_bytes(copy.process) for copy in self.copies)

    async def close(self) -> None:
        """End the jail with all that is in it."""
        for copy in self.copies:
            copy.own.close()
        self.copies.clear()
        await self.sandbox.close()


class Parking:
    """The jails that wait: a bounded number, of a bounded size, for a bounded time."""

    def __init__(self) -> None:
        self._jails: OrderedDict[Work, Jail] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()

    def take(self, work: Work) -> Jail | None:
        """Return the jail that waits for this work, if there is one; it is then the caller's."""
        jail = self._jails.pop(work, None)
        if jail is not None and not jail.server.alive:
            self._end(jail)
            return None
        return jail

    def keep(self, jail: Jail) -> None:
        """Keep a jail that has settled, in place of an earlier one of the same work."""
        earlier = self._jails.pop(jail.work, None)
        if earlier is not None:
            self._end(earlier)
        jail.kept_at = time.monotonic()
        self._jails[jail.work] = jail
        asyncio.get_running_loop().call_later(_MAX_AGE_SECONDS + 1, self._expire)
        while len(self._jails) > _MAX_JAILS or self.memory_bytes() > _MAX_BYTES:
            self._end(self._jails.popitem(last=False)[1])

    def memory_bytes(self) -> int:
        """Return the memory of all copies that wait."""
        return sum(jail.memory_bytes() for jail in self._jails.values())

    async def close(self) -> None:
        """End every jail."""
        for jail in self._jails.values():
            self._end(jail)
        self._jails.clear()
        await asyncio.gather(*self._closing)

    def _expire(self) -> None:
        oldest = time.monotonic() - _MAX_AGE_SECONDS
        for work in [work for work, jail in self._jails.items() if jail.kept_at < oldest]:
            self._end(self._jails.pop(work))

    def _end(self, jail: Jail) -> None:
        task = asyncio.create_task(jail.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
