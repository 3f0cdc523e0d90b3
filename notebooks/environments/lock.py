"""The lock of an environment: each package with its version and the hashes of its files."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from notebooks.environments.errors import EnvironmentBuildError, Fault
from notebooks.environments.requirements import RequirementLine, shown

_CONTINUED = re.compile(r"\\\n\s*")


@dataclass(frozen=True, slots=True)
class Lock:
    """What `uv pip compile` wrote, as pip and uv install it."""

    text: str

    @property
    def packages(self) -> int:
        """Return how many packages it holds."""
        return sum(1 for _ in self._entries())

    def restricted(self, lines: Sequence[RequirementLine]) -> "Lock":
        """Return the lock with no other hashes than those that the author gave, where there are.

        Raises:
            EnvironmentBuildError: A package's files have none of the hashes that its line gives.
        """
        wanted = {line.name: line for line in lines if line.hashes}
        if not wanted:
            return self
        kept = []
        for pin, hashes in self._entries():
            line = wanted.get(canonicalize_name(Requirement(pin).name))
            chosen = [one for one in hashes if line is None or one in line.hashes]
            if line is not None and not chosen:
                message = f"no file of {pin} has the hash that this line gives."
                raise EnvironmentBuildError((Fault(line.number, shown(line.text), message),))
            kept.append(" \\\n    ".join((pin, *(f"--hash={one}" for one in chosen))))
        return Lock("\n".join(kept) + "\n")

    def _entries(self) -> Iterator[tuple[str, list[str]]]:
        for line in _CONTINUED.sub(" ", self.text).splitlines():
            pin, *hashes = line.split("--hash=")
            if pin.strip():
                yield pin.strip(), [one.strip() for one in hashes]
