"""What every importer is given and gives back."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from notebooks.attempts.document import Cell
from notebooks.cases.notebook import RawCell
from notebooks.cases.problems import ProblemLog
from notebooks.cases.profile import Profile

MAX_SUBTASKS = 100
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_MAX_TITLE = 120


@dataclass(frozen=True, slots=True)
class Imported:
    """What a notebook alone says about its case."""

    profile: Profile
    solution: tuple[Cell, ...]
    template: tuple[Cell, ...] | None = None
    """What students start from, where the tool says it; None: it is derived as for any case."""


class Importer(Protocol):
    """Reads notebooks of one kind."""

    def recognises(self, cells: Sequence[RawCell]) -> bool:
        """Return whether the cells are of this kind; called for each importer in turn."""
        ...

    def read(self, cells: Sequence[RawCell], file: str, log: ProblemLog) -> Imported | None:
        """Return the case that the cells make; None with the log saying why there is none.

        `cells` are all cells of `file`, raw ones included. With problems in the log the result
        is not used, so reading goes on to find all of them.
        """
        ...


def heading(text: str, otherwise: str) -> str:
    """Return the first heading of a text, else its first line, else `otherwise`."""
    found = _HEADING.search(text)
    line = found[1] if found else next((one for one in text.splitlines() if one.strip()), "")
    return line.strip()[:_MAX_TITLE] or otherwise


def without_heading(text: str) -> str:
    """Return a text without its first heading."""
    return _HEADING.sub("", text, count=1).strip()


def identity(name: str, number: int, taken: Collection[str], otherwise: str = "task") -> str:
    """Return an id fit for `case.yaml` that reads like `name` and is not taken yet."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:30].strip("-_")
    made = made or f"{otherwise}-{number}"
    candidate = made
    while candidate in taken:
        candidate = f"{made}-{number}"
        number += 1
    return candidate


def title_and_description(cells: Sequence[RawCell]) -> tuple[str, str]:
    """Return a case's title and description: the notebook's first text."""
    first = next((cell.source for cell in cells if cell.kind == "markdown"), "")
    return heading(first, "Untitled case"), without_heading(first)
