"""Starting and ending sandboxes on this host: the one place that runs bwrap."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath

from config.settings import Settings
from notebooks.environments.layout import base_python, environment_python
from notebooks.kernels.cgroups import CGroup, Hierarchy, find_hierarchy
from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.sandbox import (
    HOME,
    SandboxFiles,
    SandboxSpec,
    bwrap_arguments,
    inner_command,
    passwd,
)
from notebooks.kernels.seccomp import seccomp_program

PIPE_BYTES = 64 * 1024 * 1024
"""The longest line that a reader of a sandbox's output accepts."""

# Beyond everything that distributions, containers and systemd hand out.
_UIDS = range(1_900_000_000, 2_100_000_000)
_SPOKEN_BYTES = 64 * 1024
_JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done; shift; exec "$@"'


@dataclass(slots=True)
class Sandbox:
    """A running sandbox. It ends with the process that started it, whatever happens to that."""

    process: asyncio.subprocess.Process
    group: CGroup | None
    uid: int | None
    _spoken: bytearray = field(default_factory=bytearray)
    _listener: "asyncio.Task[None] | None" = None

    def listen(self) -> None:
        """Keep the last words of the sandbox for diagnosis; a flood is cut off, not read."""
        if self.process.stderr is not None:
            self._listener = asyncio.create_task(self._listen(self.process.stderr))

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        while len(self._spoken) < _SPOKEN_BYTES and (chunk := await stream.read(4096)):
            self._spoken += chunk

    @property
    def alive(self) -> bool:
        """Return whether the sandbox still runs."""
        return self.process.returncode is None

    def last_words(self) -> str:
        """Return what bwrap or the program wrote on its error stream."""
        return self._spoken.decode(errors="replace").strip()[-2000:]

    def out_of_memory(self) -> bool:
        """Return whether the kernel ended a process of it for want of memory."""
        return self.group is not None and self.group.out_of_memory_kills() > 0

    def kill(self) -> None:
        """End every process in it at once."""
        if self.alive:
            # Not `process.kill()`: that may reap the process behind the event loop's back, which
            # then reports a wrong exit code.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)

    async def close(self) -> None:
        """End it, wait until nothing of it is left, and remove its group."""
        self.kill()
        await self.process.wait()
        if self._listener is not None:
            self._listener.cancel()
        if self.group is not None:
            await asyncio.to_thread(self.group.destroy)


@dataclass(frozen=True, slots=True)
class Program:
    """What to run in a sandbox, beside what its kernel spec says."""

    arguments: tuple[str, ...]
    """For the environment's Python."""
    code: tuple[tuple[Path, PurePosixPath], ...] = ()
    """Program files of ours, and where they appear."""
    folder: Path | None = None
    """A host folder that the sandbox may write to, at its own place."""
    environment: Mapping[str, str] = field(default_factory=dict)
    piped: bool = False
    """Whether standard input and output are pipes to the caller."""


class Launcher:
    """Starts sandboxes: as root with a user id for each launch, else in a user namespace."""

    def __init__(self, settings: Settings, runtime: Path) -> None:
        self.runtime = runtime
        self.as_root = os.geteuid() == 0
        self.hierarchy: Hierarchy | None = find_hierarchy(runtime)
        self._environments = settings.environments_dir
        self._data = settings.state_dir / "data"
        self._published: set[Path] = set()
        self._uids = count(secrets.randbelow(len(_UIDS)))

    @property
    def weak_limits(self) -> bool:
        """Return whether only rlimits hold here: no memory, CPU and process limit per sandbox."""
        return self.hierarchy is None

    def new_uid(self) -> int | None:
        """Return a user id that nothing else here has; None where sandboxes keep our own."""
        if not self.as_root:
            return None
        return _UIDS[next(self._uids) % len(_UIDS)]

    def specify(self, spec: KernelSpec, program: Program, uid: int | None) -> SandboxSpec:
        """Return the sandbox for a kernel spec.

        Raises:
            SandboxError: The environment or the data folder does not exist.
        """
        environment = self._environments / spec.environment
        mounts = [(environment, PurePosixPath(environment)), *_python_mounts(), *program.code]
        if spec.data is not None:
            self._share(self._data / spec.data)
            mounts.append((self._data / spec.data, HOME / "data"))
        for source, _ in mounts:
            if not source.exists():
                raise SandboxError(f"{source} does not exist; build the case again.")
        return SandboxSpec(
            command=(str(environment_python(environment)), *program.arguments),
            limits=spec.limits,
            read_only=tuple(mounts),
            writable=(program.folder,) if program.folder is not None else (),
            environment=program.environment,
            uid=uid,
            limited_by_cgroup=not self.weak_limits,
        )

    async def start(self, spec: KernelSpec, program: Program, uid: int | None) -> Sandbox:
        """Start a program in a sandbox of its own and return at once.

        Raises:
            SandboxError: Something that it needs does not exist, or bwrap cannot be started.
        """
        return await self.start_specified(self.specify(spec, program, uid), piped=program.piped)

    async def start_specified(self, sandbox: SandboxSpec, *, piped: bool) -> Sandbox:
        """Start exactly this sandbox."""
        group = self._new_group(sandbox)
        descriptors: list[int] = []
        try:
            argv = self._command(sandbox, group, descriptors)
            stream = asyncio.subprocess.PIPE if piped else asyncio.subprocess.DEVNULL
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=stream,
                stdout=stream,
                stderr=asyncio.subprocess.PIPE,
                env={},
                cwd="/",
                pass_fds=descriptors,
                limit=PIPE_BYTES,
            )
        except OSError as error:
            if group is not None:
                await asyncio.to_thread(group.destroy)
            raise SandboxError(f"bubblewrap cannot be started: {error}") from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        running = Sandbox(process, group, sandbox.uid)
        running.listen()
        return running

    def _new_group(self, sandbox: SandboxSpec) -> CGroup | None:
        if self.hierarchy is None:
            return None
        group = self.hierarchy.group(secrets.token_hex(6))
        try:
            group.create(sandbox.limits)
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
        seccomp = _memory_file("seccomp", seccomp_program())
        descriptors.append(seccomp)
        users = _memory_file("passwd", passwd(uid).encode())
        descriptors.append(users)
        options = bwrap_arguments(sandbox, SandboxFiles(seccomp, users))
        # By descriptor, since the command line of process 1 can be read inside.
        arguments = _memory_file("arguments", "\0".join((*options, "")).encode())
        descriptors.append(arguments)
        command = [bwrap, "--args", str(arguments), "--", *inner_command(sandbox)]
        joining = [str(path) for path in group.joining_files()] if group is not None else []
        return ["/bin/sh", "-c", _JOIN, "sh", *joining, "--", *command]

    def publish(self, file: Path, package: PurePosixPath) -> Path:
        """Return a copy of a program file of ours that a sandbox's user may read.

        An installation may lie in files that only its owner can read.
        """
        copy = self.runtime / "code" / package / file.name
        if copy not in self._published:
            copy.parent.mkdir(parents=True, exist_ok=True)
            fresh = copy.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(file.read_bytes())
            fresh.chmod(0o444)
            fresh.replace(copy)
            self._published.add(copy)
        return copy

    def _share(self, data: Path) -> None:
        """Let a sandbox's user read a case's data, once."""
        if data in self._published or not self.as_root:
            return
        for where, _, files in os.walk(data):
            folder = Path(where)
            folder.chmod(folder.stat().st_mode | 0o555)
            for name in files:
                path = folder / name
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | 0o444)
        self._published.add(data)

    def sweep(self) -> None:
        """End and remove what an earlier runner with this runtime folder has left behind."""
        if self.hierarchy is not None:
            for group in self.hierarchy.leftovers():
                group.destroy()

    def close(self) -> None:
        """Remove what the launcher itself made; its sandboxes must be closed."""
        if self.hierarchy is not None:
            self.hierarchy.remove()


def _python_mounts() -> tuple[tuple[Path, PurePosixPath], ...]:
    prefix = base_python().parent.parent
    if prefix == Path("/usr"):
        return ()  # among the system folders already
    return ((prefix, PurePosixPath(prefix)),)


def _memory_file(name: str, content: bytes) -> int:
    descriptor = os.memfd_create(f"casebook-{name}", 0)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def describe_death(*, returncode: int | None, out_of_memory: bool, memory_bytes: int) -> str:
    """Return in plain words, for a student, why a sandbox ended."""
    if out_of_memory:
        limit = f"{memory_bytes / 1024**3:.2g} GB"
        return (
            f"Your code used more than {limit} of memory, so it was stopped. "
            "Work on less data at a time, or delete what you no longer need."
        )
    killed = 128 + signal.SIGKILL
    if returncode in {killed, -signal.SIGKILL}:
        return "The process that runs your code was killed. Run the cells again from the top."
    if returncode in {128 + signal.SIGXCPU, -signal.SIGXCPU}:
        return "Your code used up all the computing time it may have. Run the cells again."
    if returncode in {128 + signal.SIGSEGV, -signal.SIGSEGV}:
        return "The process that runs your code crashed (segmentation fault). Run the cells again."
    return (
        f"The process that runs your code ended by itself (exit code {returncode}). "
        "Run the cells again from the top."
    )
