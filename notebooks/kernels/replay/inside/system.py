"""System calls that Python 3.11 has no functions for, each raising OSError when it fails."""

import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_NOATIME, MS_BIND, MS_REC, MS_PRIVATE, MS_RELATIME = 1024, 4096, 16384, 1 << 18, 1 << 21
_KEPT_FLAGS = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME
"""These have the same bits in statvfs."""
_ST_RELATIME = 4096

_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION = 0x20080522
_INSTRUCTION_BYTES = 8
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

_libc = ctypes.CDLL(None, use_errno=True)


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def unshare(namespaces: int) -> None:
    """Leave these namespaces for new ones."""
    _check(_libc.unshare(namespaces), "unshare")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount a file system, or change a mount."""
    words = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags))
    _check(_libc.mount(*words, options.encode()), f"mount {target}")


def make_read_only(target: str) -> None:
    """Let nobody write through this mount; what it forbids already stays forbidden."""
    found = os.statvfs(target).f_flag
    kept = found & _KEPT_FLAGS | (MS_RELATIME if found & _ST_RELATIME else 0)
    mount("", target, "", MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def raise_loopback() -> None:
    """Switch the loopback interface of a new network namespace on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        name = b"lo".ljust(16, b"\0")
        found = fcntl.ioctl(control, _SIOCGIFFLAGS, name + bytes(24))
        (flags,) = struct.unpack_from("h", found, 16)
        fcntl.ioctl(control, _SIOCSIFFLAGS, name + struct.pack("h", flags | _IFF_UP) + bytes(22))


def set_dumpable(*, yes: bool) -> None:
    """Say whether processes of the same user may look at this one's memory and descriptors."""
    _prctl(_PR_SET_DUMPABLE, int(yes))


def drop_rights() -> None:
    """Give up every capability, for good."""
    last = 0
    try:
        while True:
            _prctl(_PR_CAPBSET_DROP, last)
            last += 1
    except OSError:
        if last == 0:
            raise
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    _check(_libc.capset(header, bytes(24)), "capset")
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def filter_calls(program: bytes) -> None:
    """Put a compiled seccomp filter on this process and all that come from it."""
    buffer = ctypes.create_string_buffer(program, len(program))
    filtered = _FilterProgram(
        len(program) // _INSTRUCTION_BYTES, ctypes.cast(buffer, ctypes.c_void_p)
    )
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(filtered))


def _prctl(option: int, *values: int) -> None:
    filled = (*values, 0, 0, 0, 0)[:4]
    _check(_libc.prctl(option, *map(ctypes.c_ulong, filled)), f"prctl {option}")


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
