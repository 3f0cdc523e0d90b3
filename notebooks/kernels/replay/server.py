"""One grading server from the host's side: started in a sandbox of its own, asked for jails.

The server has run the code of packages, so nothing that it says is believed: which process a
message came from is the system's word, and the rights that are given to that process are the same
whoever it is.
"""

import asyncio
import base64
import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import KernelSpec, Limits, ModuleName
from notebooks.kernels.replay import inspection
from notebooks.kernels.replay.code import program
from notebooks.kernels.replay.control import Channel, Message
from notebooks.kernels.replay.forked import ForkedSandbox
from notebooks.kernels.sandboxes.base import (
    ADDRESS_SPACE_EXTRA,
    HOME,
    JAILED_UID,
    OPEN_FILES,
    SHARED_MEMORY,
    SHARED_MEMORY_BYTES,
    TEMPORARY,
    TEMPORARY_BYTES,
    python_mounts,
)
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher, BwrapSandbox
from notebooks.kernels.sandboxes.cgroups import CGroup
from notebooks.kernels.sandboxes.seccomp import copies_program, seccomp_program

HASH_SEED: Final = 0
"""Python's, of every server; a replay with another one begins afresh."""

_OWN_PLACES = (TEMPORARY, SHARED_MEMORY, HOME)
_WARM_SECONDS = 120.0
_STEP_SECONDS = 20.0
_LIMITS = Limits(memory_bytes=4 * 1024**3, processes=256, cpu_percent=200)
"""Of the server itself; each jail has its own."""


class UnforkableError(SandboxError):
    """This environment cannot be forked safely; the message says why."""


@dataclass(frozen=True, slots=True)
class ServerKey:
    """What a server holds. Whatever has the same key can be forked from it."""

    environment: str
    imports: tuple[ModuleName, ...]
    data: str | None

    @classmethod
    def of(cls, spec: KernelSpec) -> "ServerKey":
        """Return the key of a kernel spec."""
        return cls(spec.environment, tuple(sorted(set(spec.imports))), spec.data)


class GradingServer:
    """A running server. It ends with this process, and every jail with it."""

    def __init__(
        self, launcher: BwrapLauncher, key: ServerKey, sandbox: BwrapSandbox, control: Channel
    ) -> None:
        self.key = key
        self.jails = 0
        """How many are open."""
        self.mappings: frozenset[inspection.Mapping] = frozenset()
        """The files in its memory before it forks anything."""
        self._launcher = launcher
        self._sandbox = sandbox
        self._control = control
        self._process: int | None = None

    @classmethod
    async def start(cls, launcher: BwrapLauncher, key: ServerKey) -> "GradingServer":
        """Start a server and wait until it has imported everything.

        Raises:
            UnforkableError: It has threads, or jails cannot be made here.
            SandboxError: It could not be started.
        """
        if any(place.is_relative_to(own) for _, place in python_mounts() for own in _OWN_PLACES):
            # What is imported late would be out of a jail's sight.
            raise UnforkableError("the base Python lies where a jail has folders of its own")
        ours, theirs = Channel.pair()
        with contextlib.closing(theirs):
            started = program(launcher, "server", HASH_SEED, control=theirs.fileno(), jailer=True)
            spec = KernelSpec(environment=key.environment, data=key.data, limits=_LIMITS)
            try:
                sandbox = await launcher.start(spec, started, launcher.new_uid())
            except SandboxError:
                ours.close()
                raise
        server = cls(launcher, key, sandbox, ours)
        try:
            await server._warm()
            await (
                await server.fork(KernelSpec(environment=key.environment, data=key.data))
            ).close()
        except BaseException:
            await server.close()
            raise
        return server

    async def _warm(self) -> None:
        programs = (seccomp_program(), copies_program())
        seccomp = [base64.b64encode(program).decode("ascii") for program in programs]
        await self._control.send({"imports": list(self.key.imports), "seccomp": seccomp})
        try:
            async with asyncio.timeout(_WARM_SECONDS):
                message = await self._control.receive()
        except TimeoutError as error:
            reason = f"its imports took longer than {_WARM_SECONDS:.0f} s"
            raise UnforkableError(reason) from error
        if message is None:
            raise SandboxError(f"the grading server did not start: {self._sandbox.last_words()}")
        threads = message.payload.get("threads")
        if threads != 1:
            raise UnforkableError("its packages start threads when they are imported")
        self._process = message.process
        with contextlib.suppress(OSError):
            self.mappings = inspection.mappings(message.process)

    @property
    def alive(self) -> bool:
        """Return whether it still runs."""
        return self._sandbox.alive

    def memory_bytes(self) -> int:
        """Return the memory of the server itself, what it shares counted by halves and so on."""
        return 0 if self._process is None else inspection.shared_out_bytes(self._process)

    async def fork(self, spec: KernelSpec) -> ForkedSandbox:
        """Return a new jail with the spec's limits, in which a replay waits for orders.

        Raises:
            SandboxError: It could not be made; the server may have ended.
        """
        group = self._launcher.new_group(spec.limits)
        status, theirs_status = Channel.pair()
        dialogue, theirs = socket.socketpair()
        made: ForkedSandbox | None = None
        try:
            with contextlib.closing(theirs), contextlib.closing(theirs_status):
                order = self._order(spec.limits, limited=group is not None)
                await self._control.send(order, (theirs, theirs_status))
            uid = self._launcher.new_uid()
            async with asyncio.timeout(_STEP_SECONDS):
                apart = await _step(status, "apart")
                _admit(apart.process, uid, group)
                await status.send({})
                inside = await _step(status, "inside")
                made = ForkedSandbox(init=inside.process, uid=uid, group=group, status=status)
                await status.send({})
            dialogue.settimeout(0)
            await made.converse(dialogue)
        except BaseException as error:
            dialogue.close()
            if made is not None:
                await made.close()
            else:
                status.close()
                if group is not None:
                    await asyncio.to_thread(group.destroy)
            if isinstance(error, OSError | TimeoutError):
                raise SandboxError(f"no jail could be made: {error!r}") from error
            raise
        return made

    def _order(self, limits: Limits, *, limited: bool) -> dict[str, object]:
        # As in every sandbox, see `sandboxes.arguments`: 1 keeps a crash from the host's helpers.
        bounds = {"core": 1, "nofile": OPEN_FILES, "cpu": limits.cpu_seconds}
        if not limited:
            bounds["as"] = limits.memory_bytes + ADDRESS_SPACE_EXTRA
            bounds["nproc"] = limits.processes
        return {
            "map_self": not self._launcher.as_root,
            "student": JAILED_UID,
            "data": self.key.data is not None,
            "places": {
                TEMPORARY: TEMPORARY_BYTES,
                SHARED_MEMORY: SHARED_MEMORY_BYTES,
                str(HOME): limits.home_bytes,
            },
            "limits": bounds,
        }

    async def close(self) -> None:
        """End it and every jail that it made."""
        self._control.close()
        await self._sandbox.close()


async def _step(status: Channel, expected: str) -> Message:
    message = await status.receive()
    if message is None:
        raise SandboxError("no jail could be made: the grading server ended")
    if message.payload.get("step") != expected:
        reason = str(message.payload.get("failed", "it went another way"))[:500]
        raise UnforkableError(f"no jail could be made inside it: {reason}")
    return message


def _admit(process: int, uid: int | None, group: CGroup | None) -> None:
    """Give a jail's first process a user id of its own and put it under its limits."""
    if group is not None:
        for file in group.joining_files():
            file.write_text(str(process), encoding="ascii")
    if uid is not None:
        for name in ("uid_map", "gid_map"):
            place = Path(f"/proc/{process}/{name}")
            place.write_text(f"{JAILED_UID} {uid} 1", encoding="ascii")
