"""A case that somebody chose in a platform's dialog, and how it is to be used."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow

MOST_HINTS = 3
"""Hints that a student may ask for in one subtask, at most."""


class ContentItem(Base):
    """A choice that the platform keeps: its activities bring the id along, in copied courses, too.

    It never changes, so that whatever is copied leads to the same version of the case.
    """

    __tablename__ = "content_item"
    __table_args__ = (
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint(f"hints BETWEEN 0 AND {MOST_HINTS}", name="hints_bounded"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    """What activities carry as the custom parameter `casebook_item`; also the column's
    `resourceId`."""
    registration_id: Mapped[UUID] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    """The only platform whose activities may name it."""
    context_id: Mapped[str | None]
    """The course that it was chosen for; None where the platform did not say, until its first
    launch does."""
    case_version_id: Mapped[UUID] = mapped_column(ForeignKey("case_version.id"))
    title: Mapped[str]
    points: Mapped[float]
    """The maximum of its grade book column; the case's own points are shares of it."""
    hints: Mapped[int]
    """How many hints a student may ask for in each subtask."""
    chosen_by: Mapped[UUID | None] = mapped_column(ForeignKey("lti_user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
