"""Whose case it is, for cases that teachers uploaded."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class UploadedCase(Base):
    """A case that was dropped into a platform's dialog.

    Whoever did so sees it in every course of the platform, and the staff of the course in that one.
    Cases without such a row are everybody's.
    """

    __tablename__ = "uploaded_case"

    case_id: Mapped[UUID] = mapped_column(
        ForeignKey("case.id", ondelete="CASCADE"), primary_key=True
    )
    registration_id: Mapped[UUID] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    deployment_id: Mapped[str]
    context_id: Mapped[str | None]
    """The course in whose dialog it was first uploaded."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("lti_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
