"""What a sandbox is, whoever makes it: the contract between provisioners, replays and jails.

A launcher starts programs in sandboxes of one kind. Whatever runs inside has no network, sees one
environment, one case's data and its own sized folders, and is held by the limits of its spec.
"""

import asyncio
import contextlib
import os
import secrets
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath
from typing import ClassVar

from config.settings import Settings
from notebooks.environments.layout import base_python
from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import KernelSpec

HOME = PurePosixPath("/home/student")
CODE = PurePosixPath("/casebook")
"""Where program files of ours appear inside."""
ENVIRONMENT = PurePosixPath("/environment")
"""Where a sandbox finds its packages, wherever the host keeps them: below the host's /tmp, say, a
sandbox's own would hide them."""
PYTHON = ENVIRONMENT / "bin" / "python"

# Mounts of each sandbox's own, never the host's folders.
TEMPORARY = "/tmp"  # noqa: S108 # nosec B108
SHARED_MEMORY = "/dev/shm"  # noqa: S108 # nosec B108
IPYTHON_DIR = f"{TEMPORARY}/ipython"

TEMPORARY_BYTES = 64 * 1024 * 1024
SHARED_MEMORY_BYTES = 64 * 1024 * 1024
OPEN_FILES = 1024
ADDRESS_SPACE_EXTRA = 2 * 1024 * 1024 * 1024
"""Libraries reserve far more address space than they use."""

PIPE_BYTES = 64 * 1024 * 1024
"""The longest line that a reader of a sandbox's output accepts."""

# Beyond everything that distributions, containers and systemd hand out.
_UIDS = range(1_900_000_000, 2_100_000_000)

JAILED_UID = 1000
"""The user and group id that a jail inside a sandbox shows, whatever it is on the host."""

Mount = tuple[Path, PurePosixPath]
"""A file or folder of the host, and its place inside, where it is read-only."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run in a sandbox, beside what its kernel spec says."""

    arguments: tuple[str, ...]
    """For the environment's Python."""
    code: tuple[Mount, ...] = ()
    """Program files of ours, and where they appear."""
    folder: Path | None = None
    """A host folder that the sandbox may write to, at its own place."""
    environment: Mapping[str, str] = field(default_factory=dict)
    piped: bool = False
    """Whether standard input and output are pipes to the caller."""
    control: int | None = None
    """A descriptor that becomes its standard input, in place of a pipe."""
    jailer: bool = False
    """Whether it may make namespaces, since it runs nothing of a student's but in jails that it
    makes itself; filter and CPU time are then those jails' own. Only bubblewrap can do it."""


class Sandbox(ABC):
    """A running sandbox. It ends with the process that started it, whatever happens to that."""

    uid: int | None
    """The user id of whatever runs inside, as the host sees it; None: the starter's."""
    orders: asyncio.StreamWriter | None
    answers: asyncio.StreamReader | None
    """Its standard input and output, if the program is `piped`."""

    @property
    def alive(self) -> bool:
        """Return whether the sandbox still runs."""
        return self.exit_code is None

    @property
    @abstractmethod
    def exit_code(self) -> int | None:
        """Return None while it runs, else its exit code; negative or 128 + n after a signal n.

        Called often, at no cost.
        """

    @abstractmethod
    async def wait(self) -> int:
        """Wait until it has ended, of itself or not, and return its exit code. May be cancelled."""

    @abstractmethod
    def kill(self) -> None:
        """End every process in it at once; returns before they are gone. Safe to call twice."""

    @abstractmethod
    def last_words(self) -> str:
        """Return the end of what the jail or the program wrote on its error stream, bounded."""

    @abstractmethod
    def out_of_memory(self) -> bool:
        """Return whether a process of it was ended for want of memory."""

    @abstractmethod
    async def close(self) -> None:
        """End it, wait until nothing of it is left on the host, and release what it held."""

    def processes(self) -> frozenset[int]:
        """Return the host's ids of its processes, to measure them; empty where nobody can say."""
        return frozenset() if self.uid is None else processes_of(self.uid)

    def weigh(self, *, low: bool) -> None:
        """Let other sandboxes come first when the CPU is short, or no more; where that can be."""
        del low


class Launcher(ABC):
    """Starts sandboxes of one kind on this host, below one runtime folder.

    Two launchers never share a runtime folder while both live: the next one with the same folder
    sweeps away what one that was killed has left.
    """

    provisioner: ClassVar[str]
    """Entry point of the Jupyter kernel provisioner that goes with it."""

    def __init__(self, settings: Settings, runtime: Path) -> None:
        self.runtime = runtime
        self.as_root = os.geteuid() == 0
        self._environments = settings.environments_dir
        self._data = settings.data_dir
        self._published: set[Path] = set()
        self._uids = count(secrets.randbelow(len(_UIDS)))

    @abstractmethod
    def notes(self) -> Iterator[str]:
        """Yield, in plain words for an operator, which limits and promises do not hold here."""

    @abstractmethod
    async def start(self, spec: KernelSpec, program: Program, uid: int | None) -> Sandbox:
        """Start a program in a sandbox of its own and return at once.

        Raises:
            SandboxError: Something that it needs does not exist, or no sandbox can be made.
        """

    @abstractmethod
    def sweep(self) -> None:
        """End and remove what an earlier launcher with this runtime folder has left behind."""

    @abstractmethod
    def close(self) -> None:
        """Remove what the launcher itself made; its sandboxes must be closed."""

    def new_uid(self) -> int | None:
        """Return a user id that nothing else here has; None where sandboxes keep our own."""
        if not self.as_root:
            return None
        return _UIDS[next(self._uids) % len(_UIDS)]

    def environment(self, spec: KernelSpec) -> Path:
        """Return the host's folder of a spec's environment; it may not exist."""
        return self._environments / spec.environment

    def data(self, spec: KernelSpec) -> Path | None:
        """Return the folder of a spec's data, which it finds at `./data`; None if it has none."""
        return None if spec.data is None else self._data / spec.data

    def mounts(self, spec: KernelSpec, program: Program) -> tuple[Mount, ...]:
        """Return what a sandbox for this spec and program must see, read-only.

        Raises:
            SandboxError: Some of it does not exist.
        """
        environment = self.environment(spec)
        mounts = [(environment, ENVIRONMENT), *python_mounts(), *program.code]
        data = self.data(spec)
        if data is not None:
            self._share(data)
            mounts.append((data, HOME / "data"))
        for source, _ in mounts:
            if not source.exists():
                raise SandboxError(f"{source} does not exist; build the case again.")
        return tuple(mounts)

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


def processes_of(uid: int) -> frozenset[int]:
    """Return the ids of all processes of a user, as far as they can be seen."""
    found: set[int] = set()
    for entry in os.scandir("/proc"):
        with contextlib.suppress(FileNotFoundError):
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                found.add(int(entry.name))
    return frozenset(found)


def inside_environment() -> dict[str, str]:
    """Return the environment variables of every program in a sandbox."""
    return {
        "HOME": str(HOME),
        "USER": "student",
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def passwd(uid: int) -> str:
    """Return a sandbox's /etc/passwd: one user."""
    return f"student:x:{uid}:{uid}:Student:{HOME}:/bin/sh\n"


def python_mounts() -> tuple[Mount, ...]:
    """Return what must be shown of the base Python, beside the system's own folders."""
    prefix = base_python().parent.parent
    if prefix == Path("/usr"):
        return ()  # among the system folders already
    return ((prefix, PurePosixPath(prefix)),)


def describe_death(*, exit_code: int | None, out_of_memory: bool, memory_bytes: int) -> str:
    """Return in plain words, for a student, why a sandbox ended."""
    if out_of_memory:
        limit = f"{memory_bytes / 1024**3:.2g} GB"
        return (
            f"Your code used more than {limit} of memory, so it was stopped. "
            "Work on less data at a time, or delete what you no longer need."
        )
    killed = 128 + signal.SIGKILL
    if exit_code in {killed, -signal.SIGKILL}:
        return "The process that runs your code was killed. Run the cells again from the top."
    if exit_code in {128 + signal.SIGXCPU, -signal.SIGXCPU}:
        return "Your code used up all the computing time it may have. Run the cells again."
    if exit_code in {128 + signal.SIGSEGV, -signal.SIGSEGV}:
        return "The process that runs your code crashed (segmentation fault). Run the cells again."
    return (
        f"The process that runs your code ended by itself (exit code {exit_code}). "
        "Run the cells again from the top."
    )
