"""How long an environment takes: built anew, and asked for again.

Cold is an empty folder of environments, with uv's cache of wheels as it is; the peer is what one
would do by hand, `python -m venv` and `pip install` of the same lock, with pip's cache as it is. A
round that does not count fills both caches. Both sides end precompiled: pip compiles every module
on one core, Casebook most of them on all. Cached is the same
request once more; the peer is the same `pip install` once more.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from notebooks.environments.build import build_environment, lock_requirements
from notebooks.environments.layout import base_python, environment_python
from tests.benchmarks.report import Figure, print_report

REQUIREMENTS = "numpy\npandas\nscikit-learn\nmatplotlib\n"
ROUNDS = 2
REPEATS = 10
_IMPORTS = "import numpy, pandas, sklearn, matplotlib, ipykernel"


class Ours:
    """An environment of Casebook's in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "environments"
        self._name = ""

    def make(self) -> None:
        """Build it, or find it."""
        self._name = asyncio.run(build_environment(REQUIREMENTS, root=self._root, log=_quiet))

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return environment_python(self._root / self._name)


class Peer:
    """A virtual environment made by hand from the same lock."""

    def __init__(self, folder: Path, lock: Path) -> None:
        self._venv = folder / "venv"
        self._lock = lock

    def make(self) -> None:
        """Make the virtual environment unless it is there, and install the lock."""
        if not self._venv.exists():
            _run(str(base_python()), "-m", "venv", str(self._venv))
        options = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps")
        _run(str(self.python), "-m", "pip", "install", *options, "-r", str(self._lock))

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self._venv / "bin" / "python"


def environment_figures() -> tuple[Figure, Figure]:
    """Return `environment_cold_s` and `environment_cached_s`, each with the peer's time."""
    cold: tuple[list[float], list[float]] = [], []
    again: tuple[list[float], list[float]] = [], []
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as common:
        lock = Path(common) / "requirements.lock"
        resolved = asyncio.run(lock_requirements(REQUIREMENTS, log=_quiet))
        lock.write_text(resolved.text, encoding="utf-8")
        for number in range(ROUNDS + 1):
            with tempfile.TemporaryDirectory(prefix="round-", dir=common) as folder:
                sides: tuple[Ours | Peer, ...] = Ours(Path(folder)), Peer(Path(folder), lock)
                for side, one in enumerate(sides):
                    first = _seconds(one.make)
                    _run(str(one.python), "-I", "-c", _IMPORTS)
                    if number > 0:
                        cold[side].append(first)
                        again[side].extend(_seconds(one.make) for _ in range(REPEATS))
    return (
        _figure("environment_cold_s", *cold, "venv + pip install"),
        _figure("environment_cached_s", *again, "pip install once more"),
    )


def _seconds(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _figure(name: str, ours: Sequence[float], theirs: Sequence[float], peer: str) -> Figure:
    value, other = (round(statistics.median(one), 4) for one in (ours, theirs))
    return Figure(name, value, "s", len(ours), peer, other)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=600, capture_output=True)


def _quiet(_line: str) -> None:
    pass


def main() -> int:
    """Measure and print."""
    print_report(environment_figures())
    return 0


if __name__ == "__main__":
    sys.exit(main())
