from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from config.database import Database
from notebooks.attempts.documents import (
    KEPT_EVERY,
    KEPT_VERSIONS,
    MAX_SOURCE,
    DocumentState,
    load,
    save,
)
from notebooks.attempts.models import Attempt, DocumentVersion
from notebooks.errors import CellRefusedError, NotFoundError, RevisionConflictError
from notebooks.journal.log import read


def put(database: Database, attempt_id: UUID, base: int, **sources: str) -> DocumentState:
    with database.transaction() as session:
        return save(session, attempt_id, base_revision=base, sources=sources)


def sources_of(state: DocumentState) -> dict[str, str]:
    return {cell.id: cell.source for cell in state.cells}


def test_a_save_changes_the_named_cells_and_says_so_in_the_journal(
    database: Database, attempt_id: UUID
) -> None:
    saved = put(database, attempt_id, 1, load="x = 1")
    assert saved.revision == 2
    assert sources_of(saved) == {"intro": "# Hello", "load": "x = 1", "fit": "y = ..."}
    with database.transaction() as session:
        assert load(session, attempt_id) == saved
        stream_id = session.get_one(Attempt, attempt_id).stream_id
        (event,) = read(session, stream_id, 0, 10)
    assert event.kind == "document.saved"
    assert event.payload == {"revision": 2, "saved_at": saved.saved_at.isoformat()}


def test_what_a_save_replaces_stays_in_the_history(database: Database, attempt_id: UUID) -> None:
    put(database, attempt_id, 1, load="x = 1")
    put(database, attempt_id, 2, load="x = 2")
    with database.transaction() as session:
        versions = session.scalars(select(DocumentVersion).order_by(DocumentVersion.revision))
        kept = {one.revision: one.cells[1]["source"] for one in versions}
    assert kept == {1: "x = ...", 2: "x = 1"}


def test_a_save_that_changes_nothing_makes_no_revision(
    database: Database, attempt_id: UUID
) -> None:
    assert put(database, attempt_id, 1, load="x = ...").revision == 1


def test_of_conflicting_saves_one_wins_and_the_other_gets_its_text(
    database: Database, attempt_id: UUID
) -> None:
    barrier = Barrier(6)

    def race(n: int) -> DocumentState | RevisionConflictError:
        barrier.wait(10)
        try:
            return put(database, attempt_id, 1, load=f"x = {n}")
        except RevisionConflictError as error:
            return error

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(race, range(6)))
    (winner,) = [one for one in outcomes if isinstance(one, DocumentState)]
    losers = [one for one in outcomes if isinstance(one, RevisionConflictError)]
    assert len(losers) == 5
    assert all(loser.current == winner for loser in losers)


def test_taking_over_after_a_conflict_keeps_the_other_text(
    database: Database, attempt_id: UUID
) -> None:
    put(database, attempt_id, 1, load="theirs")
    with pytest.raises(RevisionConflictError) as conflict:
        put(database, attempt_id, 1, load="mine")
    taken = put(database, attempt_id, conflict.value.current.revision, load="mine")
    assert sources_of(taken)["load"] == "mine"
    with database.transaction() as session:
        kept = session.get_one(DocumentVersion, (attempt_id, 2))
        assert kept.cells[1]["source"] == "theirs"


def test_text_cells_unknown_cells_and_endless_sources_are_refused(
    database: Database, attempt_id: UUID
) -> None:
    with pytest.raises(CellRefusedError, match="intro is text"):
        put(database, attempt_id, 1, intro="# Bye")
    with pytest.raises(NotFoundError, match="no cell other"):
        put(database, attempt_id, 1, load="x = 1", other="y")
    with pytest.raises(CellRefusedError, match="longer"):
        put(database, attempt_id, 1, load="x" * (MAX_SOURCE + 1))
    with pytest.raises(NotFoundError):
        put(database, uuid4(), 1, load="x")
    with database.transaction() as session:
        assert load(session, attempt_id).revision == 1


def test_characters_that_the_database_cannot_hold_are_replaced(
    database: Database, attempt_id: UUID
) -> None:
    saved = put(database, attempt_id, 1, load="a\0b\ud83dc😀")
    assert sources_of(saved)["load"] == "a\ufffdb\ufffdc😀"


def test_the_history_thins_out_with_age(
    database: Database, attempt_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notebooks.attempts.documents.KEPT_VERSIONS", 10)
    assert KEPT_VERSIONS > KEPT_EVERY
    with database.transaction() as session:
        for revision in range(1, 51):
            save(session, attempt_id, base_revision=revision, sources={"load": str(revision)})
        kept = session.scalars(select(DocumentVersion.revision).order_by("revision")).all()
    assert kept == [20, *range(40, 51)]
