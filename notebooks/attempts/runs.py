"""Asking for runs and reading how they went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from config.database import utcnow
from config.queue import Queue, defer
from notebooks.attempts.documents import check_source, load
from notebooks.attempts.models import Attempt, Run, RunOutput, RunState
from notebooks.errors import NotFoundError, TooManyRunsError
from notebooks.journal.log import Entry, append, append_all
from notebooks.kernels.records import Output
from notebooks.text import storable

MAX_QUEUED = 50
"""Runs of one attempt that may wait."""

EXECUTE = "notebooks:execute_runs"
"""The task that executes an attempt's queued runs, by its name in the queue."""

STOPPED_BEFORE = "Stopped before it began."


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """The newest run of a cell, with its outputs, as a page shows it."""

    run_id: UUID
    cell_id: str
    state: RunState
    message: str
    execution_count: int | None
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    outputs: tuple[Output, ...]


def lock_attempt(session: Session, attempt_id: UUID) -> Attempt:
    """Return the attempt, its row locked until the transaction ends. Raises NotFoundError.

    Whoever changes the order or the states of its runs holds this lock. Rows that refer to the
    attempt can be written meanwhile (the lock leaves its key alone).
    """
    attempt = session.get(
        Attempt, attempt_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if attempt is None:
        raise NotFoundError(f"There is no attempt {attempt_id}.")
    return attempt


def request_run(
    session: Session, *, attempt_id: UUID, cell_id: str, source: str, run_id: UUID
) -> Run:
    """Queue a run of a code cell behind the attempt's other ones and wake a worker.

    The caller chooses `run_id`; asking twice with the same id queues it once. Raises
    NotFoundError, CellRefusedError, or TooManyRunsError if `MAX_QUEUED` wait already.
    """
    attempt = lock_attempt(session, attempt_id)
    known = session.get(Run, run_id)
    if known is not None:
        if known.attempt_id != attempt_id:
            raise NotFoundError(f"There is no run {run_id} in this notebook.")
        return known
    cells = {cell.id: cell for cell in load(session, attempt_id).cells}
    check_source(cells, cell_id, source)
    if len(_queued(session, attempt_id)) >= MAX_QUEUED:
        raise TooManyRunsError(
            f"{MAX_QUEUED} cells wait to be run already. Stop them, or wait for some to end."
        )
    last = session.scalar(select(func.max(Run.position)).where(Run.attempt_id == attempt_id))
    run = Run(
        id=run_id,
        attempt_id=attempt_id,
        cell_id=cell_id,
        source=storable(source),
        position=(last or 0) + 1,
        queued_at=utcnow(),
    )
    session.add(run)
    session.flush()
    payload = {"run_id": str(run_id), "cell_id": cell_id, "position": run.position}
    append(session, attempt.stream_id, "run.queued", payload, str(run_id))
    wake(session, attempt_id)
    return run


def wake(session: Session, attempt_id: UUID, *, delay_seconds: int = 0) -> None:
    """Enqueue the job that executes the attempt's queued runs; one too many does no harm."""
    args = {"attempt_id": str(attempt_id)}
    defer(session, EXECUTE, queue=Queue.RUNS, args=args, delay_seconds=delay_seconds)


def current_runs(session: Session, attempt_id: UUID) -> list[RunView]:
    """Return the newest run of each cell that was ever run, with its outputs."""
    runs = session.scalars(
        select(Run)
        .where(Run.attempt_id == attempt_id)
        .ext(distinct_on(Run.cell_id))
        .order_by(Run.cell_id, Run.position.desc())
        .execution_options(populate_existing=True)
    ).all()
    outputs: dict[UUID, list[Output]] = {run.id: [] for run in runs}
    rows = session.execute(
        select(RunOutput.run_id, RunOutput.output)
        .where(RunOutput.run_id.in_(outputs))
        .order_by(RunOutput.run_id, RunOutput.index)
    )
    for run_id, output in rows:
        outputs[run_id].append(Output.model_validate(output))
    return [
        RunView(
            run_id=run.id,
            cell_id=run.cell_id,
            state=run.state,
            message=run.message,
            execution_count=run.execution_count,
            queued_at=run.queued_at,
            started_at=run.started_at,
            ended_at=run.ended_at,
            outputs=tuple(outputs[run.id]),
        )
        for run in runs
    ]


def stop_queued(session: Session, attempt_id: UUID) -> int:
    """Mark the attempt's queued runs as stopped and return how many there were.

    The running one, if any, is interrupted through the runner, not here.
    """
    attempt = lock_attempt(session, attempt_id)
    queued = _queued(session, attempt_id)
    for run in queued:
        run.state, run.message, run.ended_at = RunState.STOPPED, STOPPED_BEFORE, utcnow()
    session.flush()
    append_all(
        session,
        attempt.stream_id,
        [Entry(kind="run.finished", payload=finished(run), subject=str(run.id)) for run in queued],
    )
    return len(queued)


def finished(run: Run) -> dict[str, Any]:
    """Return the payload of `run.finished` for a run in its final state."""
    return {
        "run_id": str(run.id),
        "cell_id": run.cell_id,
        "state": run.state.value,
        "message": run.message,
        "execution_count": run.execution_count,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
    }


def _queued(session: Session, attempt_id: UUID) -> list[Run]:
    query = select(Run).where(Run.attempt_id == attempt_id, Run.state == RunState.QUEUED)
    return list(
        session.scalars(query.order_by(Run.position).execution_options(populate_existing=True))
    )
