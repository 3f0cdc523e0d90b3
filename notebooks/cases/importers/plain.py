"""A plain solved notebook: the order of its cells says what the case is.

The first text is the description; each later text that code follows is a subtask of one point.
"""

from collections.abc import Sequence

from notebooks.cases.importers.contract import (
    MAX_SUBTASKS,
    Imported,
    heading,
    identity,
    title_and_description,
)
from notebooks.cases.notebook import RawCell, document_cell
from notebooks.cases.problems import ProblemLog
from notebooks.cases.profile import Profile, Subtask


class PlainImporter:
    """Reads any notebook."""

    def recognises(self, cells: Sequence[RawCell]) -> bool:
        """Return True: whatever no other importer knows is a plain notebook."""
        del cells
        return True

    def read(self, cells: Sequence[RawCell], file: str, log: ProblemLog) -> Imported | None:
        """Return the profile and the cells with their subtasks; None if there are no subtasks."""
        kept = [cell for cell in cells if cell.kind != "raw"]
        if not any(cell.kind == "code" for cell in kept):
            log.add(file, "The notebook has no code cell, so there is nothing to judge.")
            return None
        texts = [index for index, cell in enumerate(kept) if cell.kind == "markdown"]
        starts = [index for index in texts[1:] if index + 1 < len(kept) and index + 1 not in texts]
        if not starts or len(starts) > MAX_SUBTASKS:
            found = "No subtask" if not starts else f"More than {MAX_SUBTASKS} subtasks"
            log.add(
                file,
                f"{found} found. Without case.yaml the first text describes the case, and each "
                "further text with code after it is a subtask.",
            )
            return None
        subtasks: list[Subtask] = []
        made = []
        current: str | None = None
        for index, cell in enumerate(kept):
            if index in starts:
                number = len(subtasks) + 1
                title = heading(cell.source, f"Task {number}")
                current = identity(title, number, {one.id for one in subtasks})
                subtasks.append(Subtask(id=current, title=title, points=1))
            elif cell.kind == "markdown":
                current = None
            made.append(document_cell(cell, current))
        title, description = title_and_description(kept)
        profile = Profile(title=title, description=description, subtasks=tuple(subtasks))
        return Imported(profile, tuple(made))
