"""Process 1 of a replay's jail: buries the dead, tells how the replay ended, and ends with it.

It runs no byte of a student's, and nobody in the jail can signal it or look into it. When it ends,
for whatever reason, the system ends everything else in the jail. On the host's word it ends all
processes but some, and tells what is left in the jail that one process could leave for another.
"""

import contextlib
import hashlib
import json
import os
import select
import signal
import socket
import time
from pathlib import Path
from typing import Any

_READ_BYTES = 4096
_CLEAR_SECONDS = 1.0
_PAUSE_SECONDS = 0.001
_PROC = Path("/proc")
_NETWORK = ("dev", "snmp", "snmp6", "netstat", "icmp", "icmp6", "ip6_flowlabel", "if_inet6")
"""Of this jail alone. Sockets end with their process, but for connections, which are counted here;
the tables of those themselves take long to read."""
_TERMINALS = ("/dev/pts", "/dev/pts/ptmx")


def used(places: list[str]) -> list[list[int]]:
    """Return how many inodes and blocks are taken in each of these file systems."""
    found = map(os.statvfs, places)
    return [[each.f_files - each.f_ffree, each.f_blocks - each.f_bfree] for each in found]


def watch(status: socket.socket, replay: int, places: list[str], fresh: list[list[int]]) -> None:
    """Stay until the host hangs up; never returns. `fresh` is what `used` said at first."""
    alarm, bell = os.pipe()
    for end in (alarm, bell):
        os.set_blocking(end, False)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    waiting = select.poll()
    waiting.register(alarm, select.POLLIN)
    waiting.register(status, select.POLLIN)
    while True:
        _bury(status, replay)
        for descriptor, _ in waiting.poll():
            if descriptor == alarm:
                os.read(alarm, _READ_BYTES)
                continue
            order = status.recv(_READ_BYTES)
            if not order:
                os._exit(0)
            said = json.loads(order)
            if said["op"] == "clear":
                _clear(status, replay, set(said["keep"]))
            elif said["op"] == "watch":
                replay = said["process"]
            look = {"look": {**_look(places), "empty": used(places) == fresh}}
            status.send(json.dumps(look).encode("ascii"))


def _bury(status: socket.socket, replay: int) -> None:
    while True:
        try:
            process, code = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if process == 0:
            return
        if process == replay:
            status.send(json.dumps({"exit": os.waitstatus_to_exitcode(code)}).encode("ascii"))


def _clear(status: socket.socket, replay: int, kept: set[int]) -> None:
    """End every process but this one and the kept ones, and bury them; give up after a while."""
    until = time.monotonic() + _CLEAR_SECONDS
    while (others := [n for n in _processes() if n != 1 and n not in kept]) and (
        time.monotonic() < until
    ):
        for process in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)
        _bury(status, replay)


def _processes() -> list[int]:
    return sorted(int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())


def _look(places: list[str]) -> dict[str, Any]:
    """Return who is there, and a mark that changes with whatever a process can leave behind."""
    digest = hashlib.sha256(repr(sorted(map(str, Path(_TERMINALS[0]).iterdir()))).encode("utf-8"))
    for place in (*places, *_TERMINALS):
        found = Path(place).stat()
        times = (found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns)
        digest.update(repr((*found[:7], *times)).encode("ascii"))
    for name in _NETWORK:
        with contextlib.suppress(OSError):  # not every system has all of them
            digest.update((_PROC / "net" / name).read_bytes())
    last_process = (_PROC / "loadavg").read_text(encoding="ascii").split()[-1]
    digest.update(last_process.encode("ascii"))
    return {"processes": _processes(), "mark": digest.hexdigest()}
