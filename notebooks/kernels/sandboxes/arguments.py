"""A sandbox as a value, and the bwrap command line that makes it. Pure: nothing is run here.

The view inside is put together from nothing: the system's programs and libraries, the base Python,
one environment, the case's data, one socket folder; the rest is sized tmpfs. Started by root, bwrap
stays root just long enough to mount (so that places below a private /root can be reached), then
setpriv becomes a user id that nothing else on the host has. Started by an ordinary user, a user
namespace does the same with that user's own id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from notebooks.kernels.records import Limits
from notebooks.kernels.sandboxes.base import (
    ADDRESS_SPACE_EXTRA,
    HOME,
    OPEN_FILES,
    SHARED_MEMORY,
    SHARED_MEMORY_BYTES,
    TEMPORARY,
    TEMPORARY_BYTES,
    Mount,
    inside_environment,
)

_OWN_PLACES = (PurePosixPath("/usr/lib"), PurePosixPath("/etc/passwd"), HOME)
_SYSTEM_FOLDERS = ("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/share/zoneinfo")
_CLEAN_PROC = '/usr/bin/mount -t proc -o nosuid,nodev,noexec proc /proc && exec "$@"'
"""As root, bwrap covers parts of /proc, and the system then refuses a jail inside a /proc of its
own; this one is mounted over it by the last step that has the right to."""
_SYSTEM_LINKS = (("usr/bin", "/bin"), ("usr/lib", "/lib"), ("usr/lib64", "/lib64"))


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """What one sandbox holds and may use."""

    command: tuple[str, ...]
    limits: Limits
    read_only: tuple[Mount, ...]
    """Host path and place inside: Python, environment, data, program files."""
    writable: tuple[Path, ...] = ()
    """Host folders that appear at their own place: the socket folder of a kernel."""
    environment: Mapping[str, str] = field(default_factory=dict)
    uid: int | None = None
    """The user id to become; None (ordinary user) keeps the starter's, in a user namespace."""
    limited_by_cgroup: bool = True
    jailer: bool = False
    """Whether the program makes jails of its own, which then have the filter and the limits."""


@dataclass(frozen=True, slots=True)
class SandboxFiles:
    """Descriptors that bwrap inherits: the system call filter, and /etc/passwd."""

    seccomp: int | None
    """None for a jailer, which puts it on its jails."""
    passwd: int


def bwrap_arguments(spec: SandboxSpec, files: SandboxFiles) -> list[str]:
    """Return the options for bwrap, without the program itself and the command inside."""
    options = [*_namespaces(spec), "--die-with-parent", "--new-session", "--clearenv"]
    options += ["--hostname", "casebook"]
    if files.seccomp is not None:
        options += ["--seccomp", str(files.seccomp)]
    options += ["--perms", "0755", "--tmpfs", "/"]
    options += _folders(*_OWN_PLACES)
    for system in _SYSTEM_FOLDERS:
        options += ["--ro-bind-try", system, system]
    for target, link in _SYSTEM_LINKS:
        options += ["--symlink", target, link]
    options += ["--perms", "0444", "--ro-bind-data", str(files.passwd), "/etc/passwd"]
    # Without its own file the font library complains beside a student's first plot.
    for setting in ("/etc/ld.so.cache", "/etc/fonts"):
        options += ["--ro-bind-try", setting, setting]
    options += ["--proc", "/proc", "--dev", "/dev"]
    options += _tmpfs(SHARED_MEMORY, SHARED_MEMORY_BYTES)
    options += _tmpfs(TEMPORARY, TEMPORARY_BYTES)
    options += _tmpfs(str(HOME), spec.limits.home_bytes)
    options += _folders(*(place for _, place in spec.read_only), *map(PurePosixPath, spec.writable))
    for source, place in spec.read_only:
        options += ["--ro-bind", str(source), str(place)]
    for writable in spec.writable:
        options += ["--bind", str(writable), str(writable)]
    # /dev is a tmpfs too, without a bound, and an ordinary user's own to write to.
    options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(HOME)]
    for name, value in {**inside_environment(), **spec.environment}.items():
        options += ["--setenv", name, value]
    return options


def inner_command(spec: SandboxSpec) -> list[str]:
    """Return the command inside: set limits, become nobody in particular, run the program."""
    # Not 0: only 1 also keeps a crash from a helper that the host's core pattern names, which would
    # read the memory of an untrusted process with rights of the host.
    limits = ["--core=1", f"--nofile={OPEN_FILES}"]
    if not spec.jailer:
        limits.append(f"--cpu={spec.limits.cpu_seconds}")
        if not spec.limited_by_cgroup:
            limits.append(f"--as={spec.limits.memory_bytes + ADDRESS_SPACE_EXTRA}")
            limits.append(f"--nproc={spec.limits.processes}")
    command = ["/usr/bin/prlimit", *limits, "--"]
    if spec.uid is not None:
        if spec.jailer:
            command += ["/bin/sh", "-c", _CLEAN_PROC, "sh"]
        identity = [f"--reuid={spec.uid}", f"--regid={spec.uid}", "--clear-groups"]
        rights = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
        command += ["/usr/bin/setpriv", *identity, *rights, "--"]
    return [*command, *spec.command]


def _namespaces(spec: SandboxSpec) -> list[str]:
    if spec.uid is None:
        sealed = [] if spec.jailer else ["--disable-userns"]
        return ["--unshare-all", "--unshare-user", *sealed, "--cap-drop", "ALL"]
    kept = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", *(["CAP_SYS_ADMIN"] if spec.jailer else [])]
    added = [word for name in kept for word in ("--cap-add", name)]
    unshared = ["pid", "net", "ipc", "uts", "cgroup-try"]
    return [*(f"--unshare-{name}" for name in unshared), "--cap-drop", "ALL", *added]


def _folders(*places: PurePosixPath) -> list[str]:
    """Make the folders on the way to these places: those that bwrap makes would be private."""
    found = {str(parent) for place in places for parent in place.parents} - {"/"}
    ordered = sorted(found, key=lambda folder: (folder.count("/"), folder))
    return [word for folder in ordered for word in ("--perms", "0755", "--dir", folder)]


def _tmpfs(place: str, size: int) -> list[str]:
    return ["--size", str(size), "--perms", "0777", "--tmpfs", place]
