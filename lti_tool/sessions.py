"""Launch sessions after the launch: opening the page once, and checking every request after it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.database import utcnow
from lti_tool.errors import SessionExpiredError
from lti_tool.launch.secrets import fingerprint
from lti_tool.models.launch_session import CourseRole, LaunchSession
from lti_tool.tokens import Purpose, Tokens
from notebooks.attempts.models import Attempt

TICKET_SECONDS = 300
"""How long after the launch its one-time ticket opens the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking: one launch session that stands, with what views need of its attempt."""

    session_id: UUID
    user_id: UUID
    attempt_id: UUID
    role: CourseRole
    graded: bool
    stream_id: UUID
    """The attempt's journal stream."""
    runner_url: str | None
    """The runner that holds the attempt's kernel; None before there is one."""
    frame_ancestor: str
    """Origin of the platform's pages, which may frame ours."""
    expires_at: datetime


def authorise(session: Session, session_id: UUID) -> Principal:
    """Return who a launch session speaks for.

    Raises SessionExpiredError if there is no such session or it has ended.
    """
    row = session.execute(
        select(LaunchSession, Attempt)
        .join(Attempt, Attempt.id == LaunchSession.attempt_id)
        .where(LaunchSession.id == session_id, LaunchSession.expires_at > utcnow())
    ).one_or_none()
    if row is None:
        raise SessionExpiredError
    launch, attempt = row
    return Principal(
        session_id=launch.id,
        user_id=launch.user_id,
        attempt_id=attempt.id,
        role=launch.role,
        graded=attempt.graded,
        stream_id=attempt.stream_id,
        runner_url=attempt.runner_url,
        frame_ancestor=launch.frame_ancestor,
        expires_at=launch.expires_at,
    )


def redeem_ticket(session: Session, session_id: UUID, ticket: str) -> bool:
    """Use up a launch's one-time ticket; return whether it was valid and unused.

    One statement decides: of two requests with the same ticket, one gets True.
    """
    now = utcnow()
    used = session.execute(
        update(LaunchSession)
        .where(
            LaunchSession.id == session_id,
            LaunchSession.ticket_hash == fingerprint(ticket),
            LaunchSession.created_at > now - timedelta(seconds=TICKET_SECONDS),
            LaunchSession.expires_at > now,
        )
        .values(ticket_hash=None)
        .returning(LaunchSession.id)
    )
    return used.one_or_none() is not None


def enter(
    session: Session, tokens: Tokens, *, session_id: UUID, ticket: str | None, cookie: str | None
) -> Principal:
    """Let somebody open the page of a launch: with its ticket, or with the cookie of a reload.

    Raises SessionExpiredError if neither holds for this very launch.
    """
    redeemed = ticket is not None and redeem_ticket(session, session_id, ticket)
    if not redeemed and (cookie is None or tokens.read(cookie, Purpose.COOKIE) != session_id):
        raise SessionExpiredError
    return authorise(session, session_id)
