"""A course of a platform, and who is in it."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow
from lti_tool.models.launch_session import CourseRole


class Course(Base):
    """An LTI context that lets the tool read its roster."""

    __tablename__ = "course"
    __table_args__ = (
        UniqueConstraint("registration_id", "deployment_id", "context_id"),
        ForeignKeyConstraint(
            ["registration_id", "deployment_id"],
            ["deployment.registration_id", "deployment.deployment_id"],
            ondelete="CASCADE",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    deployment_id: Mapped[str]
    context_id: Mapped[str]
    """The platform's name for the course; unique within the deployment."""
    memberships_url: Mapped[str]
    """Where its roster is, as the newest launch told."""
    asked_at: Mapped[datetime | None]
    """When a launch last asked for the roster to be read; None before the first."""
    synced_at: Mapped[datetime | None]
    """When the roster was last read to its end; None until then."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class CourseMember(Base):
    """Somebody whom the roster names. Names and addresses in it are not stored."""

    __tablename__ = "course_member"

    course_id: Mapped[UUID] = mapped_column(
        ForeignKey("course.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("lti_user.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[CourseRole]
    left_at: Mapped[datetime | None]
    """When a roster first came without them; None while they are in the course."""
