"""Looking at a process of a jail from outside: could another one have left it a word?

A copy of a replay that waits has run a student's code, so nothing that it says or does to itself
counts. What counts is what the system says of it: that it shares nothing with the process that goes
on, and later that it has not run for a moment since.
"""

import ctypes
import os
import platform
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_KCMP = {"x86_64": 312, "aarch64": 272}
_SHAREABLE = (1, 2, 3, 4)
"""Memory, table of descriptors, working directory, signal handlers."""
_STATUS_FIELDS = frozenset(
    {"State", "PPid", "Threads", "SigPnd", "ShdPnd", "SigBlk", "Cpus_allowed", "Mems_allowed",
     "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"}
)  # fmt: skip
_STAT_FIELDS = (2, 3, 4, 5, 6, 11, 12, 15, 16, 19, 37, 38)
"""After the name: parent, group, session, terminal, flags, times, priorities, start, policy."""
_NULL = os.makedev(1, 3)
_SHARED_MEMORY_DEVICE = "00:01"

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A file in a process's memory."""

    shared: bool
    device: str
    inode: int


def snapshot(process: int) -> tuple[str, ...]:
    """Return what would differ if the process had run, or another one had changed anything of it.

    Raises:
        OSError: There is no such process, or it cannot be looked at.
    """
    folder = Path(f"/proc/{process}")
    status = dict(_fields((folder / "status").read_text(encoding="utf-8")))
    numbers = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    seen = [f"{name} {status.get(name)}" for name in sorted(_STATUS_FIELDS)]
    seen += [numbers[place] for place in _STAT_FIELDS]
    for name in ("limits", "oom_score_adj", "autogroup"):
        path = folder / name
        seen.append(path.read_text(encoding="utf-8") if path.exists() else "")
    return tuple(seen)


def sleeps(process: int) -> bool:
    """Return whether it waits for something."""
    status = dict(_fields(Path(f"/proc/{process}/status").read_text(encoding="utf-8")))
    return status.get("State", "").startswith("S")


def inside_id(process: int) -> int:
    """Return its id in the jail."""
    status = dict(_fields(Path(f"/proc/{process}/status").read_text(encoding="utf-8")))
    return int(status["NSpid"].split()[-1])


def children(process: int) -> frozenset[int]:
    """Return the ids of its children that live."""
    text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return frozenset(map(int, text.split()))


def is_alone(process: int, parent: int) -> bool:
    """Return whether it is one thread, a child of `parent`, and closed to others of its user."""
    folder = Path(f"/proc/{process}")
    status = dict(_fields((folder / "status").read_text(encoding="utf-8")))
    closed = (folder / "mem").stat()  # root's, unless others of its user may look into it
    return closed.st_uid == 0 and status["Threads"] == "1" and int(status["PPid"]) == parent


def shares_nothing(waiting: int, going: int) -> bool:
    """Return whether two processes have no memory, descriptors, handlers or places in common."""
    number = _KCMP.get(platform.machine())
    if number is None:
        return False
    for kind in _SHAREABLE:
        # 0: the same; 1, 2: different; -1: cannot be told.
        if _libc.syscall(number, waiting, going, kind, 0, 0) not in {1, 2, 3}:
            return False
    if len(list(Path(f"/proc/{waiting}/fd").iterdir())) != 1:
        return False  # its standard streams would be the other one's, too
    one, other = _descriptors(waiting), _descriptors(going)
    return len(one) == 1 and len(other) == 1 and not {0} & (one | other) and one != other


def _descriptors(process: int) -> frozenset[int]:
    """Return the inodes of its sockets; anything else but /dev/null counts as inode 0."""
    found = set()
    for entry in Path(f"/proc/{process}/fd").iterdir():
        opened = entry.stat()
        if stat.S_ISCHR(opened.st_mode) and opened.st_rdev == _NULL and int(entry.name) <= 2:  # noqa: PLR2004 - standard streams
            continue
        found.add(opened.st_ino if stat.S_ISSOCK(opened.st_mode) else 0)
    return frozenset(found)


def mappings(process: int) -> frozenset[Mapping]:
    """Return the files in its memory."""
    text = Path(f"/proc/{process}/maps").read_text(encoding="utf-8")
    found = set()
    for line in text.splitlines():
        _, rights, _, device, inode = line.split(maxsplit=5)[:5]
        if inode != "0" or "s" in rights:
            found.add(Mapping("s" in rights, device, int(inode)))
    return frozenset(found)


def maps_only(process: int, known: frozenset[Mapping]) -> bool:
    """Return whether all its mapped files lie where nobody in a jail can write.

    `known` are those of the server before it forked: a shared one must be among them, any other on
    a device of theirs.
    """
    devices = {each.device for each in known} - {_SHARED_MEMORY_DEVICE}
    return all(
        each in known if each.shared else each.device in devices for each in mappings(process)
    )


def resident_bytes(process: int) -> int:
    """Return the memory that it has touched itself."""
    status = dict(_fields(Path(f"/proc/{process}/status").read_text(encoding="utf-8")))
    return int(status["RssAnon"].split()[0]) * 1024


def shared_out_bytes(process: int) -> int:
    """Return its memory, what it shares counted in parts; 0 for one that is gone."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    fields = dict(_fields(text))
    return int(fields["Pss"].split()[0]) * 1024 if "Pss" in fields else 0


def kill_first(process: int) -> None:
    """Have the system end it before any other of its jail when memory is short."""
    Path(f"/proc/{process}/oom_score_adj").write_text("1000", encoding="ascii")


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, _, value = line.partition(":")
        yield name, value.strip()
