from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from config.database import Database
from notebooks.attempts.documents import load
from notebooks.attempts.models import Attempt, AttemptMember
from notebooks.attempts.service import get_attempt, open_attempt, request_kernel
from notebooks.errors import NotFoundError
from notebooks.journal.models import JournalStream
from tests.notebooks.conftest import CELLS, store_version


def launch(database: Database, version_id: UUID, learner: str, barrier: Barrier) -> UUID:
    barrier.wait(10)
    with database.transaction() as session:
        return open_attempt(
            session,
            assignment_key="homework",
            learner_key=learner,
            case_version_id=version_id,
            graded=True,
        ).id


def test_launches_at_once_open_one_attempt(database: Database) -> None:
    with database.transaction() as session:
        version_id = store_version(session)
    barrier = Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        found = {
            one.result(20)
            for one in [pool.submit(launch, database, version_id, "ada", barrier) for _ in "8" * 8]
        }
    assert len(found) == 1
    with database.transaction() as session:
        for table in (Attempt, AttemptMember):
            assert session.scalar(select(func.count()).select_from(table)) == 1
        assert session.scalar(select(func.count()).select_from(JournalStream)) == 2
        assert load(session, found.pop()).cells == CELLS


def test_each_learner_has_an_attempt_and_keeps_it_when_the_case_changes(
    database: Database,
) -> None:
    with database.transaction() as session:
        old, new = store_version(session), store_version(session)
    alone = Barrier(1)
    ada, bob = (launch(database, old, learner, alone) for learner in ("ada", "bob"))
    assert ada != bob
    assert launch(database, new, "ada", alone) == ada
    with database.transaction() as session:
        assert get_attempt(session, ada).case_version_id == old


def test_a_kernel_that_is_asked_for_twice_is_prepared_once(
    database: Database, attempt_id: UUID
) -> None:
    for _ in range(2):
        with database.transaction() as session:
            request_kernel(session, attempt_id)
    with database.transaction() as session:
        jobs = session.connection().exec_driver_sql(
            "SELECT args->>'attempt_id' FROM procrastinate_jobs "
            "WHERE task_name = 'notebooks:prepare_kernel' AND queue_name = 'runs'"
        )
        assert [row[0] for row in jobs] == [str(attempt_id)]


def test_what_does_not_exist_is_named(database: Database) -> None:
    unknown = uuid4()
    with database.transaction() as session, pytest.raises(NotFoundError, match=str(unknown)):
        get_attempt(session, unknown)
    with pytest.raises(NotFoundError, match=str(unknown)):
        launch(database, unknown, "ada", Barrier(1))
