"""An operator's word that a platform may register itself."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class Invitation(Base):
    """Good for one registration, which is pending until an operator approves it."""

    __tablename__ = "registration_invitation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the secret in the URL that the operator gave away."""
    name: Mapped[str | None]
    """What the operator calls the platform; None leaves that to the platform."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """When a registration by it began; None again if it came to nothing."""
    registration_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("registration.id", ondelete="SET NULL")
    )
    """What came of it."""
