"""Who is asking: one launch session that stands, found for a page or for a request of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import utcnow
from lti_tool.errors import SessionExpiredError
from lti_tool.models.launch_session import CourseRole, LaunchSession
from lti_tool.sessions.tickets import redeem_ticket
from lti_tool.sessions.tokens import Purpose, Tokens
from notebooks.attempts.models import Attempt


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
