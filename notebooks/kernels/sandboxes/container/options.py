"""A container as a value, and the engine's options that make it. Pure: nothing is run here.

Process 1 is `enter`, which becomes tini, which starts a shell that starts the program and tells its
end. One more process waits for the lifeline to end, as it does when we close it or die, and ends
everything then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from docker.types import (  # type: ignore[import-untyped] # it has no types
    HostConfig,
    LogConfig,
    Ulimit,
)
from docker.types import Mount as EngineMount

from notebooks.kernels.records import Limits
from notebooks.kernels.sandboxes.base import (
    CODE,
    HOME,
    OPEN_FILES,
    SHARED_MEMORY_BYTES,
    TEMPORARY,
    TEMPORARY_BYTES,
    Mount,
    inside_environment,
)

API_VERSION = "1.41"
"""The oldest that is enough: Docker 20.10, Podman 4."""
RUNTIME_LABEL = "casebook.runtime"
"""Carries the runtime folder of the launcher that made the container."""
INIT = "/usr/bin/tini"
ENTER = CODE / "enter.py"

_PERIOD_MICROSECONDS = 100_000
_OWN_PROCESSES = 4
"""tini, the shell, what waits for the lifeline, and room for one more."""
_LOG = LogConfig(type=LogConfig.types.JSON, config={"max-size": "64k"})
"""Holds what goes wrong before the container is connected; nothing comes after that."""

# Podman would make them writable, and runc gives a tmpfs the mode of what it hides.
_KEPT_TEMPORARY = "/var/tmp"  # noqa: S108 # nosec B108
# Where the engines show message queues; making a file there makes a queue, past our filter.
_QUEUES = "/dev/mqueue"
_EMPTY = ("/run", _KEPT_TEMPORARY, _QUEUES)

_WATCH = """
( read -r _; kill -s KILL -- -1 ) <&3 3<&- >/dev/null 2>&1 &
"$@" 3<&-
code=$?
cause=end
if [ "$code" -eq 137 ]; then
    for file in /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events; do
        [ -r "$file" ] || continue
        while read -r key count _; do
            [ "$key" = oom_kill ] && [ "$count" -gt 0 ] && cause=memory
        done <"$file"
    done
fi
echo "$cause $code" >&3
exit "$code"
"""


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What one container holds and may use."""

    name: str
    image: str
    runtime: str | None
    """The engine's runtime, such as runc or runsc; None: the engine's own choice."""
    label: Path
    uid: int
    processes_are_its_own: bool
    """Whether nothing else on the host has this user id, so that processes count by it."""
    python: PurePath
    """The interpreter that connects the container."""
    entry: Path
    """The folder of the sockets to connect to; at its own place."""
    command: tuple[str, ...]
    limits: Limits
    seccomp: str
    """The system call filter, as this engine wants it: Docker the profile, Podman its path."""
    userns: str | None = None
    read_only: tuple[Mount, ...] = ()
    writable: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def container_options(spec: ContainerSpec) -> dict[str, Any]:
    """Return the arguments for the engine client's `create_container`."""
    python = [str(spec.python), "-I", "-S", str(ENTER), str(spec.entry)]
    return {
        "name": spec.name,
        "image": spec.image,
        "entrypoint": python,
        "command": [INIT, "--", "/bin/sh", "-c", _WATCH, "sh", *spec.command],
        "user": f"{spec.uid}:{spec.uid}",
        "environment": {**inside_environment(), **spec.environment},
        "working_dir": str(HOME),
        "hostname": "casebook",
        "labels": {RUNTIME_LABEL: str(spec.label)},
        "network_disabled": True,
        "host_config": _host_config(spec),
    }


def _host_config(spec: ContainerSpec) -> HostConfig:
    limits = spec.limits
    return HostConfig(
        version=API_VERSION,
        runtime=spec.runtime,
        userns_mode=spec.userns,
        network_mode="none",
        ipc_mode="private",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges", f"seccomp={spec.seccomp}"],
        read_only=True,
        mem_limit=limits.memory_bytes,
        memswap_limit=limits.memory_bytes,
        pids_limit=limits.processes + _OWN_PROCESSES,
        cpu_period=_PERIOD_MICROSECONDS,
        cpu_quota=limits.cpu_percent * _PERIOD_MICROSECONDS // 100,
        ulimits=list(_ulimits(spec).values()),
        shm_size=SHARED_MEMORY_BYTES,
        tmpfs=_tmpfs(spec),
        mounts=_mounts(spec),
        log_config=_LOG,
        restart_policy={"Name": "no"},
    )


def _ulimits(spec: ContainerSpec) -> dict[str, Ulimit]:
    """Name all that the engines would otherwise set to what this host may not allow."""
    # Not 0: only 1 also keeps a crash from a helper that the host's core pattern names, which would
    # read the memory of an untrusted process with rights of the host.
    limits = {"core": 1, "nofile": OPEN_FILES, "cpu": spec.limits.cpu_seconds}
    limits["nproc"] = -1
    if spec.processes_are_its_own:
        limits["nproc"] = spec.limits.processes + _OWN_PROCESSES
    return {name: Ulimit(name=name, soft=most, hard=most) for name, most in limits.items()}


def _tmpfs(spec: ContainerSpec) -> dict[str, str]:
    mounts = dict.fromkeys(_EMPTY, "ro,nosuid,nodev,noexec,size=64k,mode=0755")
    for place, size in ((TEMPORARY, TEMPORARY_BYTES), (str(HOME), spec.limits.home_bytes)):
        mounts[place] = f"rw,nosuid,nodev,exec,size={size},mode=1777"
    return mounts


def _mounts(spec: ContainerSpec) -> list[EngineMount]:
    shown = [*spec.read_only, (spec.entry, PurePosixPath(spec.entry))]
    mounts = [
        EngineMount(target=str(place), source=str(source), type="bind", read_only=True)
        for source, place in shown
    ]
    mounts += [
        EngineMount(target=str(folder), source=str(folder), type="bind") for folder in spec.writable
    ]
    return mounts
