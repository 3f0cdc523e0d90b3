"""A launcher, run as a script of its own: isolates, drops privileges, and becomes a program.

`python -I -S privileges.py JSON`, where the JSON is what `Launch.command` writes. It imports only
the standard library, so that it starts in milliseconds and needs no package path. It exists for two
reasons. A service account cannot pass through a private folder such as /root: root mounts what the
program needs in a place that everybody can reach, seen by that program alone, and only then gives
up its rights. And the parent-death signal, by which no program outlives its supervisor, has to be
set after that, because the kernel clears it whenever a process changes its user.
"""

import ctypes
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

MOUNT_POINT = "/mnt"

_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38


@dataclass(frozen=True)
class Launch:
    """What to become, and with how few rights."""

    argv: list[str]
    """The program's absolute path and its arguments; visible to every user of the machine."""
    death_signal: int = signal.SIGTERM
    """Sent to the program when its starter dies."""
    uid: int | None = None
    gid: int | None = None
    binds: dict[str, str] = field(default_factory=dict)
    """Name below `MOUNT_POINT` → folder that appears there; only for root."""
    environment: dict[str, str] | None = None
    """The program's whole environment; None passes on the starter's. No secret belongs here."""
    sealed: bool = False
    """Files it makes are private, and no program that it starts gains rights."""

    def command(self, parent: int) -> list[str]:
        """Return the command line that starts this launcher for a starter's process id.

        If the starter is gone by the time it runs, nothing is started.
        """
        fields = json.dumps({"parent": parent, "launch": asdict(self)})
        return [sys.executable, "-I", "-S", __file__, fields]


def become(launch: Launch, parent: int) -> None:
    """Isolate, drop privileges and execute; returns only by an exception."""
    libc = ctypes.CDLL(None, use_errno=True)
    if launch.binds:
        _mount_binds(libc, launch.binds)
    if launch.uid is not None and launch.gid is not None:
        os.setgroups([])
        os.setresgid(launch.gid, launch.gid, launch.gid)
        os.setresuid(launch.uid, launch.uid, launch.uid)
        os.chdir("/")
    if launch.sealed:
        os.umask(0o077)
    if sys.platform == "linux":
        if launch.sealed:
            _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
        _check(libc.prctl(_PR_SET_PDEATHSIG, int(launch.death_signal), 0, 0, 0), "death signal")
    if os.getppid() != parent:
        sys.exit("casebook: the starter is gone")
    environment = os.environ if launch.environment is None else launch.environment
    # No shell is wanted: the arguments are the program's, word by word.
    os.execve(launch.argv[0], launch.argv, environment)  # noqa: S606 # nosec B606


def _mount_binds(libc: ctypes.CDLL, binds: dict[str, str]) -> None:
    _check(libc.unshare(_CLONE_NEWNS), "a mount namespace")
    _mount(libc, "none", "/", "", _MS_REC | _MS_PRIVATE, "")
    # Sources may lie below the mount point itself, so they are opened before it is covered.
    opened = {name: os.open(source, os.O_PATH) for name, source in binds.items()}
    _mount(libc, "casebook", MOUNT_POINT, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755,size=1m")
    for name, descriptor in opened.items():
        target = Path(MOUNT_POINT) / name
        target.mkdir(parents=True)
        _mount(libc, f"/proc/self/fd/{descriptor}", str(target), "", _MS_BIND | _MS_REC, "")
        os.close(descriptor)


def _mount(  # noqa: PLR0913, PLR0917 - mount(2) as it is
    libc: ctypes.CDLL, source: str, target: str, kind: str, flags: int, data: str
) -> None:
    result = libc.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    _check(result, f"mounting {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def _main() -> None:
    given = json.loads(sys.argv[1])
    launch = Launch(**given["launch"])
    try:
        become(launch, given["parent"])
    except OSError as error:
        sys.exit(f"casebook: cannot start {launch.argv[0]}: {error}")


if __name__ == "__main__":
    _main()
