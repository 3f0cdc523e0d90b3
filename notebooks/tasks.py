"""Background tasks of notebooks: executing runs and preparing kernels."""

from uuid import UUID

from procrastinate import Blueprint, JobContext

from config.queue import Queue
from notebooks.attempts.claims import wake_later, wake_orphans
from notebooks.attempts.execution import Executor
from notebooks.attempts.service import request_kernel
from notebooks.errors import KernelError, NotFoundError

blueprint = Blueprint()

ASK_AGAIN_SECONDS = 2
"""Pause between two questions for a place in a runner's queue."""


@blueprint.task(name="execute_runs", queue=Queue.RUNS.value, pass_context=True)
async def execute_runs(context: JobContext, *, attempt_id: str) -> None:
    """Execute the attempt's queued runs in the order of the clicks, unless another job does.

    Tried again by whatever the worker does with failed jobs: it goes on after the last event that
    is stored.
    """
    if await _executor(context, attempt_id).execute_all():
        return
    # It waits for a kernel, and must hold no worker's place meanwhile.
    with context.additional_context["database"].transaction() as session:
        wake_later(session, UUID(attempt_id), delay_seconds=ASK_AGAIN_SECONDS)


@blueprint.task(name="prepare_kernel", queue=Queue.RUNS.value, pass_context=True)
async def prepare_kernel(context: JobContext, *, attempt_id: str) -> None:
    """Have the attempt's kernel ready before the first run asks for it."""
    try:
        ensured = await _executor(context, attempt_id).ensure_kernel()
    except (KernelError, NotFoundError):
        return  # the page has been told; the first run tries again
    if not ensured.ready:
        with context.additional_context["database"].transaction() as session:
            request_kernel(session, UUID(attempt_id), delay_seconds=ASK_AGAIN_SECONDS)


@blueprint.periodic(cron="* * * * *")
@blueprint.task(
    name="wake_orphans",
    queue=Queue.MAINTENANCE.value,
    pass_context=True,
    queueing_lock="notebooks-wake-orphans",
)
def wake_orphaned_runs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the queue's
    """Enqueue jobs for runs that no job looks after any more."""
    with context.additional_context["database"].transaction() as session:
        wake_orphans(session)


def _executor(context: JobContext, attempt_id: str) -> Executor:
    if context.job.id is None:
        raise ValueError("a job that was never stored cannot claim a run")
    return Executor(
        database=context.additional_context["database"],
        runner=context.additional_context["runner"],
        settings=context.additional_context["settings"],
        attempt_id=UUID(attempt_id),
        job_id=context.job.id,
    )
