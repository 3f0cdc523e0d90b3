"""Makes the jail of one replay around a process that the grading server has forked.

Everything here happens before any byte of a student's is near. Three processes take part: the
forked one leaves every namespace and mounts the jail's own places; its child is process 1 of the
jail, which gives up all rights; and that one's child is the replay, which this module returns to.
The host takes part twice: it names the user id and puts the jail under its limits, then it notes
which process to end when the jail must end.
"""

import json
import os
import resource
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from notebooks.kernels.replay.inside import system
from notebooks.kernels.replay.inside.init import used, watch

_HOME = "/home/student"
_NAMESPACES = (
    system.CLONE_NEWUSER
    | system.CLONE_NEWNS
    | system.CLONE_NEWPID
    | system.CLONE_NEWNET
    | system.CLONE_NEWIPC
    | system.CLONE_NEWUTS
)
_PLAIN = system.MS_NOSUID | system.MS_NODEV | system.MS_NOATIME
_PROC = system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC
_TERMINALS = system.MS_NOSUID | system.MS_NOEXEC | system.MS_NOATIME
_ANSWER_BYTES = 64


def make(
    order: dict[str, Any], status: socket.socket, dialogue: int, seccomp: Sequence[bytes]
) -> None:
    """Return in the replay's process only, inside the jail; every other process ends here.

    Raises:
        OSError: a step failed; nothing of the jail is left when this process ends.
    """
    outside, student = (os.getuid(), os.getgid()), order["student"]
    system.unshare(_NAMESPACES)
    if order["map_self"]:
        _map_self(student, *outside)
    _tell(status, {"step": "apart"})
    system.unshare(system.CLONE_NEWCGROUP)
    os.setresgid(student, student, student)
    os.setresuid(student, student, student)
    _mount_own_places(order)
    system.raise_loopback()
    _limit(order)
    if os.fork() != 0:
        os._exit(0)
    system.mount("proc", "/proc", "proc", _PROC)
    system.drop_rights()
    # A copy of the replay that waits must be out of reach of one that has seen a question.
    system.set_dumpable(yes=False)
    _tell(status, {"step": "inside"})
    for program in seccomp:
        system.filter_calls(program)
    places = list(order["places"])
    fresh = used(places)
    child = os.fork()
    if child != 0:
        os.close(dialogue)
        watch(status, child, places, fresh)
    status.close()


def _map_self(student: int, uid: int, gid: int) -> None:
    """Become the student of a user namespace of an ordinary user's; there is one id only."""
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{student} {uid} 1"),
        ("gid_map", f"{student} {gid} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, content.encode("ascii"))
        os.close(descriptor)


def _tell(status: socket.socket, step: dict[str, str]) -> None:
    """Say how far it is, and go on when the host says so."""
    status.send(json.dumps(step).encode("ascii"))
    if not status.recv(_ANSWER_BYTES):
        os._exit(1)


def _mount_own_places(order: dict[str, Any]) -> None:
    system.mount("", "/", "", system.MS_REC | system.MS_PRIVATE)
    data = os.open(f"{_HOME}/data", os.O_PATH | os.O_DIRECTORY) if order["data"] else None
    for place, size in order["places"].items():
        system.mount("tmpfs", place, "tmpfs", _PLAIN, f"size={size},mode=0777")
    if data is not None:
        Path(f"{_HOME}/data").mkdir(mode=0o755)
        seen = f"/proc/self/fd/{data}"
        system.mount(seen, f"{_HOME}/data", "", system.MS_BIND | system.MS_REC)
        os.close(data)
    options = "newinstance,ptmxmode=0666,mode=0620"
    system.mount("devpts", "/dev/pts", "devpts", _TERMINALS, options)
    system.make_read_only("/dev")
    os.chdir(_HOME)


def _limit(order: dict[str, Any]) -> None:
    names = {
        "core": resource.RLIMIT_CORE,
        "nofile": resource.RLIMIT_NOFILE,
        "cpu": resource.RLIMIT_CPU,
        "as": resource.RLIMIT_AS,
        "nproc": resource.RLIMIT_NPROC,
    }
    for name, most in order["limits"].items():
        resource.setrlimit(names[name], (most, most))
