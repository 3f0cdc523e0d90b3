"""One placement of the tool within a platform."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class Deployment(Base):
    """A deployment that the operator agreed to, or one that was met and waits for that."""

    __tablename__ = "deployment"

    registration_id: Mapped[UUID] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True
    )
    deployment_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    """The platform's name for it: ASCII, case-sensitive."""
    approved: Mapped[bool] = mapped_column(default=True)
    """Whether launches of it are let in; those of any other are refused."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
