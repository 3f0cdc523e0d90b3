"""Reading what a cell has around it: its environment's packages and its data, from the folders."""

from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import Distribution, distributions
from itertools import islice
from pathlib import Path

from notebooks.kernels.runner.explain import Package, Surroundings, normalised

_MAX_FILES = 10
_MAX_PACKAGES = 2000
_MAX_RECORD_LINES = 100_000


def look_around(environment: Path, data: Path | None) -> Surroundings:
    """Return what a cell of this environment and data has; what cannot be read is not there."""
    return Surroundings(data=_files(data), packages=_packages(environment))


def _files(data: Path | None) -> tuple[str, ...]:
    if data is None:
        return ()
    try:
        names = sorted(path.name for path in data.iterdir() if not path.name.startswith("."))
    except OSError:
        return ()
    return tuple(names[:_MAX_FILES])


@lru_cache(maxsize=64)
def _packages(environment: Path) -> dict[str, Package]:
    """Read once: an environment never changes."""
    folders = [str(path) for path in environment.glob("lib/python*/site-packages")]
    found = islice(distributions(path=folders), _MAX_PACKAGES)
    packages = [_package(distribution) for distribution in found]
    return {normalised(package.name): package for package in packages}


def _package(distribution: Distribution) -> Package:
    metadata = distribution.metadata
    return Package(
        name=metadata["Name"] or "",
        version=distribution.version or "",
        modules=frozenset(_modules(distribution)),
    )


def _modules(distribution: Distribution) -> Iterator[str]:
    """Yield the names that a package's files can be imported by."""
    for line in islice((distribution.read_text("RECORD") or "").splitlines(), _MAX_RECORD_LINES):
        top, *below = line.split(",", 1)[0].split("/")
        if below:
            name = top
        elif top.endswith((".py", ".so")):
            name = top.split(".", 1)[0]
        else:
            continue
        if name.isidentifier() and name != "__pycache__":
            yield name
