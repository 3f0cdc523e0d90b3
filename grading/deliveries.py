"""Scores on their way to the grade book: what is wanted, claimed, sent, failed or refused.

Correctness rests on the `score_delivery` row; the queue's jobs are only wake-ups, and may be lost
or doubled. All functions work in the caller's transaction.
"""

import math
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from config.database import utcnow
from config.queue import Queue, defer
from grading.claims import Claim
from grading.comment import compose_comment, facts_of, work_link
from grading.delivery_policy import POLICY, Manner, RetryPolicy, next_timestamp
from grading.models import DeliveryState, ScoreDelivery
from grading.standing import points_of
from notebooks.attempts.runs import lock_attempt
from notebooks.attempts.service import get_attempt
from notebooks.journal.log import append

MAX_ERROR = 1000
MAX_TRIED = 20
"""Shares remembered of posts whose outcome is unknown."""

USUAL = Manner()

_ENDED = (DeliveryState.REFUSED, DeliveryState.OVERRIDDEN)
"""Only a newer score is tried after these."""


def want(session: Session, attempt_id: UUID, *, public_url: str, settled: bool = True) -> None:
    """Note that the attempt's score or comment has changed and has to go out.

    A try-out's score goes nowhere. The newest want wins: what was not sent yet is replaced. While
    words of the feedback are still being written, `settled` is False; once they are, call again:
    a receiver that keeps every comment waits for that (`Manner.patience`).
    """
    attempt = get_attempt(session, attempt_id)
    if not attempt.graded:
        return
    lock_attempt(session, attempt_id)
    standing = points_of(session, attempt_id)
    facts = facts_of(standing)
    now = utcnow()
    row = _locked(session, attempt_id)
    if row is None:
        row = ScoreDelivery(attempt_id=attempt_id, wanted_rev=0, sent_rev=0, version=0)
        session.add(row)
    row.wanted_rev += 1
    if row.version == 0 or row.facts != facts:
        row.facts, row.version = facts, row.version + 1
    row.score, row.max_score = standing.score, standing.max_score
    row.comment = compose_comment(standing, work_link(public_url, attempt_id))
    row.clicked_at = standing.clicked_at
    row.unsettled_since = None if settled else row.unsettled_since or now
    row.state = DeliveryState.PENDING
    row.attempts, row.next_at, row.last_error, row.changed_at = 0, None, "", now
    session.flush()
    _wake(session, attempt_id)
    _tell(session, attempt.stream_id, DeliveryState.PENDING, standing.score)


def claim(
    session: Session, attempt_id: UUID, manner: Manner = USUAL, *, policy: RetryPolicy = POLICY
) -> Claim | None:
    """Return the newest score to send and lease it, or None if there is nothing to do now.

    Nothing to do: all is sent or ended, another worker holds the lease, it is too early, or the
    comment is not settled yet and the receiver would keep both.
    """
    row = _locked(session, attempt_id)
    now = utcnow()
    if row is None or row.sent_rev >= row.wanted_rev or row.state in _ENDED:
        return None
    held_until = _held_until(row, manner)
    for moment in (row.leased_until, held_until):
        if moment is not None and moment > now:
            # The lease's worker may have died, and the words may never come: look again then.
            _wake_later(session, attempt_id, (moment - now).total_seconds())
            return None
    if row.next_at is not None and row.next_at > now:
        return None
    timestamp = next_timestamp(now, row.sent_timestamp, manner.timestamp_step)
    again = row.tried_version == row.version
    claimed = Claim(
        score=row.score,
        max_score=row.max_score,
        comment=row.comment,
        rev=row.wanted_rev,
        version=row.version,
        timestamp=timestamp,
        clicked_at=row.clicked_at,
        told=row.told_version >= row.version,
        tried_since=row.tried_since if again else None,
        sent_share=row.sent_share,
        tried_shares=tuple(row.tried_shares),
    )
    if not again:
        row.tried_version, row.tried_since = row.version, timestamp
    row.tried_shares = _remembered(row.tried_shares, claimed.share)
    row.leased_until = now + timedelta(seconds=policy.lease_seconds)
    row.sent_timestamp = timestamp
    session.flush()
    return claimed


def sent(session: Session, attempt_id: UUID, claimed: Claim, *, verified: bool = False) -> None:
    """Note that the platform took what was claimed; if something newer is wanted, wake for it.

    `verified`: the grade book, read back, shows it, so nothing sent before can arrive any more.
    """
    row = _locked(session, attempt_id)
    if row is None:
        return
    row.told_version = max(row.told_version, claimed.version)
    if row.sent_timestamp != claimed.timestamp:
        session.flush()
        return  # the lease ran out, and whoever claimed it next has the last word
    row.sent_rev = max(row.sent_rev, claimed.rev)
    row.sent_share = claimed.share
    if verified:
        row.tried_shares = []
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
    claimed: Claim,
    error: str,
    *,
    retry_after_seconds: float | None,
    policy: RetryPolicy = POLICY,
) -> None:
    """Note a failure that may pass, and when to try again."""
    row = _given_back(session, attempt_id, claimed)
    if row is None:
        return
    row.attempts += 1
    delay = policy.delay_seconds(row.attempts, retry_after_seconds=retry_after_seconds)
    row.next_at = utcnow() + timedelta(seconds=delay)
    row.last_error = error[:MAX_ERROR]
    _wake_later(session, attempt_id, delay)
    _tell(session, _stream(session, attempt_id), DeliveryState.PENDING, row.score, row.last_error)
    session.flush()


def refused(session: Session, attempt_id: UUID, claimed: Claim, message: str) -> None:
    """Note that the platform refuses the score for good; only a newer score is tried again."""
    _end(session, attempt_id, claimed, DeliveryState.REFUSED, message)


def overridden(
    session: Session, attempt_id: UUID, claimed: Claim, message: str, *, told: bool
) -> None:
    """Note that the grade book holds somebody else's grade, which stays.

    `told`: the platform took our comment nevertheless.
    """
    if told:
        row = _locked(session, attempt_id)
        if row is not None:
            row.told_version = max(row.told_version, claimed.version)
            session.flush()
    _end(session, attempt_id, claimed, DeliveryState.OVERRIDDEN, message)


def postpone(session: Session, attempt_id: UUID, seconds: float) -> None:
    """Leave a score alone for so long, though nothing is wrong with it; a newer one is, too."""
    row = _locked(session, attempt_id)
    if row is None or row.sent_rev >= row.wanted_rev or row.state in _ENDED:
        return
    row.next_at = utcnow() + timedelta(seconds=seconds)
    session.flush()
    _wake_later(session, attempt_id, seconds)


def due(session: Session, limit: int) -> list[UUID]:
    """Return attempts whose score may be sent now, the longest waiting first."""
    now = utcnow()
    return list(
        session.scalars(
            select(ScoreDelivery.attempt_id)
            .where(
                ScoreDelivery.sent_rev < ScoreDelivery.wanted_rev,
                ScoreDelivery.state.not_in(_ENDED),
                or_(ScoreDelivery.next_at.is_(None), ScoreDelivery.next_at <= now),
                or_(ScoreDelivery.leased_until.is_(None), ScoreDelivery.leased_until <= now),
            )
            .order_by(func.coalesce(ScoreDelivery.next_at, ScoreDelivery.changed_at))
            .limit(limit)
        )
    )


def _locked(session: Session, attempt_id: UUID) -> ScoreDelivery | None:
    return session.get(ScoreDelivery, attempt_id, with_for_update=True, populate_existing=True)


def _given_back(session: Session, attempt_id: UUID, claimed: Claim) -> ScoreDelivery | None:
    """Give back the lease of a claim that was not taken; return its row if it is still wanted.

    What came of a revision that is wanted no more does not matter: the newer one goes at once. A
    lease that somebody else has claimed since is theirs.
    """
    row = _locked(session, attempt_id)
    if row is None or row.sent_timestamp != claimed.timestamp or row.sent_rev >= row.wanted_rev:
        return None
    row.leased_until = None
    if claimed.rev < row.wanted_rev:
        _wake(session, attempt_id)
        session.flush()
        return None
    return row


def _end(
    session: Session, attempt_id: UUID, claimed: Claim, state: DeliveryState, message: str
) -> None:
    row = _given_back(session, attempt_id, claimed)
    if row is None:
        return
    row.state = state
    row.last_error = message[:MAX_ERROR]
    _tell(session, _stream(session, attempt_id), state, row.score, row.last_error)
    session.flush()


def _held_until(row: ScoreDelivery, manner: Manner) -> datetime | None:
    """Return until when a comment waits for its last words; None if it need not."""
    if row.unsettled_since is None or row.told_version >= row.version:
        return None
    return row.unsettled_since + manner.patience


def _remembered(shares: list[float], share: float) -> list[float]:
    return [*(known for known in shares if known != share), share][-MAX_TRIED:]


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
