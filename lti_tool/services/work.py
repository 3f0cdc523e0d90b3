"""What the link in a comment leads to: where the work is opened, and nothing about anybody."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Assignment, LaunchSession
from notebooks.attempts.service import get_attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where an attempt's work is opened."""

    activity: str
    """What the course calls the activity."""
    course: str | None
    platform_url: str | None
    """The front page of the LMS; None if nobody has come from there yet."""


def whereabouts_of(session: Session, attempt_id: UUID) -> Whereabouts:
    """Return in which activity of which LMS an attempt is opened. Raises NotFoundError."""
    assignment = session.get_one(Assignment, UUID(get_attempt(session, attempt_id).assignment_key))
    origin = session.scalar(
        select(LaunchSession.frame_ancestor)
        .where(LaunchSession.assignment_id == assignment.id)
        .order_by(LaunchSession.created_at.desc())
        .limit(1)
    )
    return Whereabouts(
        activity=assignment.title,
        course=assignment.context_title,
        platform_url=origin if origin is not None and origin.startswith("http") else None,
    )
