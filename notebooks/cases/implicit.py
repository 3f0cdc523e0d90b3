"""The profile of a notebook that comes without `case.yaml`, from the order of its cells.

The first text is the description; each later text that code follows is a subtask of one point.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from notebooks.attempts.document import Cell
from notebooks.cases.notebook import RawCell, document_cell
from notebooks.cases.problems import ProblemLog
from notebooks.cases.profile import Profile, Subtask

MAX_SUBTASKS = 100
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Implied:
    """What a notebook alone says about its case."""

    profile: Profile
    cells: tuple[Cell, ...]


def imply(cells: Sequence[RawCell], file: str, log: ProblemLog) -> Implied | None:
    """Return the profile and the cells with their subtasks; None if there are no subtasks."""
    texts = [index for index, cell in enumerate(cells) if cell.kind == "markdown"]
    starts = [index for index in texts[1:] if index + 1 < len(cells) and index + 1 not in texts]
    if not starts or len(starts) > MAX_SUBTASKS:
        found = "No subtask" if not starts else f"More than {MAX_SUBTASKS} subtasks"
        log.add(
            file,
            f"{found} found. Without case.yaml the first text describes the case, and each "
            "further text with code after it is a subtask.",
        )
        return None
    subtasks: list[Subtask] = []
    made: list[Cell] = []
    current: str | None = None
    for index, cell in enumerate(cells):
        if index in starts:
            title = _title(cell.source, f"Task {len(subtasks) + 1}")
            current = _identity(title, len(subtasks) + 1, {one.id for one in subtasks})
            subtasks.append(Subtask(id=current, title=title, points=1))
        elif cell.kind == "markdown":
            current = None
        made.append(document_cell(cell, current))
    first = cells[texts[0]].source
    profile = Profile(
        title=_title(first, "Untitled case"),
        description=_HEADING.sub("", first, count=1).strip(),
        subtasks=tuple(subtasks),
    )
    return Implied(profile, tuple(made))


def _title(text: str, otherwise: str) -> str:
    heading = _HEADING.search(text)
    line = heading[1] if heading else next((one for one in text.splitlines() if one.strip()), "")
    return line.strip()[:120] or otherwise


def _identity(title: str, number: int, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30].strip("-") or f"task-{number}"
    return made if made not in taken else f"{made}-{number}"
