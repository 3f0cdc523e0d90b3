"""Can sandboxes work on this machine? If not: the reason, and what to do about it."""

import os
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

from config.errors import SandboxUnavailableError
from config.settings import Settings
from notebooks.kernels.sandboxes.base import TEMPORARY, Launcher
from notebooks.kernels.sandboxes.choice import close_private_launcher, make_private_launcher
from notebooks.kernels.sandboxes.container.check import check_container
from notebooks.kernels.sandboxes.container.launcher import ContainerLauncher

_TRIAL_SECONDS = 10
_TOOLS = ("/usr/bin/prlimit", "/usr/bin/setpriv", "/bin/sh")
_USERNS_SWITCHES = (
    ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
)


def check_sandbox(settings: Settings, launcher: Launcher | None = None) -> tuple[str, ...]:
    """Try a sandbox out and return notes about limits that do not hold here.

    Raises:
        SandboxUnavailableError: Sandboxes cannot work; the message says why and what to do.
    """
    if launcher is not None:
        return _check(launcher)
    own = make_private_launcher(settings)
    try:
        return _check(own)
    finally:
        close_private_launcher(own)


def _check(launcher: Launcher) -> tuple[str, ...]:
    if isinstance(launcher, ContainerLauncher):
        return check_container(launcher)
    _check_bwrap()
    return tuple(launcher.notes())


def _check_bwrap() -> None:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxUnavailableError(
            "bubblewrap is not installed. Install it, on Debian or Ubuntu: apt install bubblewrap"
        )
    missing = [tool for tool in _TOOLS if not Path(tool).exists()]
    if missing:
        raise SandboxUnavailableError(
            f"{', '.join(missing)} not found. Install util-linux, on Debian or Ubuntu: "
            "apt install util-linux"
        )
    _check_seccomp()
    _try_out(bwrap)


def _check_seccomp() -> None:
    try:
        import_module("notebooks.kernels.sandboxes.seccomp").seccomp_program()
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxUnavailableError(
            f"libseccomp cannot be used ({error}). Install it, on Debian or Ubuntu: "
            "apt install libseccomp2"
        ) from error


def _try_out(bwrap: str) -> None:
    options = ["--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink"]
    options += ["usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin", "--proc", "/proc"]
    options += ["--dev", "/dev", "--size", "4096", "--perms", "0777", "--tmpfs", TEMPORARY]
    options += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    if os.geteuid() != 0:
        options += ["--unshare-user", "--disable-userns"]
    try:
        tried = subprocess.run(  # noqa: S603 - fixed arguments
            [bwrap, *options, "--die-with-parent", "/bin/sh", "-c", "exit 0"],
            capture_output=True,
            check=False,
            env={},
            text=True,
            timeout=_TRIAL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxUnavailableError(f"bubblewrap cannot be run: {error}") from error
    if tried.returncode != 0:
        said = tried.stderr.strip() or f"exit code {tried.returncode}"
        raise SandboxUnavailableError(f"bubblewrap says “{said}”. {explain(said)}")


def explain(said: str) -> str:
    """Return what most likely causes bubblewrap's complaint, and the remedy."""
    if "Unknown option" in said or "unrecognized" in said:
        return "This bubblewrap is too old; version 0.8 or later is needed."
    if os.geteuid() != 0:
        for name, value, remedy in _USERNS_SWITCHES:
            if _sysctl(name) == value:
                return (
                    "This system does not let ordinary users make user namespaces. "
                    f"As root: {remedy} (or run this as root)."
                )
    if _in_chroot():
        return (
            "This is a plain chroot, in which no mounts can be made. Run this on the host, in a "
            "virtual machine, or enter the folder by `unshare --mount` and pivot_root instead."
        )
    if "proc" in said:
        return (
            "This seems to be a container whose /proc is masked. Start the container with "
            "`--privileged`, or with `--security-opt unmask=ALL --cap-add SYS_ADMIN "
            "--security-opt seccomp=unconfined`."
        )
    return (
        "This process may not make namespaces; it is probably inside an unprivileged container. "
        "Start the container with `--privileged`, or run this on a host or virtual machine."
    )


def _sysctl(name: str) -> str | None:
    try:
        return (Path("/proc/sys") / name).read_text(encoding="ascii").strip()
    except OSError:
        return None


def _in_chroot() -> bool:
    """Return whether / is no mount point: what a plain chroot looks like from inside."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return all(line.split(" ")[4] != "/" for line in mounts if line.count(" ") > 4)  # noqa: PLR2004 - the fifth field
