"""Somebody in a course, whether they ever opened the tool or not."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base
from lti_tool.models.launch_session import CourseRole


class CourseMember(Base):
    """A membership, by the platform's name for the person; names and addresses are not stored."""

    __tablename__ = "course_member"

    course_id: Mapped[UUID] = mapped_column(
        ForeignKey("course.id", ondelete="CASCADE"), primary_key=True
    )
    sub: Mapped[str] = mapped_column(String(255), primary_key=True)
    """What launches call `sub`, and scores `userId`."""
    role: Mapped[CourseRole]
    """What the person may do in this course."""
    left_at: Mapped[datetime | None]
    """When a roster was first read without them, or with them inactive; None while they are in."""
