"""Tasks of the LTI tool: scores on their way to grade books.

A job is only a wake-up: what is wanted, what was sent and when to try again stand in grading's
delivery row, so a job may be lost or run twice without harm. A failure that may pass does not
raise: it is written down, which also wakes a successor.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final
from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext
from sqlalchemy.orm import Session

from config.database import Database
from config.queue import Queue, defer
from config.settings import Settings
from grading import deliveries
from lti_tool.platforms.base import Refused
from lti_tool.services.addresses import address_of
from lti_tool.services.delivery import Courier, Failed, Outcome, Parcel, Sent
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore

DELIVER_SCORE: Final = "lti:deliver_score"
SWEEP_LIMIT = 500
"""Deliveries that one sweep wakes up; the next sweep takes the rest."""

blueprint = Blueprint()
_log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="scores")
"""Of their own: a slow platform must not take the threads that runs need for the database."""

_NOWHERE = Refused(
    "This work belongs to no grade book.",
    "Only students' own work is graded, and only while the platform's registration is active.",
)


@blueprint.task(name="deliver_score", queue=Queue.SCORES, pass_context=True)
async def deliver_score(context: JobContext, *, attempt_id: str) -> None:
    """Send an attempt's newest score to its grade book, if there is one to send."""
    database: Database = context.additional_context["database"]
    courier = _courier(context.additional_context["settings"], database)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(_threads, deliver, courier, database, UUID(attempt_id))


@blueprint.periodic(cron="* * * * *")
@blueprint.task(
    name="sweep_deliveries",
    queue=Queue.MAINTENANCE,
    queueing_lock="sweep-deliveries",
    pass_context=True,
)
async def sweep_deliveries(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the minute
    """Wake up every delivery that is due and that no job is on its way for."""
    database: Database = context.additional_context["database"]
    await asyncio.to_thread(sweep, database)


def deliver(courier: Courier, database: Database, attempt_id: UUID) -> None:
    """Claim what is wanted, send it, and write down what came of it.

    The address is read before the claim, which sets the row's last timestamp to its own. No
    connection is held while the platform is asked.
    """
    with database.transaction() as session:
        address = address_of(session, attempt_id)
        claim = deliveries.claim(session, attempt_id)
    if claim is None:
        return
    if address is None:
        outcome: Outcome = _NOWHERE
    else:
        parcel = Parcel(
            score=claim.score,
            max_score=claim.max_score,
            comment=claim.comment,
            timestamp=claim.timestamp,
        )
        outcome = courier.deliver(address, parcel)
    with database.transaction() as session:
        _record(session, attempt_id, claim.rev, outcome)


def sweep(database: Database) -> None:
    """Defer a job for every delivery that is due."""
    with database.transaction() as session:
        for attempt_id in deliveries.due(session, SWEEP_LIMIT):
            defer(
                session,
                DELIVER_SCORE,
                queue=Queue.SCORES,
                args={"attempt_id": str(attempt_id)},
                queueing_lock=f"deliver-{attempt_id}",
            )


def _record(session: Session, attempt_id: UUID, rev: int, outcome: Outcome) -> None:
    match outcome:
        case Sent(timestamp, verified):
            deliveries.sent(session, attempt_id, rev, timestamp)
            _log.info("score sent", attempt=str(attempt_id), rev=rev, verified=verified)
        case Refused(reason, remedy):
            deliveries.refused(session, attempt_id, rev, f"{reason} {remedy}".strip())
            _log.warning("score refused", attempt=str(attempt_id), rev=rev, reason=reason)
        case Failed(reason, after_seconds):
            deliveries.failed(session, attempt_id, rev, reason, retry_after_seconds=after_seconds)
            _log.info("score failed", attempt=str(attempt_id), rev=rev, reason=reason)


@lru_cache(maxsize=2)
def _courier(settings: Settings, database: Database) -> Courier:
    """Return the process's courier; its connections and tokens are shared by all jobs."""
    http = PlatformHttp(timeout_seconds=settings.http_timeout_seconds)
    return Courier(http, KeyStore(settings.keys_dir), database.transaction)
