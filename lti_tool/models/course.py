"""A course as a platform knows it, for its roster."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class Course(Base):
    """An LTI context whose platform tells who is in it."""

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
    registration_id: Mapped[UUID]
    deployment_id: Mapped[str]
    """The platform's name for the deployment."""
    context_id: Mapped[str]
    """The platform's name for the course; unique within the deployment."""
    memberships_url: Mapped[str]
    """Where the platform tells who is in it, as the newest launch said."""
    asked_at: Mapped[datetime | None]
    """When the roster was last wanted; None before the first time."""
    synced_at: Mapped[datetime | None]
    """When the whole roster was last read; None before the first time."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
