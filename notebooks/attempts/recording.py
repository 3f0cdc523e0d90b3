"""Storing a runner's events: outputs, states and journal in one transaction, each event once.

The journal of a run stays as small as its outputs: an event that replaces an output, or text of
one, takes the events that it makes worthless away. Whoever reads on from any event before or after
comes to the same state.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.database import utcnow
from notebooks import outputs
from notebooks.attempts.kernels import announce
from notebooks.attempts.models import Attempt, Run, RunOutput, RunState
from notebooks.attempts.runs import finished
from notebooks.errors import NotFoundError
from notebooks.journal.log import OUTPUT_KINDS, Entry, append_all, compact
from notebooks.journal.models import JournalEvent
from notebooks.kernels.records import (
    Finished,
    Output,
    OutputAppended,
    OutputsCleared,
    OutputSet,
    RunEvent,
    Started,
)
from notebooks.text import storable


def record(session: Session, run_id: UUID, *, after: int, events: Sequence[RunEvent]) -> bool:
    """Store events that follow number `after` of a run that is under way.

    Returns False, and stores nothing, if the run is over or somebody stored an event beyond
    `after` in the meantime: of two workers with one job, one wins each batch.
    """
    taken = session.scalar(
        update(Run)
        .where(Run.id == run_id, Run.last_event == after, Run.state == RunState.RUNNING)
        .values(last_event=events[-1].number)
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        return False
    run = session.get_one(Run, run_id, populate_existing=True)
    batch = _Batch(session, run)
    for event in events:
        batch.apply(event)
    batch.write()
    return True


def end_lost(session: Session, run_id: UUID, *, state: RunState, message: str) -> bool:
    """End a run that its runner will not end any more. False if it is over already."""
    run = session.get(Run, run_id, with_for_update=True, populate_existing=True)
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.")
    if run.state is not RunState.RUNNING:
        return False
    batch = _Batch(session, run)
    batch.end(state, message, None)
    batch.write()
    return True


@dataclass
class _Batch:
    """The effect of some events on one run: changed outputs by index, and journal entries."""

    session: Session
    run: Run
    entries: list[Entry] = field(default_factory=list)
    changed: dict[int, Output] = field(default_factory=dict)
    replaced: dict[int, int] = field(default_factory=dict)
    """From which character on the journal's earlier events about an output say nothing any more."""
    cleared: bool = False
    died: str | None = None

    def apply(self, event: RunEvent) -> None:
        match event.body:
            case Started():
                self.run.started_at = utcnow()
                self._note("run.started", started_at=self.run.started_at.isoformat())
            case OutputSet(index=index, output=output):
                self._set(index, outputs.sanitise(output))
            case OutputAppended(index=index, text=text, start=start):
                self._append(index, text, start)
            case OutputsCleared():
                self._clear()
            case Finished(outcome=outcome, message=message, execution_count=count):
                self.end(RunState(outcome), message, count)

    def end(self, state: RunState, message: str, execution_count: int | None) -> None:
        self.run.state = state
        self.run.message = storable(message)[:2000]
        self.run.execution_count = execution_count
        self.run.ended_at = utcnow()
        self.entries.append(
            Entry(kind="run.finished", payload=finished(self.run), subject=str(self.run.id))
        )
        if state is RunState.DIED:
            self.died = self.run.message

    def write(self) -> None:
        """Write everything; output that came in one batch costs one row and one event."""
        if self.cleared:
            self.session.execute(delete(RunOutput).where(RunOutput.run_id == self.run.id))
        for index, output in self.changed.items():
            value = output.model_dump(mode="json")
            row = insert(RunOutput).values(run_id=self.run.id, index=index, output=value)
            self.session.execute(
                row.on_conflict_do_update(
                    index_elements=[RunOutput.run_id, RunOutput.index], set_={"output": value}
                )
            )
        self.session.flush()
        stream_id = self.session.scalars(
            select(Attempt.stream_id).where(Attempt.id == self.run.attempt_id)
        ).one()
        self._compact(stream_id)
        append_all(self.session, stream_id, self.entries)
        if self.died is not None:
            announce(self.session, self.run.attempt_id, "dead", self.died)

    def _compact(self, stream_id: UUID) -> None:
        subject = str(self.run.id)
        if self.cleared:
            compact(self.session, stream_id, subject)
            return
        for index, start in self.replaced.items():
            about = JournalEvent.payload["index"].as_integer() == index
            begins = func.coalesce(JournalEvent.payload["start"].as_integer(), 0)
            kinds = OUTPUT_KINDS if start == 0 else ("run.append",)
            compact(self.session, stream_id, subject, kinds, about, begins >= start)

    def _set(self, index: int, output: Output) -> None:
        if index > outputs.MAX_OUTPUTS:
            return
        if index == outputs.MAX_OUTPUTS:
            output = outputs.left_out()
        if self._current(index) is not None:
            self.replaced[index] = 0
        self.changed[index] = output
        self._drop(index)
        self._note("run.output", index=index, output=output.model_dump(mode="json"))

    def _append(self, index: int, text: str, start: int | None) -> None:
        before = self._current(index)
        if before is None or index >= outputs.MAX_OUTPUTS:
            return
        output, start, text = outputs.with_text(before, text, start)
        self.changed[index] = output
        if start < len(before.text):
            self.replaced[index] = min(start, self.replaced.get(index, start))
        first_cut = output.omitted_bytes > 0 and before.omitted_bytes == 0
        if first_cut:
            self.replaced[index] = 0
        if start == 0 or first_cut or self._pending("run.output", index) is not None:
            self._drop(index)
            self._note("run.output", index=index, output=output.model_dump(mode="json"))
        elif text or start < len(before.text):
            earlier = self._pending("run.append", index)
            if earlier is not None:
                self.entries.remove(earlier)
                kept = max(0, start - earlier.payload["start"])
                text = earlier.payload["text"][:kept] + text
                start = min(start, earlier.payload["start"])
            self._note("run.append", index=index, start=start, text=text)

    def _clear(self) -> None:
        self.cleared = True
        self.changed.clear()
        self.entries = [entry for entry in self.entries if "index" not in entry.payload]
        self._note("run.clear")

    def _current(self, index: int) -> Output | None:
        if index in self.changed:
            return self.changed[index]
        if self.cleared:
            return None
        row = self.session.get(RunOutput, (self.run.id, index), populate_existing=True)
        return None if row is None else Output.model_validate(row.output)

    def _pending(self, kind: str, index: int) -> Entry | None:
        return next(
            (one for one in self.entries if one.kind == kind and one.payload["index"] == index),
            None,
        )

    def _drop(self, index: int) -> None:
        """Forget what this batch would say of an output that it says anew."""
        self.entries = [entry for entry in self.entries if entry.payload.get("index") != index]

    def _note(self, kind: str, **payload: object) -> None:
        about = {"run_id": str(self.run.id), "cell_id": self.run.cell_id}
        self.entries.append(Entry(kind=kind, payload=about | payload, subject=str(self.run.id)))
