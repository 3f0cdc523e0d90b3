"""Who executes which run: claims under the attempt's row lock, and what becomes of lost ones."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, String, column, delete, exists, select, table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from notebooks.attempts.models import Run, RunOutput, RunState
from notebooks.attempts.runs import EXECUTE, lock_attempt, wake
from notebooks.journal.log import compact

OPEN = (RunState.QUEUED, RunState.RUNNING)

_jobs = table(
    "procrastinate_jobs",
    column("id", BigInteger),
    column("task_name", String),
    column("status", String),
    column("args", JSONB),
)
_live = _jobs.c.status.cast(String).in_(("todo", "doing"))


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that this job executes. `last_event` > 0: it is under way, go on after that event."""

    run_id: UUID
    cell_id: str
    source: str
    last_event: int
    resumed: bool
    """Whether an earlier worker may have sent it to the runner already."""


def waiting(session: Session, attempt_id: UUID, job_id: int) -> bool:
    """Return whether `claim` would find something now; takes no lock."""
    running = _running(session, attempt_id)
    if running is not None:
        return _may_take(session, running, job_id)
    queued = exists().where(Run.attempt_id == attempt_id, Run.state == RunState.QUEUED)
    return bool(session.scalar(select(queued)))


def claim(session: Session, attempt_id: UUID, job_id: int) -> Claim | None:
    """Claim the attempt's next queued run, or the one that this job was executing already.

    None if another job executes one (it will go on with the rest) or nothing is queued. A run
    whose job is gone from the queue is taken over, so that nothing stays "running" for ever.
    Claiming a run drops what earlier runs of the same cell showed.
    """
    attempt = lock_attempt(session, attempt_id)
    running = _running(session, attempt_id)
    if running is not None:
        if not _may_take(session, running, job_id):
            return None
        running.claimed_by = job_id
        session.flush()
        return _claim(running, resumed=True)
    run = session.scalars(
        select(Run)
        .where(Run.attempt_id == attempt_id, Run.state == RunState.QUEUED)
        .order_by(Run.position)
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if run is None:
        return None
    run.state, run.claimed_by = RunState.RUNNING, job_id
    session.flush()
    _supersede(session, attempt.stream_id, run)
    return _claim(run, resumed=False)


def under_way(session: Session, attempt_id: UUID, job_id: int) -> bool:
    """Return whether `claim` would go on with a run that was claimed before; takes no lock."""
    running = _running(session, attempt_id)
    return running is not None and _may_take(session, running, job_id)


def release(session: Session, run_id: UUID) -> None:
    """Put a claimed run of which nothing has happened yet back into the queue, as the next one."""
    run = session.get(Run, run_id, with_for_update=True, populate_existing=True)
    if run is not None and run.state is RunState.RUNNING and run.last_event == 0:
        run.state, run.claimed_by = RunState.QUEUED, None


def wake_later(session: Session, attempt_id: UUID, *, delay_seconds: int) -> None:
    """Enqueue a job that looks after the attempt's runs in a while, unless one waits already."""
    todo = (
        exists()
        .where(_jobs.c.task_name == EXECUTE, _jobs.c.status.cast(String) == "todo")
        .where(_jobs.c.args["attempt_id"].astext == str(attempt_id))
    )
    if not session.scalar(select(todo)):
        wake(session, attempt_id, delay_seconds=delay_seconds)


def wake_orphans(session: Session, *, limit: int = 200) -> int:
    """Enqueue a job for each attempt with open runs that no job looks after; return how many.

    The queue is only a wake-up: that every run ends rests on this, and on `claim`.
    """
    job = (
        exists()
        .where(_jobs.c.task_name == EXECUTE)
        .where(_jobs.c.args["attempt_id"].astext == Run.attempt_id.cast(String), _live)
    )
    attempts = session.scalars(
        select(Run.attempt_id).where(Run.state.in_(OPEN), ~job).distinct().limit(limit)
    ).all()
    for attempt_id in attempts:
        wake(session, attempt_id)
    return len(attempts)


def _running(session: Session, attempt_id: UUID) -> Run | None:
    return session.scalars(
        select(Run)
        .where(Run.attempt_id == attempt_id, Run.state == RunState.RUNNING)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _may_take(session: Session, running: Run, job_id: int) -> bool:
    if running.claimed_by == job_id:
        return True
    return not session.scalar(select(exists().where(_jobs.c.id == running.claimed_by, _live)))


def _supersede(session: Session, stream_id: UUID, run: Run) -> None:
    gone = session.scalars(
        delete(RunOutput)
        .where(
            RunOutput.run_id.in_(
                select(Run.id).where(
                    Run.attempt_id == run.attempt_id,
                    Run.cell_id == run.cell_id,
                    Run.position < run.position,
                )
            )
        )
        .returning(RunOutput.run_id)
        .execution_options(synchronize_session=False)
    ).all()
    for run_id in set(gone):
        compact(session, stream_id, str(run_id))


def _claim(run: Run, *, resumed: bool) -> Claim:
    return Claim(run.id, run.cell_id, run.source, run.last_event, resumed)
