"""Scores on their way to the grade book: what is wanted, claimed, sent, failed or refused.

Correctness rests on the `score_delivery` row; the queue's jobs are only wake-ups, and may be lost
or doubled. All functions work in the caller's transaction.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.database import utcnow
from config.queue import Queue, defer
from grading.comment import compose_comment
from grading.delivery_policy import POLICY, RetryPolicy
from grading.models import DeliveryState, ScoreDelivery
from grading.standing import points_of
from notebooks.attempts.runs import lock_attempt
from notebooks.attempts.service import get_attempt
from notebooks.journal.log import append

MAX_ERROR = 1000


@dataclass(frozen=True, slots=True)
class Claim:
    """A score to send now, held by one worker until its lease ends."""

    score: float
    max_score: float
    comment: str
    rev: int
    timestamp: datetime
    """Later than every timestamp that was handed out for this attempt before."""


def want(session: Session, attempt_id: UUID) -> None:
    """Note that the attempt's score or comment has changed and has to go out.

    A try-out's score goes nowhere. The newest want wins: what was not sent yet is replaced.
    """
    attempt = get_attempt(session, attempt_id)
    if not attempt.graded:
        return
    lock_attempt(session, attempt_id)
    standing = points_of(session, attempt_id)
    now = utcnow()
    values = {
        "score": standing.score,
        "max_score": standing.max_score,
        "comment": compose_comment(standing),
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "next_at": None,
        "last_error": "",
        "changed_at": now,
    }
    row = insert(ScoreDelivery).values(attempt_id=attempt_id, wanted_rev=1, sent_rev=0, **values)
    session.execute(
        row.on_conflict_do_update(
            index_elements=[ScoreDelivery.attempt_id],
            set_=values | {"wanted_rev": ScoreDelivery.wanted_rev + 1},
        )
    )
    _wake(session, attempt_id)
    _tell(session, attempt.stream_id, DeliveryState.PENDING, standing.score)


def claim(session: Session, attempt_id: UUID, *, policy: RetryPolicy = POLICY) -> Claim | None:
    """Return the newest score to send and lease it, or None if there is nothing to do now.

    Nothing to do: all is sent or refused, another worker holds the lease, or it is too early.
    """
    row = _locked(session, attempt_id)
    now = utcnow()
    if row is None or row.sent_rev >= row.wanted_rev or row.state is DeliveryState.REFUSED:
        return None
    if row.leased_until is not None and row.leased_until > now:
        # Its worker may have died: look again when the lease is over.
        _wake_later(session, attempt_id, (row.leased_until - now).total_seconds())
        return None
    if row.next_at is not None and row.next_at > now:
        return None
    timestamp = _whole_milliseconds(now, row.sent_timestamp)
    row.leased_until = now + timedelta(seconds=policy.lease_seconds)
    row.sent_timestamp = timestamp
    session.flush()
    return Claim(row.score, row.max_score, row.comment, row.wanted_rev, timestamp)


def sent(session: Session, attempt_id: UUID, rev: int, timestamp: datetime) -> None:
    """Note that the platform holds this revision; if a newer one is wanted, wake for it."""
    row = _locked(session, attempt_id)
    if row is None:
        return
    row.sent_rev = max(row.sent_rev, rev)
    row.sent_timestamp = max(row.sent_timestamp or timestamp, timestamp)
    row.leased_until = None
    row.attempts = 0
    row.next_at = None
    row.last_error = ""
    if row.sent_rev < row.wanted_rev:
        _wake(session, attempt_id)
    else:
        row.state = DeliveryState.SENT
        _tell(session, _stream(session, attempt_id), DeliveryState.SENT, row.score, at=row.sent_at)
    session.flush()


def failed(  # noqa: PLR0913 - one keyword for each fact about the failure
    session: Session,
    attempt_id: UUID,
    rev: int,
    error: str,
    *,
    retry_after_seconds: float | None,
    policy: RetryPolicy = POLICY,
) -> None:
    """Note a failure that may pass, and when to try again."""
    row = _given_back(session, attempt_id, rev)
    if row is None:
        return
    row.attempts += 1
    delay = policy.delay_seconds(row.attempts, retry_after_seconds=retry_after_seconds)
    row.next_at = utcnow() + timedelta(seconds=delay)
    row.last_error = error[:MAX_ERROR]
    _wake_later(session, attempt_id, delay)
    _tell(session, _stream(session, attempt_id), DeliveryState.PENDING, row.score, row.last_error)
    session.flush()


def refused(session: Session, attempt_id: UUID, rev: int, message: str) -> None:
    """Note that the platform refuses the score for good; only a newer score is tried again."""
    row = _given_back(session, attempt_id, rev)
    if row is None:
        return
    row.state = DeliveryState.REFUSED
    row.last_error = message[:MAX_ERROR]
    _tell(session, _stream(session, attempt_id), DeliveryState.REFUSED, row.score, row.last_error)
    session.flush()


def due(session: Session, limit: int) -> list[UUID]:
    """Return attempts whose score may be sent now, the longest waiting first."""
    now = utcnow()
    return list(
        session.scalars(
            select(ScoreDelivery.attempt_id)
            .where(
                ScoreDelivery.sent_rev < ScoreDelivery.wanted_rev,
                ScoreDelivery.state != DeliveryState.REFUSED,
                or_(ScoreDelivery.next_at.is_(None), ScoreDelivery.next_at <= now),
                or_(ScoreDelivery.leased_until.is_(None), ScoreDelivery.leased_until <= now),
            )
            .order_by(func.coalesce(ScoreDelivery.next_at, ScoreDelivery.changed_at))
            .limit(limit)
        )
    )


def _locked(session: Session, attempt_id: UUID) -> ScoreDelivery | None:
    return session.get(ScoreDelivery, attempt_id, with_for_update=True, populate_existing=True)


def _given_back(session: Session, attempt_id: UUID, rev: int) -> ScoreDelivery | None:
    """Give back the lease of a revision that was not taken; return its row if it is still wanted.

    What came of a revision that is wanted no more does not matter: the newer one goes at once.
    """
    row = _locked(session, attempt_id)
    if row is None or row.sent_rev >= row.wanted_rev:
        return None
    row.leased_until = None
    if rev < row.wanted_rev:
        _wake(session, attempt_id)
        session.flush()
        return None
    return row


def _whole_milliseconds(moment: datetime, last: datetime | None) -> datetime:
    """Cut to milliseconds, as many platforms do, and stay later than the last one."""
    cut = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    if last is not None and cut <= last:
        cut = last.replace(microsecond=last.microsecond // 1000 * 1000) + timedelta(milliseconds=1)
    return cut


def _wake(session: Session, attempt_id: UUID) -> None:
    defer(
        session,
        "lti:deliver_score",
        queue=Queue.SCORES,
        args={"attempt_id": str(attempt_id)},
        queueing_lock=f"deliver-{attempt_id}",
    )


def _wake_later(session: Session, attempt_id: UUID, seconds: float) -> None:
    # A queueing lock of its own: a job that waits for an hour must not keep a newer score out.
    defer(
        session,
        "lti:deliver_score",
        queue=Queue.SCORES,
        args={"attempt_id": str(attempt_id)},
        queueing_lock=f"deliver-{attempt_id}-later",
        delay_seconds=math.ceil(seconds) + 1,
    )


def _stream(session: Session, attempt_id: UUID) -> UUID:
    return get_attempt(session, attempt_id).stream_id


def _tell(  # noqa: PLR0913 - one parameter for each field of the event
    session: Session,
    stream_id: UUID,
    state: DeliveryState,
    score: float,
    message: str = "",
    *,
    at: datetime | None = None,
) -> None:
    payload = {
        "state": state.value,
        "score": score,
        "message": message,
        "at": at.isoformat() if at is not None else None,
    }
    append(session, stream_id, "delivery.changed", payload)
