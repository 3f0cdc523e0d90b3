"""Access tokens for platforms' services, shared by all workers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base


class AccessToken(Base):
    """The newest token for one registration and one set of scopes; it lasts an hour or so."""

    __tablename__ = "access_token"

    registration_id: Mapped[UUID] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True
    )
    scopes: Mapped[str] = mapped_column(primary_key=True)
    """What was asked for: sorted, joined by a space."""
    token: Mapped[str]
    """Encrypted with a key of the tool's that is not in the database."""
    granted: Mapped[list[str]] = mapped_column(JSONB)
    """What was given: Moodle leaves out what the tool may not do, without an error."""
    expires_at: Mapped[datetime]
    """A minute before the platform's own limit; not used after it."""
