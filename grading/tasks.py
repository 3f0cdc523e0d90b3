"""Background tasks of grading: judging validations and building cases."""

from uuid import UUID

from procrastinate import Blueprint, JobContext, RetryStrategy

from config.queue import Queue
from grading import validations
from grading.building import Builder
from grading.validating import Validator

blueprint = Blueprint()

UNEXPECTED = RetryStrategy(max_attempts=5, exponential_wait=2)
"""The database was away, most likely: what was done is stored, the rest is done again."""


@blueprint.task(name="validate", queue=Queue.VALIDATIONS.value, pass_context=True, retry=UNEXPECTED)
async def validate(context: JobContext, *, validation_id: str) -> None:
    """Judge one validation."""
    validator = Validator(
        database=context.additional_context["database"],
        runners=context.additional_context["runner"],
        settings=context.additional_context["settings"],
    )
    await validator.validate(UUID(validation_id))


@blueprint.periodic(cron="* * * * *")
@blueprint.task(
    name="wake_validations",
    queue=Queue.MAINTENANCE.value,
    pass_context=True,
    queueing_lock="grading-wake-validations",
)
def wake_validations(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the queue's
    """Enqueue jobs for validations that no job looks after any more."""
    with context.additional_context["database"].transaction() as session:
        validations.wake_forgotten(session)


@blueprint.task(name="build_case", queue=Queue.BUILDS.value, pass_context=True, retry=UNEXPECTED)
async def build_case(context: JobContext, *, case_version_id: str) -> None:
    """Build one case version."""
    builder = Builder(
        database=context.additional_context["database"],
        runners=context.additional_context["runner"],
        objects=context.additional_context["objects"],
        settings=context.additional_context["settings"],
    )
    await builder.build(UUID(case_version_id))
