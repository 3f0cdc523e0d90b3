"""Tasks of the LTI tool: scores on their way to grade books, and the rotation of its keys.

A score's job is only a wake-up: what is wanted, what was sent and when to try again stand in
grading's delivery row, so a job may be lost or run twice without harm. A failure that may pass does
not raise: it is written down, which also wakes a successor.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext
from sqlalchemy.orm import Session

from config.database import Database
from config.queue import Queue, defer
from config.settings import Settings
from grading import deliveries
from grading.claims import Claim
from grading.delivery_policy import Manner
from lti_tool.platforms.base import Refused
from lti_tool.platforms.families import PLATFORMS
from lti_tool.services import pacing
from lti_tool.services.addresses import address_of
from lti_tool.services.delivery import Address, Courier
from lti_tool.services.handover import Failed, Outcome, Overridden, Sent
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore

DELIVER_SCORE: Final = "lti:deliver_score"
SWEEP_LIMIT = 500
"""Deliveries that one sweep wakes up; the next sweep takes the rest."""

blueprint = Blueprint()
_log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="scores")
"""Of their own: a slow platform must not take the threads that runs need for the database."""

_NOWHERE = Refused(
    "This work belongs to no grade book.",
    "Only students' own work is graded, and only while the platform's registration is active.",
)

_THEIRS = (
    "The grade book holds a grade that is not Casebook's, and it stays. Remove it there, if"
    " Casebook's score is to count: the next change of the score is sent again."
)


class Lane(NamedTuple):
    """Scores to one platform; None for those that go nowhere."""

    registration_id: UUID | None
    senders: int


@blueprint.task(name="deliver_score", queue=Queue.SCORES, pass_context=True)
async def deliver_score(context: JobContext, *, attempt_id: str) -> None:
    """Send an attempt's newest score to its grade book, if there is one to send."""
    database: Database = context.additional_context["database"]
    office = _office(context.additional_context["settings"], database)
    loop = asyncio.get_running_loop()
    key = UUID(attempt_id)
    lane = await loop.run_in_executor(_threads, lane_of, database, key)
    async with office.lanes[lane]:
        await loop.run_in_executor(_threads, deliver, office.courier, database, key)


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


@blueprint.periodic(cron="17 * * * *")
@blueprint.task(
    name="rotate_keys", queue=Queue.MAINTENANCE, queueing_lock="rotate-keys", pass_context=True
)
async def rotate_keys(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the hour
    """Let the next key sign if the current one has done so for long enough."""
    settings: Settings = context.additional_context["settings"]
    if settings.key_rotation_days == 0:
        return
    keys = KeyStore(settings.keys_dir)
    key = await asyncio.to_thread(keys.rotate_if_due, settings.key_rotation_days)
    if key is not None:
        _log.info("keys rotated", kid=key.kid)


def lane_of(database: Database, attempt_id: UUID) -> Lane:
    """Return the platform that a score goes to, with how many may be on their way there at once."""
    with database.transaction() as session:
        address = address_of(session, attempt_id)
    if address is None:
        return Lane(None, 1)
    registration = address.registration
    return Lane(registration.id, PLATFORMS[registration.platform].senders)


def deliver(courier: Courier, database: Database, attempt_id: UUID) -> None:
    """Claim what is wanted, send it, and write down what came of it.

    No connection is held while the platform is asked, but for a column that has to be made.
    """
    with database.transaction() as session:
        address = address_of(session, attempt_id)
        pause = 0.0 if address is None else pacing.pause_left_seconds(address.registration)
        if pause:
            deliveries.postpone(session, attempt_id, pause)
            return
        claim = deliveries.claim(session, attempt_id, _manner(address))
    if claim is None:
        return
    outcome: Outcome = _NOWHERE if address is None else courier.deliver(address, claim)
    with database.transaction() as session:
        _record(session, attempt_id, claim, outcome)
        seconds = _pause_after(outcome)
        if address is not None and seconds:
            pacing.pause(session, address.registration.id, seconds)


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


def _manner(address: Address | None) -> Manner:
    if address is None:
        return Manner()
    platform = PLATFORMS[address.registration.platform]
    return Manner(timestamp_step=platform.timestamp_step, patience=platform.comment_patience)


def _pause_after(outcome: Outcome) -> float:
    match outcome:
        case Sent(breather_seconds=seconds):
            return seconds
        case Failed(after_seconds=seconds, throttled=True):
            return pacing.USUAL_SECONDS if seconds is None else seconds
        case _:
            return 0.0


def _record(session: Session, attempt_id: UUID, claim: Claim, outcome: Outcome) -> None:
    named = {"attempt": str(attempt_id), "rev": claim.rev}
    match outcome:
        case Sent(verified):
            deliveries.sent(session, attempt_id, claim, verified=verified)
            _log.info("score sent", **named, verified=verified)
        case Refused(reason, remedy):
            deliveries.refused(session, attempt_id, claim, f"{reason} {remedy}".strip())
            _log.warning("score refused", **named, reason=reason)
        case Overridden(told):
            deliveries.overridden(session, attempt_id, claim, _THEIRS, told=told)
            _log.info("score overridden", **named)
        case Failed(reason, after_seconds):
            deliveries.failed(session, attempt_id, claim, reason, retry_after_seconds=after_seconds)
            _log.info("score failed", **named, reason=reason)


class _Lanes(dict[Lane, asyncio.Semaphore]):
    """One semaphore for each platform: jobs that wait for it hold no thread."""

    def __missing__(self, lane: Lane) -> asyncio.Semaphore:
        self[lane] = asyncio.Semaphore(lane.senders)
        return self[lane]


@dataclass(frozen=True, slots=True)
class _Office:
    """What all jobs of a process share: the courier with its connections, and the lanes."""

    courier: Courier
    lanes: _Lanes


@lru_cache(maxsize=2)
def _office(settings: Settings, database: Database) -> _Office:
    http = PlatformHttp(timeout_seconds=settings.http_timeout_seconds)
    return _Office(Courier(http, KeyStore(settings.keys_dir), database.transaction), _Lanes())
