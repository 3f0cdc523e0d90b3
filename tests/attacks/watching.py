"""Looking into a replay from outside, as root: what is in its memory while it waits for us."""

import contextlib
import os
import random
import re
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOUND_SECONDS = 60.0
_PAUSE_SECONDS = 0.05
_CHUNK = 16 * 1024 * 1024
_RESUME = signal.SIGUSR1
_FIRST, _LAST = 40, 60
"""Signals that nothing here uses: which of them a process blocks is how it is found."""
_OURS = {*range(_FIRST, _LAST)}
_MAPPED = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (r\S+) \S+ \S+ (\d+)")

INSIDE = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {own!r})
def pause(place):
    signal.pthread_sigmask(signal.SIG_BLOCK, [{first} + place])
    signal.sigwait([{resume}])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [{first} + place])
"""
"""Run inside: `pause(n)` waits until it is seen from outside and resumed."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Code that waits now and then, told from all other processes by what it blocks."""

    own: frozenset[int]

    @classmethod
    def new(cls) -> "Watched":
        return cls(frozenset(random.sample(range(_FIRST + 5, _LAST), 6)))

    @property
    def source(self) -> str:
        """Return what has to be run inside."""
        blocked = sorted({*self.own, int(_RESUME)})
        return INSIDE.format(own=blocked, first=_FIRST, resume=int(_RESUME))

    def at(self, place: int, replay: Future[Any]) -> int:
        """Wait until the replay pauses at a place; return its process."""
        wanted = {*self.own, _FIRST + place}
        deadline = time.monotonic() + _FOUND_SECONDS
        while time.monotonic() < deadline:
            for process in _processes():
                if _blocked(process) & _OURS == wanted:
                    return process
            if replay.done():
                raise AssertionError(f"it ended before place {place}: {replay.result()}")
            time.sleep(_PAUSE_SECONDS)
        raise AssertionError(f"nobody came to place {place}")

    def resume(self, process: int) -> None:
        os.kill(process, _RESUME)


def _processes() -> Iterator[int]:
    yield from (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _status(process: int) -> Mapping[str, str]:
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return {}


def _blocked(process: int) -> set[int]:
    mask = int(_status(process).get("SigBlk", "0"), 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


def around(replay: int, judge: int) -> set[int]:
    """Return the processes that a replay could ever reach: all of its own namespace, and all
    that the judge has started, but not the judge, which knows everything."""
    space = Path(f"/proc/{replay}/ns/pid").readlink()
    parents = {process: int(_status(process).get("PPid", "0")) for process in _processes()}
    found = {replay}
    for process in parents:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{process}/ns/pid").readlink() == space:
                found.add(process)
    ours = {judge}
    while more := {p for p, parent in parents.items() if parent in ours} - ours:
        ours |= more
    own_space = Path("/proc/self/ns/pid").readlink()
    if space == own_space:
        raise AssertionError("the replay shares our own namespace of processes")
    return (found | ours) - {judge}


def holds(processes: set[int], looks: Mapping[str, Sequence[bytes]]) -> set[str]:
    """Return the names of what stands in the memory of any of the processes, in any look."""
    found: set[str] = set()
    for process in processes:
        for part in _memory(process):
            found |= {
                name
                for name, ways in looks.items()
                if name not in found and any(way in part for way in ways)
            }
    return found


def _memory(process: int) -> Iterator[bytes]:
    """Yield all that a process has for itself; what cannot be read is gone."""
    with (
        contextlib.suppress(FileNotFoundError, ProcessLookupError),
        Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory,
    ):
        for low, high in _regions(process):
            for start in range(low, high, _CHUNK):
                with contextlib.suppress(OSError, OverflowError):  # what no memory lies behind
                    memory.seek(start)
                    yield memory.read(min(_CHUNK, high - start))


def _regions(process: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{process}/maps").read_text(encoding="utf-8").splitlines():
        mapped = _MAPPED.match(line)
        if mapped is not None and ("w" in mapped[3] or mapped[4] == "0"):
            yield int(mapped[1], 16), int(mapped[2], 16)
