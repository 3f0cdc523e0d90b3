"""A case version placed in a course."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint, false
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class Assignment(Base):
    """An LTI resource link and the case version that it got at its first launch."""

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("registration_id", "deployment_id", "resource_link_id"),
        ForeignKeyConstraint(
            ["registration_id", "deployment_id"],
            ["deployment.registration_id", "deployment.deployment_id"],
            ondelete="CASCADE",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    deployment_id: Mapped[str]
    """The platform's name for the deployment."""
    resource_link_id: Mapped[str]
    """The platform's name for the activity; unique within the deployment."""
    context_id: Mapped[str | None]
    """The platform's name for the course; None where it sends none."""
    context_title: Mapped[str | None]
    title: Mapped[str]
    """What the course calls the activity, else the case's title."""
    case_version_id: Mapped[UUID] = mapped_column(ForeignKey("case_version.id"))
    """Pinned at the first launch: a new version of the case changes no running homework."""
    content_item_id: Mapped[UUID | None] = mapped_column(ForeignKey("content_item.id"), index=True)
    """The choice that it came from; None for an activity that names its case by hand."""
    due_at: Mapped[datetime | None]
    """When the work is due, as staff say; students are told, and nothing is closed."""
    asks_for_dates: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether staff have still to say when it is due: it came with a copied course, and dates are
    left behind there."""
    line_item_url: Mapped[str | None]
    """Its grade book column; told by a launch, else found or made at the first score."""
    line_items_url: Mapped[str | None]
    """Where columns are listed and made; None where the platform offers no grade service."""
    scopes: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """What the platform lets the tool do with grades here, sorted."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
