import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from config.database import Database
from config.settings import Settings
from notebooks import outputs
from notebooks.attempts import execution
from notebooks.attempts.execution import Executor
from notebooks.attempts.kernels import RESTARTED, notice
from notebooks.attempts.models import Attempt, Run, RunState
from notebooks.attempts.runs import RunView, current_runs, request_run, stop_queued
from notebooks.journal.log import Event, read
from notebooks.kernels.errors import KernelMissingError
from notebooks.kernels.records import Finished, Note, Output, OutputsCleared, OutputSet, RunRequest
from tests.notebooks.fake_runner import FakeRunner, Script, adds, says

SCRIPTS: dict[str, Script] = {
    "hello": [says("hel"), adds("lo"), 0.12, adds(" world")],
    "slow": [says("begun"), 0.6, adds(", done")],
    "die": [says("x"), Finished(outcome="died", message="The kernel ran out of memory.")],
    "flood": [says("")] + [adds("0123456789" * 100)] * 3000,
    "many": [OutputSet(index=n, output=Output(kind="result", data={"text/plain": str(n)}))
             for n in range(outputs.MAX_OUTPUTS + 50)],
    "clear": [says("one"), 0.1, OutputsCleared(), says("two"), 0.1, OutputsCleared(), says("3")],
}  # fmt: skip


@dataclass
class Desk:
    """A student's browser, a worker's job and a runner, around one attempt."""

    database: Database
    settings: Settings
    attempt_id: UUID
    runner: FakeRunner

    def click(self, cell_id: str, source: str) -> UUID:
        run_id = uuid4()
        with self.database.transaction() as session:
            request_run(
                session, attempt_id=self.attempt_id, cell_id=cell_id, source=source, run_id=run_id
            )
        return run_id

    def executor(self, job_id: int = 7) -> Executor:
        return Executor(self.database, self.runner, self.settings, self.attempt_id, job_id)

    async def execute(self) -> None:
        await self.executor().execute_all()

    def views(self) -> dict[str, RunView]:
        with self.database.transaction() as session:
            return {view.cell_id: view for view in current_runs(session, self.attempt_id)}

    def journal(self) -> list[Event]:
        with self.database.transaction() as session:
            return read(session, self.attempt(session).stream_id, 0, 1000)

    def attempt(self, session: Session) -> Attempt:
        return session.get_one(Attempt, self.attempt_id)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - the database sends no event
                await asyncio.sleep(0.02)


@pytest.fixture
def desk(database: Database, settings: Settings, attempt_id: UUID) -> Desk:
    return Desk(database, settings, attempt_id, FakeRunner(lambda source: SCRIPTS[source]))


def shown(events: list[Event], run_id: UUID) -> str:
    """What a page that follows the journal shows of a run's first output."""
    text = ""
    for event in events:
        if event.payload.get("run_id") != str(run_id) or event.payload.get("index", 0) != 0:
            continue
        if event.kind == "run.output":
            text = event.payload["output"]["text"]
        elif event.kind == "run.append":
            text += event.payload["text"]
        elif event.kind == "run.clear":
            text = ""
    return text


async def test_a_run_goes_from_click_to_stored_output(desk: Desk) -> None:
    run_id = desk.click("load", "hello")
    await desk.execute()
    view = desk.views()["load"]
    assert (view.run_id, view.state, view.execution_count) == (run_id, RunState.OK, 1)
    assert [output.text for output in view.outputs] == ["hello world"]
    assert view.started_at is not None
    assert view.ended_at is not None
    events = desk.journal()
    assert shown(events, run_id) == "hello world"
    kinds = [event.kind for event in events]
    assert kinds[:1] + kinds[1:3] == ["run.queued", "kernel.changed", "run.started"]
    assert kinds[-1] == "run.finished"


async def test_runs_execute_in_the_order_of_the_clicks_by_one_job(desk: Desk) -> None:
    asked = [desk.click("load", "slow"), desk.click("fit", "hello"), desk.click("load", "hello")]
    await desk.execute()
    assert [UUID(one) for one in desk.runner.executed] == asked
    ends = [one.payload["run_id"] for one in desk.journal() if one.kind == "run.finished"]
    assert [UUID(one) for one in ends] == asked
    assert all(desk.runner.runs[str(one)].acknowledged for one in asked)


async def test_two_jobs_at_once_execute_each_run_once_and_in_order(desk: Desk) -> None:
    asked = [desk.click(cell, "hello") for cell in ("load", "fit") * 3]
    with desk.database.transaction() as session:
        jobs = [row[0] for row in session.connection().exec_driver_sql(
            "SELECT id FROM procrastinate_jobs WHERE task_name = 'notebooks:execute_runs'"
        )]  # fmt: skip
    await asyncio.gather(*(desk.executor(job).execute_all() for job in jobs))
    assert [UUID(one) for one in desk.runner.executed] == asked
    assert {view.state for view in desk.views().values()} == {RunState.OK}


async def test_a_new_worker_with_the_same_job_goes_on_after_the_last_stored_event(
    desk: Desk,
) -> None:
    run_id = desk.click("load", "slow")
    killed = asyncio.create_task(desk.execute())
    await desk.until(lambda: desk.views()["load"].outputs)
    killed.cancel()
    await asyncio.wait([killed])
    await desk.execute()
    assert desk.runner.executed == [str(run_id)]
    view = desk.views()["load"]
    assert (view.state, [one.text for one in view.outputs]) == (RunState.OK, ["begun, done"])
    events = desk.journal()
    assert shown(events, run_id) == "begun, done"
    assert [event.kind for event in events].count("run.started") == 1
    assert [event.kind for event in events].count("run.finished") == 1


async def test_two_workers_with_the_same_job_store_every_event_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "OUTPACED_SECONDS", 0.05)
    steps = [says("0")] + [step for n in range(1, 60) for step in (0.01, adds(f" {n}"))]
    desk.runner.script = lambda _: steps
    run_id = desk.click("load", "count")
    await asyncio.gather(desk.execute(), desk.execute())
    expected = " ".join(str(n) for n in range(60))
    assert desk.runner.executed == [str(run_id)]
    assert desk.views()["load"].outputs[0].text == expected
    assert shown(desk.journal(), run_id) == expected


async def test_a_run_that_the_restarted_runner_does_not_know_ends_as_lost(desk: Desk) -> None:
    desk.click("load", "slow")
    desk.click("fit", "hello")
    working = asyncio.create_task(desk.execute())
    await desk.until(lambda: desk.views()["load"].outputs)
    desk.runner.restart()
    await working
    after = desk.views()
    assert after["load"].state is RunState.LOST
    assert "run the cell again" in after["load"].message
    assert after["load"].outputs[0].text == "begun"
    assert after["fit"].state is RunState.OK


async def test_a_dead_kernel_is_announced_and_the_next_run_gets_a_new_one(desk: Desk) -> None:
    desk.click("load", "die")
    await desk.execute()
    view = desk.views()["load"]
    assert (view.state, view.message) == (RunState.DIED, "The kernel ran out of memory.")
    last = desk.journal()[-1]
    assert (last.kind, last.payload["state"]) == ("kernel.changed", "dead")
    desk.click("fit", "hello")
    await desk.execute()
    with desk.database.transaction() as session:
        told = notice(session, desk.attempt(session).stream_id)
    assert told is not None
    assert (told.state, told.reason) == ("idle", RESTARTED)


async def test_a_kernel_that_cannot_start_ends_the_run_with_the_reason(desk: Desk) -> None:
    desk.runner.refusal = "All 40 places are taken."
    desk.click("load", "hello")
    await desk.execute()
    view = desk.views()["load"]
    assert view.state is RunState.DIED
    assert "All 40 places are taken." in view.message
    assert desk.runner.executed == []


async def test_a_slow_start_is_announced(desk: Desk) -> None:
    desk.runner.boot_seconds = 0.3
    preparing = asyncio.create_task(desk.executor().ensure_kernel())
    seen = set()
    while not preparing.done():
        seen |= {event.payload["state"] for event in desk.journal()}
        await asyncio.sleep(0.02)
    await preparing
    assert "starting" in seen
    told = [(event.payload["state"], event.payload["reason"]) for event in desk.journal()]
    assert told == [("idle", None)]


async def test_a_run_waits_for_a_kernel_and_the_page_is_told_each_place_once(desk: Desk) -> None:
    desk.runner.positions = [3, 3, 2]
    desk.click("load", "hello")
    for place in (3, 3, 2):
        assert not await desk.executor().execute_all()
        assert desk.views()["load"].state is RunState.QUEUED
        told = [one for one in desk.journal() if one.kind == "kernel.changed"]
        assert [(one.payload["state"], one.payload["position"]) for one in told] == [
            ("queued", place)
        ]
    assert desk.journal()[-1].seq == 3  # queued run, place 3, place 2
    assert await desk.executor().execute_all()
    assert desk.views()["load"].state is RunState.OK
    last = [one.payload for one in desk.journal() if one.kind == "kernel.changed"]
    assert [(one["state"], one["reason"], one["position"]) for one in last] == [
        ("idle", None, None)
    ]


async def test_a_kernel_that_had_to_be_waited_for_again_is_told_to_be_a_new_one(
    desk: Desk,
) -> None:
    desk.click("load", "die")
    await desk.execute()
    desk.runner.positions = [1]
    desk.click("fit", "hello")
    assert not await desk.executor().execute_all()
    await desk.execute()
    assert [one.payload["reason"] for one in desk.journal() if one.kind == "kernel.changed"] == [
        RESTARTED
    ]


async def test_stopping_ends_a_run_that_waits_for_a_kernel(desk: Desk) -> None:
    desk.runner.positions = [1]
    desk.click("load", "hello")
    assert not await desk.executor().execute_all()
    with desk.database.transaction() as session:
        assert stop_queued(session, desk.attempt_id) == 1
    assert await desk.executor().execute_all()
    assert desk.views()["load"].state is RunState.STOPPED
    assert desk.runner.executed == []


async def test_a_run_whose_kernel_vanished_before_it_began_waits_for_another(desk: Desk) -> None:
    desk.click("load", "hello")
    asked = 0

    async def start_run(_url: str, attempt_id: str, _request: RunRequest) -> None:
        nonlocal asked
        asked += 1
        desk.runner.kernels.pop(attempt_id)
        desk.runner.positions = [1]
        raise KernelMissingError("It was culled a moment ago.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.runner, "start_run", start_run)
        assert not await desk.executor().execute_all()
    assert (asked, desk.views()["load"].state) == (1, RunState.QUEUED)
    assert await desk.executor(job_id=8).execute_all()
    assert desk.views()["load"].state is RunState.OK


async def test_a_run_that_was_under_way_ends_even_if_the_runner_is_full(desk: Desk) -> None:
    desk.click("load", "slow")
    working = asyncio.create_task(desk.execute())
    await desk.until(lambda: desk.views()["load"].outputs)
    working.cancel()
    await asyncio.wait([working])
    desk.runner.restart()
    desk.runner.positions = [1]
    await desk.execute()
    assert desk.views()["load"].state is RunState.LOST


async def test_an_attempt_whose_runner_is_gone_moves_to_this_one(desk: Desk) -> None:
    with desk.database.transaction() as session:
        desk.attempt(session).runner_url = "https://localhost:1"
    desk.runner.unreachable = {"https://localhost:1"}
    desk.click("load", "hello")
    await desk.execute()
    assert desk.views()["load"].state is RunState.OK
    with desk.database.transaction() as session:
        url = desk.attempt(session).runner_url
    assert url == desk.settings.runner_url


async def test_a_flood_is_bounded_and_costs_few_events(desk: Desk) -> None:
    run_id = desk.click("load", "flood")
    await desk.execute()
    output = desk.views()["load"].outputs[0]
    assert len(output.text) == outputs.MAX_TEXT
    assert output.omitted_bytes == 3_000_000 - outputs.MAX_TEXT
    events = desk.journal()
    assert len(events) < 60
    assert shown(events, run_id) == output.text


async def test_more_outputs_than_fit_are_left_out_with_a_notice(desk: Desk) -> None:
    desk.click("load", "many")
    await desk.execute()
    found = desk.views()["load"].outputs
    assert len(found) == outputs.MAX_OUTPUTS + 1
    assert found[-1].note == Note(code="more_outputs")


async def test_cleared_output_is_gone_from_the_page_and_the_snapshot(desk: Desk) -> None:
    run_id = desk.click("load", "clear")
    await desk.execute()
    assert [one.text for one in desk.views()["load"].outputs] == ["3"]
    assert shown(desk.journal(), run_id) == "3"


async def test_running_a_cell_again_drops_what_it_showed_before(desk: Desk) -> None:
    first, other = desk.click("load", "hello"), desk.click("fit", "hello")
    await desk.execute()
    second = desk.click("load", "slow")
    await desk.execute()
    events = desk.journal()
    assert [shown(events, run) for run in (first, other, second)] == [
        "",
        "hello world",
        "begun, done",
    ]
    assert {view.run_id for view in desk.views().values()} == {other, second}


async def test_stopping_takes_the_queued_runs_out(desk: Desk) -> None:
    running, queued = desk.click("load", "slow"), desk.click("fit", "hello")
    working = asyncio.create_task(desk.execute())
    await desk.until(lambda: desk.runner.executed)
    with desk.database.transaction() as session:
        assert stop_queued(session, desk.attempt_id) == 1
        assert stop_queued(session, desk.attempt_id) == 0
    await working
    after = desk.views()
    assert (after["load"].run_id, after["load"].state) == (running, RunState.OK)
    assert (after["fit"].run_id, after["fit"].state) == (queued, RunState.STOPPED)
    assert desk.runner.executed == [str(running)]


async def test_a_run_whose_job_has_vanished_is_taken_over(desk: Desk) -> None:
    run_id = desk.click("load", "hello")
    with desk.database.transaction() as session:
        run = session.get_one(Run, run_id)
        run.state, run.claimed_by = RunState.RUNNING, 123_456
    await desk.execute()
    assert desk.views()["load"].state is RunState.OK
