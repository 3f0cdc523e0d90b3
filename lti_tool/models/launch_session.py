"""The server row behind a bearer token: one per launch."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class CourseRole(StrEnum):
    """What somebody may do in an assignment, from context roles alone, least privilege first."""

    OBSERVER = "observer"
    LEARNER = "learner"
    ASSISTANT = "assistant"
    INSTRUCTOR = "instructor"

    @property
    def may_work(self) -> bool:
        """Whether this role may edit, run and validate; an observer looks on."""
        return self is not CourseRole.OBSERVER

    @property
    def is_staff(self) -> bool:
        """Whether this role may look at everybody's work."""
        return self in {CourseRole.ASSISTANT, CourseRole.INSTRUCTOR}


class LaunchSession(Base):
    """One launch of one person into one assignment."""

    __tablename__ = "launch_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("lti_user.id", ondelete="CASCADE"))
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id", ondelete="CASCADE"))
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"))
    role: Mapped[CourseRole]
    return_url: Mapped[str | None]
    """Where the platform wants people sent when they leave."""
    frame_ancestor: Mapped[str]
    """Origin of the platform's pages, for the Content-Security-Policy of ours."""
    ticket_hash: Mapped[str | None]
    """SHA-256 of the one-time ticket that opens the page; None once it is used."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    """After this the token is refused and the page asks for a relaunch."""
