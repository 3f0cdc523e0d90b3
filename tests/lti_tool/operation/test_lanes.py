import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from procrastinate.jobs import Job
from sqlalchemy import text

from config.database import Database
from config.queue import Queue, defer
from lti_tool.operation.lanes import HandBack, make_app, sweep_stalled

Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        (tmp_path / "ready").unlink(missing_ok=True)
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.lti_tool.operation.lane_worker",
                database_url,
                str(tmp_path),
            ]
        )
        started.append(process)
        _eventually((tmp_path / "ready").exists)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(10)


def _eventually(condition: Callable[[], bool], seconds: float = 20) -> float:
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds
        time.sleep(0.02)
    return time.monotonic() - begin


def _noted(folder: Path) -> list[str]:
    log = folder / "log"
    return log.read_text().splitlines() if log.exists() else []


def _jobs(database: Database) -> int:
    with database.transaction() as session:
        count: int = session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one()
    return count


def _defer_slow(database: Database, seconds: float) -> None:
    with database.transaction() as session:
        defer(session, "test:slow", queue=Queue.RUNS, args={"seconds": seconds})


def test_a_killed_workers_job_is_run_again_by_another_within_15_seconds(
    start: Start, database: Database, tmp_path: Path
) -> None:
    first = start()
    _defer_slow(database, 60)
    _eventually(lambda: _noted(tmp_path) == ["begin 1"])
    first.kill()
    killed = time.monotonic()
    start()
    _eventually(lambda: _noted(tmp_path) == ["begin 1", "begin 1", "end 1"])
    assert time.monotonic() - killed < 15
    _eventually(lambda: _jobs(database) == 0)


def test_a_worker_that_is_told_to_stop_hands_its_job_back_and_ends_well(
    start: Start, database: Database, tmp_path: Path
) -> None:
    first = start()
    _defer_slow(database, 60)
    _eventually(lambda: _noted(tmp_path) == ["begin 1"])
    first.terminate()
    assert first.wait(15) == 0
    start()
    assert _eventually(lambda: _noted(tmp_path)[1:] == ["begin 1", "end 1"]) < 5


def test_a_job_is_started_at_once_and_deleted_when_it_is_done(
    start: Start, database: Database, tmp_path: Path
) -> None:
    start()
    _defer_slow(database, 0)
    assert _eventually(lambda: "end 1" in _noted(tmp_path)) < 2
    _eventually(lambda: _jobs(database) == 0)


def test_a_job_that_found_the_database_away_is_tried_again(
    start: Start, database: Database, tmp_path: Path
) -> None:
    start()
    with database.transaction() as session:
        defer(session, "test:away", queue=Queue.SCORES, args={})
    _eventually(lambda: _noted(tmp_path) == ["away 0", "away 1"])


async def test_a_stalled_job_whose_successor_waits_is_dropped(
    database: Database, database_url: str
) -> None:
    insert = text(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, status)"
        " VALUES ('scores', 'test:away', 'one', CAST(:status AS procrastinate_job_status))"
    )
    with database.transaction() as session:
        session.execute(insert, {"status": "doing"})
        session.execute(insert, {"status": "todo"})
    app = make_app(database_url)
    async with app.open_async():
        assert await sweep_stalled(app) == 1
        assert await sweep_stalled(app) == 0
    assert _jobs(database) == 1


@pytest.mark.parametrize(
    ("lock", "error"),
    [(None, ValueError()), ("one", psycopg.OperationalError()), ("one", asyncio.CancelledError())],
)
def test_a_job_is_not_tried_again_for_its_own_fault_or_with_a_queueing_lock(
    lock: str | None, error: BaseException
) -> None:
    job = Job(
        id=1, queue="runs", lock=None, queueing_lock=lock, task_name="test:slow", task_kwargs={}
    )
    assert HandBack().get_retry_decision(exception=error, job=job) is None
