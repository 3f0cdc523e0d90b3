"""What output costs: real kernels, the real database."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from config.database import Database
from config.settings import Settings
from notebooks.attempts.execution import Executor
from notebooks.attempts.models import Attempt, Run, RunState
from notebooks.attempts.recording import record
from notebooks.attempts.runs import RunView, current_runs, request_run
from notebooks.journal.log import Event, read
from notebooks.journal.models import JournalEvent
from notebooks.kernels.records import (
    Output,
    OutputAppended,
    OutputsCleared,
    OutputSet,
    RunEvent,
    RunEventBody,
    Started,
)
from notebooks.kernels.runner.kernels import Kernels
from tests.notebooks.attempts.test_real_kernel import Direct
from tests.notebooks.fake_runner import says
from tests.sandboxes import environment, kernels, launcher, sandbox_settings

__all__ = ["environment", "kernels", "launcher", "sandbox_settings"]

KILOBYTE = 1024


@dataclass
class Record:
    """One run whose events are stored as they come."""

    database: Database
    attempt_id: UUID
    run_id: UUID
    last: int = 0

    def store(self, *bodies: RunEventBody) -> None:
        """Store events as one batch."""
        events = [RunEvent(number=self.last + n, body=body) for n, body in enumerate(bodies, 1)]
        with self.database.transaction() as session:
            assert record(session, self.run_id, after=self.last, events=events)
        self.last += len(events)

    def shown(self, after: int = 0) -> dict[int, Output]:
        """What a page shows that knew the state up to an event and reads on from there."""
        return replayed(self.journal(), self.run_id, {}, after)

    def journal(self) -> list[Event]:
        with self.database.transaction() as session:
            return read(session, stream(session, self.attempt_id), 0, 1000)

    def outputs(self) -> dict[int, Output]:
        return dict(enumerate(self.view().outputs))

    def view(self) -> RunView:
        with self.database.transaction() as session:
            return current_runs(session, self.attempt_id)[0]


def stream(session: Session, attempt_id: UUID) -> UUID:
    return session.get_one(Attempt, attempt_id).stream_id


def replayed(
    events: list[Event], run_id: UUID, known: dict[int, Output], after: int
) -> dict[int, Output]:
    outputs = dict(known)
    for event in events:
        if event.seq <= after or event.payload.get("run_id") != str(run_id):
            continue
        index = event.payload.get("index", 0)
        if event.kind == "run.output":
            outputs[index] = Output.model_validate(event.payload["output"])
        elif event.kind == "run.append":
            old = outputs[index]
            text = old.text[: event.payload["start"]] + event.payload["text"]
            outputs[index] = old.model_copy(update={"text": text})
        elif event.kind == "run.clear":
            outputs = {}
    return outputs


@pytest.fixture
def run(database: Database, attempt_id: UUID) -> Record:
    run_id = uuid4()
    with database.transaction() as session:
        request_run(session, attempt_id=attempt_id, cell_id="load", source="1", run_id=run_id)
        session.get_one(Run, run_id).state = RunState.RUNNING
    made = Record(database, attempt_id, run_id)
    made.store(Started())
    return made


def bar(step: int, start: int = 4) -> OutputAppended:
    return OutputAppended(index=0, start=start, text=f"{step}%")


def output_events(run: Record) -> list[Event]:
    kinds = {"run.output", "run.append", "run.clear"}
    return [event for event in run.journal() if event.kind in kinds]


def test_each_state_of_a_line_takes_the_one_before_out_of_the_journal(run: Record) -> None:
    run.store(says("one\n"))
    for step in range(100):
        run.store(bar(step))
    assert [event.kind for event in output_events(run)] == ["run.output", "run.append"]
    assert run.shown() == run.outputs()
    assert run.outputs()[0].text == "one\n99%"


def test_a_line_that_is_done_stays_when_the_next_is_written_over(run: Record) -> None:
    run.store(says("one\n"))
    run.store(bar(1))
    run.store(OutputAppended(index=0, start=4, text="done\n"))
    run.store(OutputAppended(index=0, start=9, text="1%"))
    run.store(OutputAppended(index=0, start=9, text="2%"))
    assert run.shown() == run.outputs()
    assert run.outputs()[0].text == "one\ndone\n2%"
    assert len(output_events(run)) == 3


def test_a_first_line_that_is_written_over_keeps_its_stream(run: Record) -> None:
    run.store(OutputSet(index=0, output=Output(kind="stream", name="stderr", text="1%")))
    run.store(bar(2, start=0))
    assert run.shown() == run.outputs()
    assert (run.outputs()[0].name, run.outputs()[0].text) == ("stderr", "2%")
    assert len(output_events(run)) == 1


def test_events_of_one_batch_become_one_that_says_the_same(run: Record) -> None:
    run.store(says("one\n 1%"))
    run.store(bar(10), bar(11, start=5), bar(12), OutputAppended(index=0, text="!"))
    assert run.outputs()[0].text == "one\n12%!"
    assert run.shown() == run.outputs()
    assert len(output_events(run)) == 2


def test_a_replaced_output_takes_what_was_said_of_it_before(run: Record) -> None:
    run.store(says("a"), says("other", index=1))
    for text in "bcd":
        run.store(says(text))
        run.store(OutputAppended(index=0, text="!"))
    assert run.shown() == run.outputs()
    assert run.outputs()[0].text == "d!"
    assert run.outputs()[1].text == "other"
    assert len(output_events(run)) == 3


def test_cleared_outputs_leave_nothing_behind(run: Record) -> None:
    run.store(says("a"), says("b", index=1))
    run.store(OutputAppended(index=0, text="!"))
    run.store(OutputsCleared())
    run.store(OutputsCleared(), says("c"))
    assert [event.kind for event in output_events(run)] == ["run.clear", "run.output"]
    assert run.shown() == run.outputs()
    assert [output.text for output in run.outputs().values()] == ["c"]


def test_a_page_that_reads_on_from_any_moment_comes_to_the_same_state(run: Record) -> None:
    known: dict[int, dict[int, Output]] = {}
    batches: list[list[RunEventBody]] = [
        [says("one\n")], [bar(1)], [bar(2)], [bar(3), says("err", index=1)],
        [OutputAppended(index=0, start=4, text="done\n4%")], [bar(5, start=9)],
        [says("new", index=1)], [OutputAppended(index=0, start=9, text="6%\n")],
    ]  # fmt: skip
    for batch in batches:
        run.store(*batch)
        known[run.journal()[-1].seq] = run.outputs()
    events = run.journal()
    for seq, outputs in known.items():
        assert replayed(events, run.run_id, outputs, seq) == run.outputs()


@dataclass(frozen=True)
class Cost:
    """What a run has left in the database."""

    journal_bytes: int
    journal_events: int
    stored_bytes: int


@dataclass(frozen=True)
class Laboratory:
    """Real kernels and the real database around one attempt."""

    executor: Executor
    database: Database
    attempt_id: UUID

    async def run(self, source: str) -> tuple[RunView, Cost]:
        run_id = uuid4()
        with self.database.transaction() as session:
            request_run(
                session, attempt_id=self.attempt_id, cell_id="load", source=source, run_id=run_id
            )
        await self.executor.execute_all()
        with self.database.transaction() as session:
            (view,) = current_runs(session, self.attempt_id)
            size = func.octet_length(cast(JournalEvent.payload, Text))
            count, total = session.execute(
                select(func.count(), func.sum(size)).where(
                    JournalEvent.stream_id == stream(session, self.attempt_id),
                    JournalEvent.subject == str(run_id),
                )
            ).one()
        stored = sum(len(output.model_dump_json()) for output in view.outputs)
        return view, Cost(total, count, stored)


@pytest.fixture
def laboratory(
    database: Database,
    kernels: Kernels,
    environment: str,
    sandbox_settings: Settings,
    attempt_id: UUID,
) -> Laboratory:
    with database.transaction() as session:
        session.get_one(Attempt, attempt_id).case_version.environment = environment
    executor = Executor(database, Direct(kernels), sandbox_settings, attempt_id, 1)
    return Laboratory(executor, database, attempt_id)


@pytest.mark.sandbox
async def test_a_bar_of_ten_thousand_steps_costs_a_few_kilobytes(laboratory: Laboratory) -> None:
    view, cost = await laboratory.run(
        "import sys, time\n"
        "print('training')\n"
        "for step in range(1, 10_001):\n"
        "    print(f'\\r{step / 100:6.2f}%|{\"█\" * (step // 500):<20}| {step}/10000', end='')\n"
        "    if step % 100 == 0: time.sleep(0.02)\n"
        "print('\\ndone')"
    )
    assert [output.text.splitlines() for output in view.outputs] == [
        ["training", f"100.00%|{'█' * 20}| 10000/10000", "done"]
    ]
    assert cost.stored_bytes < KILOBYTE
    assert cost.journal_bytes < 4 * KILOBYTE


@pytest.mark.sandbox
async def test_a_hundred_megabytes_of_output_cost_next_to_nothing(laboratory: Laboratory) -> None:
    view, cost = await laboratory.run(
        "for number in range(1_000_000): print(f'{number:07}', 'x' * 91)\nprint('the end')"
    )
    (output,) = view.outputs
    assert view.state is RunState.OK
    assert output.text.startswith("0000000 x")
    assert output.text.endswith("the end\n")
    assert output.omitted_bytes > 900 * KILOBYTE
    assert cost.stored_bytes < 100 * KILOBYTE
    assert cost.journal_bytes < 300 * KILOBYTE


@pytest.mark.sandbox
async def test_a_live_plot_of_a_hundred_frames_leaves_one(laboratory: Laboratory) -> None:
    view, cost = await laboratory.run(
        "import time\n"
        "from IPython.display import HTML, clear_output, display\n"
        "handle = display(HTML('x'), display_id=True)\n"
        "for frame in range(50):\n"
        "    handle.update(HTML(f'<b>{frame}</b>' * 1000)); time.sleep(0.02)\n"
        "for frame in range(50):\n"
        "    clear_output(wait=True)\n"
        "    display(HTML(f'<b>{frame}</b>' * 1000)); time.sleep(0.02)\n"
    )
    (output,) = view.outputs
    assert output.data["text/html"] == "<b>49</b>" * 1000
    assert cost.journal_bytes < 2 * len(output.model_dump_json()) + 2 * KILOBYTE
