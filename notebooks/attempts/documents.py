"""Reading and saving the document of an attempt."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from config.database import utcnow
from notebooks.attempts.document import Cell, DocumentState
from notebooks.attempts.models import Attempt, Document, DocumentVersion
from notebooks.errors import CellRefusedError, NotFoundError, RevisionConflictError
from notebooks.journal.log import append
from notebooks.text import storable

__all__ = ["DocumentState", "check_source", "edited", "load", "save"]

MAX_SOURCE = 1_000_000
"""Characters in one cell."""

MAX_DOCUMENT = 4_000_000
"""Characters in all cells of a document together."""

KEPT_VERSIONS = 100
"""The newest past states are all kept; of older ones, every `KEPT_EVERY`-th."""

KEPT_EVERY = 20


def load(session: Session, attempt_id: UUID) -> DocumentState:
    """Return the current document. Raises NotFoundError."""
    document = session.get(Document, attempt_id, populate_existing=True)
    if document is None:
        raise NotFoundError(f"There is no document of attempt {attempt_id}.")
    return _state(document)


def save(
    session: Session, attempt_id: UUID, *, base_revision: int, sources: Mapping[str, str]
) -> DocumentState:
    """Replace the sources of the named code cells and return the document's new state.

    What was stored before goes to the history. Sources that change nothing make no revision.
    Raises RevisionConflictError if `base_revision` is not the stored one (it carries that one),
    NotFoundError for an unknown cell, CellRefusedError for a text cell or too much text.
    """
    document = session.get(Document, attempt_id, with_for_update=True, populate_existing=True)
    if document is None:
        raise NotFoundError(f"There is no document of attempt {attempt_id}.")
    current = _state(document)
    if base_revision != current.revision:
        raise RevisionConflictError(current)
    cells = edited(current.cells, sources)
    if cells == current.cells:
        return current
    _keep(session, document)
    document.revision = current.revision + 1
    document.cells = [cell.model_dump(mode="json") for cell in cells]
    document.saved_at = utcnow()
    session.flush()
    stream_id = session.scalars(select(Attempt.stream_id).where(Attempt.id == attempt_id)).one()
    payload = {"revision": document.revision, "saved_at": document.saved_at.isoformat()}
    append(session, stream_id, "document.saved", payload)
    return _state(document)


def edited(cells: tuple[Cell, ...], sources: Mapping[str, str]) -> tuple[Cell, ...]:
    """Return the cells with new sources; nothing but the sources of code cells can change."""
    by_id = {cell.id: cell for cell in cells}
    for cell_id, source in sources.items():
        check_source(by_id, cell_id, source)
    changed = tuple(
        cell.model_copy(update={"source": storable(sources[cell.id])})
        if cell.id in sources
        else cell
        for cell in cells
    )
    if sum(len(cell.source) for cell in changed) > MAX_DOCUMENT:
        raise CellRefusedError(f"The notebook is longer than {MAX_DOCUMENT} characters.")
    return changed


def check_source(by_id: Mapping[str, Cell], cell_id: str, source: str) -> None:
    """Raise unless `cell_id` names a code cell that may hold `source`."""
    cell = by_id.get(cell_id)
    if cell is None:
        raise NotFoundError(f"There is no cell {cell_id} in this notebook.")
    if cell.kind != "code":
        raise CellRefusedError(f"Cell {cell_id} is text; only code cells can be changed or run.")
    if len(source) > MAX_SOURCE:
        raise CellRefusedError(f"Cell {cell_id} is longer than {MAX_SOURCE} characters.")


def _keep(session: Session, document: Document) -> None:
    session.add(
        DocumentVersion(
            attempt_id=document.attempt_id,
            revision=document.revision,
            cells=document.cells,
            saved_at=document.saved_at,
        )
    )
    leaving = document.revision - KEPT_VERSIONS
    if leaving > 0 and leaving % KEPT_EVERY:
        session.execute(
            delete(DocumentVersion).where(
                DocumentVersion.attempt_id == document.attempt_id,
                DocumentVersion.revision == leaving,
            )
        )


def _state(document: Document) -> DocumentState:
    return DocumentState(
        document.revision,
        document.saved_at,
        tuple(Cell.model_validate(cell) for cell in document.cells),
    )
