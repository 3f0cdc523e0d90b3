"""Sandboxes by bubblewrap: the one place that runs bwrap.

As root every launch has a user id of its own and limits by cgroup; for an ordinary user a user
namespace does the same with that user's own id, and limits hold per process only.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

from config.settings import Settings
from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import KernelSpec, Limits
from notebooks.kernels.sandboxes.arguments import (
    SandboxFiles,
    SandboxSpec,
    bwrap_arguments,
    inner_command,
)
from notebooks.kernels.sandboxes.base import (
    JAILED_UID,
    PIPE_BYTES,
    PYTHON,
    Launcher,
    Program,
    Sandbox,
    passwd,
)
from notebooks.kernels.sandboxes.cgroups import CGroup, Hierarchy, find_hierarchy
from notebooks.kernels.sandboxes.seccomp import seccomp_program

_SPOKEN_BYTES = 64 * 1024
_JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done; shift; exec "$@"'


class BwrapSandbox(Sandbox):
    """A process of bwrap, and the group that holds everything below it."""

    def __init__(
        self, process: asyncio.subprocess.Process, group: CGroup | None, uid: int | None
    ) -> None:
        self.process = process
        self.group = group
        self.uid = uid
        self.orders, self.answers = process.stdin, process.stdout
        self._spoken = bytearray()
        self._listener: asyncio.Task[None] | None = None
        if process.stderr is not None:
            self._listener = asyncio.create_task(self._listen(process.stderr))

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        """Keep the first words for diagnosis; a flood is cut off, not read."""
        while len(self._spoken) < _SPOKEN_BYTES and (chunk := await stream.read(4096)):
            self._spoken += chunk

    @property
    def exit_code(self) -> int | None:
        """Return None while it runs, else its exit code."""
        return self.process.returncode

    async def wait(self) -> int:
        """Wait until it has ended and return its exit code."""
        return await self.process.wait()

    def last_words(self) -> str:
        """Return what bwrap or the program wrote on its error stream."""
        return self._spoken.decode(errors="replace").strip()[-2000:]

    def out_of_memory(self) -> bool:
        """Return whether the kernel ended a process of it for want of memory."""
        return self.group is not None and self.group.out_of_memory_kills() > 0

    def kill(self) -> None:
        """End every process in it at once."""
        if not self.alive:
            return
        # What is inside ends with bwrap, but not if bwrap has only just forked: so it is held
        # first, and everything is ended. Not by `process.kill()`: that may reap the process behind
        # the event loop's back, which then reports a wrong exit code.
        _send(signal.SIGSTOP, self.process.pid)
        for process in self.processes() | {self.process.pid}:
            _send(signal.SIGKILL, process)

    def processes(self) -> frozenset[int]:
        """Return those of its group; without one, those below bwrap."""
        if self.group is not None:
            return self.group.processes()
        return _descendants(self.process.pid)

    def weigh(self, *, low: bool) -> None:
        """Set the weight of its group, where it has one."""
        if self.group is not None:
            self.group.weigh(low=low)

    async def close(self) -> None:
        """End it, wait until nothing of it is left, and remove its group."""
        self.kill()
        if self.group is not None:
            # Before waiting: the wait is over only when nobody holds the error stream any more.
            await asyncio.to_thread(self.group.destroy)
        await self.process.wait()
        if self._listener is not None:
            self._listener.cancel()


class BwrapLauncher(Launcher):
    """Starts sandboxes: as root with a user id for each launch, else in a user namespace."""

    provisioner = "casebook-bwrap"

    def __init__(self, settings: Settings, runtime: Path) -> None:
        super().__init__(settings, runtime)
        self.hierarchy: Hierarchy | None = find_hierarchy(runtime)

    @property
    def weak_limits(self) -> bool:
        """Return whether only rlimits hold here: no memory, CPU and process limit per sandbox."""
        return self.hierarchy is None

    def notes(self) -> Iterator[str]:
        """Yield which limits do not hold here."""
        if self.weak_limits:
            yield (
                "Memory, CPU and process limits cannot be set for a whole sandbox here (no control "
                "groups); limits per process hold instead. Good for a demonstration only."
            )
        if not self.as_root:
            yield (
                "All sandboxes share this user's id: namespaces alone keep them apart, and a "
                "student can lift the seal of the own kernel's sockets. "
                "Good for a demonstration only."
            )

    def specify(self, spec: KernelSpec, program: Program, uid: int | None) -> SandboxSpec:
        """Return the sandbox for a kernel spec.

        Raises:
            SandboxError: The environment or the data folder does not exist.
        """
        return SandboxSpec(
            command=(str(PYTHON), *program.arguments),
            limits=spec.limits,
            read_only=self.mounts(spec, program),
            writable=(program.folder,) if program.folder is not None else (),
            environment=program.environment,
            uid=uid,
            limited_by_cgroup=not self.weak_limits,
            jailer=program.jailer,
        )

    async def start(self, spec: KernelSpec, program: Program, uid: int | None) -> BwrapSandbox:
        """Start a program in a sandbox of its own and return at once.

        Raises:
            SandboxError: Something that it needs does not exist, or bwrap cannot be started.
        """
        sandbox = self.specify(spec, program, uid)
        starting = asyncio.ensure_future(self._start(sandbox, program))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            # asyncio hangs when it has to give up a process whose pipes are half connected.
            with contextlib.suppress(SandboxError):
                await (await starting).close()
            raise

    async def _start(self, sandbox: SandboxSpec, program: Program) -> BwrapSandbox:
        group = self.new_group(sandbox.limits)
        descriptors: list[int] = []
        try:
            argv = self._command(sandbox, group, descriptors)
            stream = asyncio.subprocess.PIPE if program.piped else asyncio.subprocess.DEVNULL
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=stream if program.control is None else program.control,
                stdout=stream,
                stderr=asyncio.subprocess.PIPE,
                env={},
                cwd="/",
                pass_fds=descriptors,
                limit=PIPE_BYTES,
                start_new_session=True,
            )
        except BaseException as error:  # whoever waits may have been cancelled, too
            if group is not None:
                await asyncio.to_thread(group.destroy)
            if isinstance(error, OSError):
                raise SandboxError(f"bubblewrap cannot be started: {error}") from error
            raise
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return BwrapSandbox(process, group, sandbox.uid)

    def new_group(self, limits: Limits) -> CGroup | None:
        """Return a new group with these limits; None where there are no groups.

        Raises:
            SandboxError: The limits cannot be set.
        """
        if self.hierarchy is None:
            return None
        group = self.hierarchy.group(secrets.token_hex(6))
        try:
            group.create(limits)
        except OSError as error:
            raise SandboxError(f"limits cannot be set for a sandbox: {error}") from error
        return group

    def _command(
        self, sandbox: SandboxSpec, group: CGroup | None, descriptors: list[int]
    ) -> list[str]:
        bwrap = shutil.which("bwrap")
        if bwrap is None:
            raise SandboxError("bubblewrap is not installed; install the package `bubblewrap`.")
        uid = os.geteuid() if sandbox.uid is None else sandbox.uid
        seccomp = None
        if not sandbox.jailer:
            seccomp = _memory_file("seccomp", seccomp_program())
            descriptors.append(seccomp)
        users = _memory_file("passwd", passwd(JAILED_UID if sandbox.jailer else uid).encode())
        descriptors.append(users)
        options = bwrap_arguments(sandbox, SandboxFiles(seccomp, users))
        # By descriptor, since the command line of process 1 can be read inside.
        arguments = _memory_file("arguments", "\0".join((*options, "")).encode())
        descriptors.append(arguments)
        command = [bwrap, "--args", str(arguments), "--", *inner_command(sandbox)]
        joining = [str(path) for path in group.joining_files()] if group is not None else []
        return ["/bin/sh", "-c", _JOIN, "sh", *joining, "--", *command]

    def sweep(self) -> None:
        """End and remove what an earlier runner with this runtime folder has left behind."""
        if self.hierarchy is not None:
            for group in self.hierarchy.leftovers():
                group.destroy()

    def close(self) -> None:
        """Remove what the launcher itself made; its sandboxes must be closed."""
        if self.hierarchy is not None:
            self.hierarchy.remove()


def _send(number: signal.Signals, process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def _descendants(process: int) -> frozenset[int]:
    found = {process}
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in (thread / "children").read_text(encoding="ascii").split():
                found |= _descendants(int(child))
    except OSError:  # it has ended meanwhile
        pass
    return frozenset(found)


def _memory_file(name: str, content: bytes) -> int:
    descriptor = os.memfd_create(f"casebook-{name}", 0)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
