"""One visit to a platform's dialog in which cases are chosen (Deep Linking)."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class Dialog(Base):
    """What the platform said when it opened the dialog, kept until the choice goes back, once."""

    __tablename__ = "dialog"
    __table_args__ = (
        ForeignKeyConstraint(
            ["registration_id", "deployment_id"],
            ["deployment.registration_id", "deployment.deployment_id"],
            ondelete="CASCADE",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    deployment_id: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("lti_user.id", ondelete="CASCADE"))
    context_id: Mapped[str | None]
    """The platform's name for the course; None where it sends none."""
    context_title: Mapped[str | None]
    locale: Mapped[str | None]
    """The language in which the platform speaks to this person."""
    return_url: Mapped[str]
    """Where the choice is posted to."""
    data: Mapped[str | None]
    """The platform's own, to be given back unaltered; None if there was none."""
    accept_multiple: Mapped[bool]
    accept_line_item: Mapped[bool]
    """Whether a choice may bring its grade book column along."""
    frame_ancestors: Mapped[str]
    """Origins of the platform's pages, for the Content-Security-Policy of ours."""
    uploads: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """Ids of the case versions that were uploaded here, in this order."""
    ticket_hash: Mapped[str | None]
    """SHA-256 of the one-time ticket that opens the page; None once it is used."""
    answered_at: Mapped[datetime | None]
    """When the choice, or that there is none, was given to the browser; after that nothing goes."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(index=True)
