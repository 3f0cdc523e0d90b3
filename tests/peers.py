"""Other tools, each in a virtual environment of its own that is built once and kept."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from uv import find_uv_bin

from tests.environments import shared_environments_dir

NBGRADER = ("nbgrader==0.9.6",)
OTTER = ("otter-grader==7.0.0", "ipykernel")
_SECONDS = 600


class PeerUnavailableError(Exception):
    """A tool cannot be installed here, as without a network."""


class Peer:
    """A tool's environment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self._folder / "bin" / "python"

    def run(self, *arguments: str, folder: Path, seconds: float = _SECONDS) -> str:
        """Run `python -m` with these arguments in a folder; return what it printed.

        Raises:
            RuntimeError: it failed; with the end of what it printed.
        """
        # nbgrader and Otter start kernels and converters by name.
        path = f"{self.python.parent}:{os.environ.get('PATH', '')}"
        done = subprocess.run(
            [str(self.python), "-m", *arguments],
            cwd=folder,
            env={**os.environ, "PATH": path, "VIRTUAL_ENV": str(self._folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout[-4000:]}")
        return done.stdout


def peer(*requirements: str) -> Peer:
    """Return an environment with these packages, precompiled; it is built at the first call.

    Raises:
        PeerUnavailableError: it cannot be built.
    """
    key = sha256("\n".join((sys.version, *requirements)).encode()).hexdigest()[:16]
    root = shared_environments_dir().parent / "peers"
    root.mkdir(parents=True, exist_ok=True)
    folder, complete = root / key, root / f"{key}.complete"
    with (root / f"{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _build(folder, requirements)
            complete.touch()
    return Peer(folder)


def _build(folder: Path, requirements: Sequence[str]) -> None:
    uv = find_uv_bin()
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode"]
    try:
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [*install, "--python", str(folder / "bin" / "python"), *requirements],
        ):
            subprocess.run(command, check=True, timeout=_SECONDS, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise PeerUnavailableError(f"{requirements[0]}: {error.stderr[-1000:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerUnavailableError(f"{requirements[0]}: {error}") from error
