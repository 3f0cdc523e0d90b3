"""The task queue: procrastinate on the same PostgreSQL, enqueued in the caller's transaction.

Packages define tasks on a `procrastinate.Blueprint` of their own and name them here only by
string; whoever enqueues need not import the package that runs the task.
"""

from collections.abc import Mapping
from enum import StrEnum

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy.orm import Session

JsonValue = str | int | float | bool | None


class Queue(StrEnum):
    """One queue for each kind of work, so that a slow build never delays a run."""

    RUNS = "runs"
    VALIDATIONS = "validations"
    SCORES = "scores"
    ROSTERS = "rosters"
    BUILDS = "builds"
    MAINTENANCE = "maintenance"


# Enqueue-only: an app that is open asynchronously in a worker refuses a synchronous connection,
# so this one is never opened and always given the caller's.
_enqueuer = App(connector=SyncPsycopgConnector())


def defer(  # noqa: PLR0913 - one keyword for each property of a job
    session: Session,
    task: str,
    *,
    queue: Queue,
    args: Mapping[str, JsonValue],
    queueing_lock: str | None = None,
    delay_seconds: int = 0,
) -> bool:
    """Enqueue a task in the session's own transaction: it exists if and only if that commits.

    Returns False if a job with the same `queueing_lock` already waits. The savepoint matters:
    without it PostgreSQL aborts the caller's transaction while SQLAlchemy does not notice.
    """
    try:
        with session.begin_nested():
            connection = session.connection().connection.driver_connection
            _enqueuer.configure_task(
                name=task,
                queue=queue.value,
                queueing_lock=queueing_lock,
                connection=connection,
                schedule_in={"seconds": delay_seconds} if delay_seconds else None,
            ).defer(**args)
    except AlreadyEnqueued:
        return False
    return True
