"""How much an environment takes, and which packages take most of it."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from notebooks.environments.errors import EnvironmentBuildError, Fault
from notebooks.environments.limits import BuildLimits

_NAMED = 5
"""Packages that a message names."""


def check_size(folder: Path, limits: BuildLimits) -> None:
    """Compare the installed files with the limit.

    Raises:
        EnvironmentBuildError: They are larger; the biggest packages are named.
    """
    total = installed_bytes(folder)
    if total > limits.installed_bytes:
        names = ", ".join(f"{name} ({_mib(size)})" for name, size in biggest_packages(folder))
        message = (
            f"the packages take {_mib(total)}, and an environment may take "
            f"{_mib(limits.installed_bytes)}. Ask for fewer or smaller ones; the biggest are: "
            f"{names}."
        )
        raise EnvironmentBuildError((Fault(None, None, message),))


def installed_bytes(folder: Path) -> int:
    """Return the size of all files below a folder, links not followed."""
    return sum(
        (Path(where) / file).lstat().st_size
        for where, _, files in os.walk(folder)
        for file in files
    )


def biggest_packages(folder: Path) -> list[tuple[str, int]]:
    """Return the packages that take most, the biggest first, with their bytes."""
    sizes = [
        (record.parent.name.removesuffix(".dist-info").replace("-", " "), _recorded(record, folder))
        for record in folder.glob("lib/python*/site-packages/*.dist-info/RECORD")
    ]
    return sorted(sizes, key=lambda one: (-one[1], one[0]))[:_NAMED]


def _recorded(record: Path, folder: Path) -> int:
    return sum(path.lstat().st_size for path in _files(record, folder))


def _files(record: Path, folder: Path) -> Iterator[Path]:
    """Yield the files that a package's own list names, as far as they lie in the environment."""
    with record.open(encoding="utf-8", errors="replace", newline="") as text:
        for name in {row[0] for row in csv.reader(text) if row}:
            path = Path(os.path.normpath(record.parent.parent / name))
            if path.is_relative_to(folder) and path.is_file():
                yield path


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:.0f} MiB"
