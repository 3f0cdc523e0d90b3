from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from config.database import Database
from notebooks.attempts.claims import claim, waiting, wake_orphans
from notebooks.attempts.models import RunState
from notebooks.attempts.recording import end_lost, record
from notebooks.attempts.runs import MAX_QUEUED, current_runs, request_run
from notebooks.errors import CellRefusedError, NotFoundError, TooManyRunsError
from notebooks.kernels.records import Finished, RunEvent, Started
from tests.notebooks.fake_runner import says


def ask(database: Database, attempt_id: UUID, run_id: UUID, cell_id: str = "load") -> int:
    with database.transaction() as session:
        return request_run(
            session, attempt_id=attempt_id, cell_id=cell_id, source="x = 1", run_id=run_id
        ).position


def count_jobs(database: Database) -> int:
    with database.transaction() as session:
        jobs = session.connection().exec_driver_sql(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notebooks:execute_runs'"
        )
        return int(jobs.scalar_one())


def test_asking_twice_with_one_id_queues_one_run(database: Database, attempt_id: UUID) -> None:
    run_id = uuid4()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: ask(database, attempt_id, run_id), range(4))) == {1}
    assert count_jobs(database) == 1


def test_clicks_at_once_get_positions_of_their_own(database: Database, attempt_id: UUID) -> None:
    with ThreadPoolExecutor(8) as pool:
        places = list(pool.map(lambda _: ask(database, attempt_id, uuid4()), range(16)))
    assert sorted(places) == list(range(1, 17))


def test_the_queue_of_an_attempt_is_bounded(database: Database, attempt_id: UUID) -> None:
    for _ in range(MAX_QUEUED):
        ask(database, attempt_id, uuid4())
    with pytest.raises(TooManyRunsError, match="wait"):
        ask(database, attempt_id, uuid4())


def test_only_code_cells_of_the_notebook_run(database: Database, attempt_id: UUID) -> None:
    with pytest.raises(CellRefusedError):
        ask(database, attempt_id, uuid4(), "intro")
    with pytest.raises(NotFoundError):
        ask(database, attempt_id, uuid4(), "elsewhere")


def test_claims_by_many_jobs_at_once_give_the_run_to_one(
    database: Database, attempt_id: UUID
) -> None:
    for _ in range(3):
        ask(database, attempt_id, uuid4())
    with database.transaction() as session:
        jobs = session.connection().exec_driver_sql("SELECT id FROM procrastinate_jobs").scalars()
        live = list(jobs)

    def take(job_id: int) -> UUID | None:
        with database.transaction() as session:
            claimed = claim(session, attempt_id, job_id)
            return claimed.run_id if claimed else None

    with ThreadPoolExecutor(4) as pool:
        taken = [one for one in pool.map(take, live) if one is not None]
    assert len(taken) == 1


def test_events_are_stored_once_whoever_comes_again(database: Database, attempt_id: UUID) -> None:
    run_id = uuid4()
    ask(database, attempt_id, run_id)
    events = [RunEvent(number=1, body=Started()), RunEvent(number=2, body=says("hello"))]
    end = RunEvent(number=3, body=Finished(outcome="ok"))
    with database.transaction() as session:
        assert not record(session, run_id, after=0, events=events)
        assert waiting(session, attempt_id, 1)
        claim(session, attempt_id, 1)
        assert record(session, run_id, after=0, events=events)
        assert not record(session, run_id, after=0, events=events)
        assert record(session, run_id, after=2, events=[end])
        assert not record(session, run_id, after=3, events=[end])
        assert not end_lost(session, run_id, state=RunState.LOST, message="late")
        assert not waiting(session, attempt_id, 1)
        (view,) = current_runs(session, attempt_id)
    assert (view.state, view.outputs[0].text) == (RunState.OK, "hello")


def test_open_runs_without_a_job_get_one(database: Database, attempt_id: UUID) -> None:
    ask(database, attempt_id, uuid4())
    with database.transaction() as session:
        assert wake_orphans(session) == 0
        session.connection().exec_driver_sql("DELETE FROM procrastinate_jobs")
    with database.transaction() as session:
        assert wake_orphans(session) == 1
    with database.transaction() as session:
        assert wake_orphans(session) == 0
    assert count_jobs(database) == 1
