"""Where files live at run time: folders whose paths are short enough for unix sockets."""

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from config.errors import ConfigError
from config.settings import Settings

LONGEST_RUNTIME_DIR = 48
"""Bytes; a unix socket's whole path has at most 107, and kernels add up to 58."""


def runtime_dir(settings: Settings) -> Path:
    """Create and return the folder for sockets and process files of this state folder.

    It is `STATE/run`, or, where that path is too long for sockets, a folder of our own below the
    system's temporary folder, named after the state folder. Other users may pass through it as far
    as it belongs to root (service accounts reach their own sockets there), but never list it.

    Raises:
        ConfigError: the folder exists and belongs to somebody else, or is a link.
    """
    folder = runtime_path(settings.state_dir)
    if _is_inside(folder, settings.state_dir):
        folder.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    return own_folder(folder, 0o711 if os.geteuid() == 0 else 0o700)


def runtime_path(state_dir: Path) -> Path:
    """Return where the runtime folder of a state folder is or would be."""
    inside = state_dir.resolve() / "run"
    if len(os.fsencode(inside)) <= LONGEST_RUNTIME_DIR:
        return inside
    digest = hashlib.sha256(os.fsencode(inside)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"casebook-{digest}"


def remove_outer_runtime_dir(settings: Settings) -> None:
    """Leave nothing in the system's temporary folder once every process has ended."""
    folder = runtime_path(settings.state_dir)
    if not _is_inside(folder, settings.state_dir):
        shutil.rmtree(folder, ignore_errors=True)


def _is_inside(folder: Path, state_dir: Path) -> bool:
    return folder.parent == state_dir.resolve()


def own_folder(folder: Path, mode: int) -> Path:
    """Create a folder with this mode, or check that the existing one is really ours.

    Raises:
        ConfigError: it is a link, not a folder, or belongs to another user.
    """
    folder.mkdir(mode=mode, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise ConfigError(f"{folder} is not a folder of this user; remove it and start again")
    if stat.S_IMODE(found.st_mode) != mode:
        folder.chmod(mode)
    return folder
