from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from procrastinate import App, Blueprint, PsycopgConnector

from config.database import Database
from config.queue import Queue
from config.settings import Settings
from notebooks.attempts.kernels import notice
from notebooks.attempts.models import Attempt, RunState
from notebooks.attempts.runner import Runner
from notebooks.attempts.runs import current_runs, request_run
from notebooks.attempts.service import request_kernel
from notebooks.kernels.client import RunnerClient
from notebooks.tasks import blueprint
from tests.notebooks.fake_runner import FakeRunner, says


def fulfils_the_protocol(client: RunnerClient) -> Runner:
    """Checked by mypy: the real client is what executing runs asks for."""
    return client


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[App]:
    app = App(connector=PsycopgConnector(conninfo=database_url))
    copied = Blueprint()  # adding a blueprint to an app renames its tasks, once and for all
    for task in blueprint.tasks.values():
        short = task.name.rsplit(":")[-1]
        copied.task(name=short, queue=task.queue, pass_context=True)(task.func)
    app.add_tasks_from(copied, namespace="notebooks")
    async with app.open_async():
        yield app


async def work(app: App, database: Database, settings: Settings, runner: FakeRunner) -> None:
    """Do every job that waits."""
    await app.run_worker_async(
        queues=[queue.value for queue in Queue],
        wait=False,
        concurrency=4,
        install_signal_handlers=False,
        additional_context={"database": database, "settings": settings, "runner": runner},
    )


def statuses(database: Database) -> list[tuple[str, str]]:
    with database.transaction() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id"
        )
        return [(row[0], row[1]) for row in rows]


async def test_clicks_are_executed_by_a_worker(
    app: App, database: Database, settings: Settings, attempt_id: UUID
) -> None:
    runner = FakeRunner(lambda source: [says(source), 0.05])
    asked = [uuid4() for _ in range(3)]
    with database.transaction() as session:
        for run_id, cell in zip(asked, ("load", "fit", "load"), strict=True):
            request_run(session, attempt_id=attempt_id, cell_id=cell, source=cell, run_id=run_id)
    await work(app, database, settings, runner)
    assert [UUID(one) for one in runner.executed] == asked
    assert set(statuses(database)) == {("notebooks:execute_runs", "succeeded")}
    with database.transaction() as session:
        assert {view.state for view in current_runs(session, attempt_id)} == {RunState.OK}


async def test_a_kernel_that_is_asked_for_is_started(
    app: App, database: Database, settings: Settings, attempt_id: UUID
) -> None:
    runner = FakeRunner(lambda _: [])
    with database.transaction() as session:
        request_kernel(session, attempt_id)
    await work(app, database, settings, runner)
    assert list(runner.kernels) == [str(attempt_id)]
    (url, spec) = runner.specs[0]
    assert url == settings.runner_url
    assert (spec.environment, spec.data) == ("env-1", None)
    assert spec.limits.run_seconds == settings.run_seconds


async def test_a_kernel_that_cannot_be_prepared_is_told_and_fails_no_job(
    app: App, database: Database, settings: Settings, attempt_id: UUID
) -> None:
    runner = FakeRunner(lambda _: [], refusal="All places are taken.")
    with database.transaction() as session:
        request_kernel(session, attempt_id)
    await work(app, database, settings, runner)
    assert statuses(database) == [("notebooks:prepare_kernel", "succeeded")]
    with database.transaction() as session:
        told = notice(session, session.get_one(Attempt, attempt_id).stream_id)
    assert told is not None
    assert (told.state, told.reason) == ("dead", "All places are taken.")


async def test_whoever_waits_for_a_kernel_asks_again_later_and_holds_no_worker(
    app: App, database: Database, settings: Settings, attempt_id: UUID
) -> None:
    runner = FakeRunner(lambda source: [says(source)], positions=[2] * 4)
    with database.transaction() as session:
        request_kernel(session, attempt_id)
        for cell in ("load", "fit"):
            request_run(session, attempt_id=attempt_id, cell_id=cell, source="x", run_id=uuid4())
    await work(app, database, settings, runner)
    waiting = [name for name, status in statuses(database) if status == "todo"]
    assert sorted(set(waiting)) == ["notebooks:execute_runs", "notebooks:prepare_kernel"]
    with database.transaction() as session:
        delayed = session.connection().exec_driver_sql(
            "SELECT bool_and(scheduled_at > now()) FROM procrastinate_jobs WHERE status = 'todo'"
        )
        assert delayed.scalar_one()
        session.connection().exec_driver_sql("UPDATE procrastinate_jobs SET scheduled_at = now()")
        assert {view.state for view in current_runs(session, attempt_id)} == {RunState.QUEUED}
    runner.positions = []
    await work(app, database, settings, runner)
    with database.transaction() as session:
        assert {view.state for view in current_runs(session, attempt_id)} == {RunState.OK}


async def test_lost_jobs_of_open_runs_are_made_up_for(
    app: App, database: Database, settings: Settings, attempt_id: UUID
) -> None:
    runner = FakeRunner(lambda source: [says(source)])
    with database.transaction() as session:
        request_run(session, attempt_id=attempt_id, cell_id="load", source="x", run_id=uuid4())
        session.connection().exec_driver_sql("DELETE FROM procrastinate_jobs")
    await app.configure_task("notebooks:wake_orphans", queue="maintenance").defer_async(timestamp=0)
    await work(app, database, settings, runner)
    await work(app, database, settings, runner)
    with database.transaction() as session:
        (view,) = current_runs(session, attempt_id)
    assert view.state is RunState.OK
