"""Memory, CPU and process limits of a sandbox, by cgroup v2 or, where the host has it, v1.

A group is made before the sandbox starts, joined by the starter before it becomes bwrap (so
nothing ever runs outside), and removed when the last process is gone. All groups of a runner lie
below one folder, named after its runtime folder, so that the next runner finds what one that was
killed has left behind.
"""

import contextlib
import errno
import hashlib
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from notebooks.kernels.records import Limits

_PERIOD_MICROSECONDS = 100_000
_OWN_PROCESSES = 4
"""bwrap's two, and room for the starter's exec chain."""
_REMOVE_SECONDS = 2.0
_POLL_SECONDS = 0.01
_V1_CONTROLLERS = ("memory", "pids", "cpu")


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where groups are made: one folder for v2, one per controller for v1."""

    version: int
    roots: Mapping[str, Path]

    def group(self, name: str) -> "CGroup":
        """Return the group of this name; it does not exist until `create`."""
        folders = {controller: root / name for controller, root in self.roots.items()}
        return CGroup(self.version, folders)

    def leftovers(self) -> Iterator["CGroup"]:
        """Yield the groups that exist, an earlier runner's included."""
        found = {
            entry.name
            for root in self.roots.values()
            if root.is_dir()
            for entry in root.iterdir()
            if entry.is_dir()
        }
        for name in sorted(found):
            yield self.group(name)

    def remove(self) -> None:
        """Remove the runner's own folders; its groups must be gone."""
        for root in set(self.roots.values()):
            with contextlib.suppress(OSError):
                root.rmdir()


@dataclass(frozen=True, slots=True)
class CGroup:
    """The group of one sandbox."""

    version: int
    folders: Mapping[str, Path]

    def create(self, limits: Limits) -> None:
        """Make the group and set its limits; raises OSError where that is not allowed."""
        for folder in set(self.folders.values()):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        for path, value in self._settings(limits):
            path.write_text(value, encoding="ascii")

    def _settings(self, limits: Limits) -> Iterator[tuple[Path, str]]:
        quota = limits.cpu_percent * _PERIOD_MICROSECONDS // 100
        processes = str(limits.processes + _OWN_PROCESSES)
        memory, pids, cpu = (self.folders[name] for name in _V1_CONTROLLERS)
        yield pids / "pids.max", processes
        if self.version == 1:
            yield memory / "memory.limit_in_bytes", str(limits.memory_bytes)
            swap = memory / "memory.memsw.limit_in_bytes"
            if swap.exists():
                yield swap, str(limits.memory_bytes)
            yield cpu / "cpu.cfs_period_us", str(_PERIOD_MICROSECONDS)
            yield cpu / "cpu.cfs_quota_us", str(quota)
        else:
            yield memory / "memory.max", str(limits.memory_bytes)
            swap = memory / "memory.swap.max"
            if swap.exists():
                yield swap, "0"
            yield cpu / "cpu.max", f"{quota} {_PERIOD_MICROSECONDS}"

    def weigh(self, *, low: bool) -> None:
        """Let the other groups come first when the CPU is short, or no more; nothing if gone."""
        name, usual, least = ("cpu.shares", 1024, 32) if self.version == 1 else (
            "cpu.weight", 100, 3
        )  # fmt: skip
        with contextlib.suppress(OSError):
            (self.folders["cpu"] / name).write_text(str(least if low else usual), encoding="ascii")

    def joining_files(self) -> tuple[Path, ...]:
        """Return the files into which a process writes its id to join."""
        return tuple(sorted({folder / "cgroup.procs" for folder in self.folders.values()}))

    def out_of_memory_kills(self) -> int:
        """Return how many processes the kernel ended for want of memory."""
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        try:
            text = (self.folders["memory"] / name).read_text(encoding="ascii")
        except OSError:
            return 0
        counters = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
        return int(counters.get("oom_kill", "0"))

    def processes(self) -> frozenset[int]:
        """Return the ids of the processes in the group."""
        found: set[int] = set()
        for path in self.joining_files():
            with contextlib.suppress(OSError):
                found.update(int(line) for line in path.read_text(encoding="ascii").split())
        return frozenset(found - {0})

    def destroy(self) -> None:
        """End every process in the group and remove it; waits two seconds at most."""
        deadline = time.monotonic() + _REMOVE_SECONDS
        while not self._removed() and time.monotonic() < deadline:
            for process in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(_POLL_SECONDS)

    def _removed(self) -> bool:
        done = True
        for folder in set(self.folders.values()):
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
                done = False
        return done


def find_hierarchy(runtime: Path, base: Path = Path("/sys/fs/cgroup")) -> Hierarchy | None:
    """Return where this process may make groups, or None where it may not."""
    name = hierarchy_name(runtime)
    for candidate in (_unified(base, name), _legacy(base, name)):
        if candidate is not None and _works(candidate):
            return candidate
    return None


def hierarchy_name(runtime: Path) -> str:
    """Return the name of the folder below which a runner's groups lie."""
    return "casebook-" + hashlib.sha256(os.fsencode(runtime)).hexdigest()[:12]


def _unified(base: Path, name: str) -> Hierarchy | None:
    controllers = base / "cgroup.controllers"
    if not controllers.is_file():
        return None
    parent = base / _own_path("0::").lstrip("/")
    if parent != base and not _delegate(parent):
        parent = base
    folder = parent / name
    try:
        _delegate(parent)
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    if not _delegate(folder):
        return None
    return Hierarchy(2, dict.fromkeys(_V1_CONTROLLERS, folder))


def _delegate(folder: Path) -> bool:
    try:
        (folder / "cgroup.subtree_control").write_text("+memory +pids +cpu", encoding="ascii")
    except OSError:
        return False
    return True


def _own_path(prefix: str) -> str:
    text = Path("/proc/self/cgroup").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith(prefix):
            return line.removeprefix(prefix)
    return "/"


def _legacy(base: Path, name: str) -> Hierarchy | None:
    if not all((base / controller / "cgroup.procs").is_file() for controller in _V1_CONTROLLERS):
        return None
    return Hierarchy(1, {controller: base / controller / name for controller in _V1_CONTROLLERS})


def _works(hierarchy: Hierarchy) -> bool:
    probe = hierarchy.group(f"probe-{os.getpid()}")
    try:
        probe.create(Limits())
        probe.destroy()
    except OSError:
        return False
    return True
