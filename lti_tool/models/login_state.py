"""A login that was begun and not yet answered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class LoginState(Base):
    """State and nonce of one login; the row is deleted by the launch that answers it."""

    __tablename__ = "login_state"

    state: Mapped[str] = mapped_column(primary_key=True)
    """Random; goes through the platform and comes back with the id_token."""
    nonce: Mapped[str]
    """Random; the platform signs it into the id_token."""
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    """Only this registration may answer."""
    browser_hash: Mapped[str]
    """SHA-256 of the secret in the cookie of the browser that began."""
    target_link_uri: Mapped[str]
    """What the unsigned login request asked for; the signed claim has to repeat it."""
    login_hint: Mapped[str] = mapped_column(default="")
    """As the platform gave it, for a login that is begun again in a new tab; so is the next."""
    message_hint: Mapped[str | None]
    deployment_id: Mapped[str | None]
    """The deployment that the login request named; the signed claim has to repeat it."""
    storage_target: Mapped[str | None]
    """Name of the platform's frame that keeps the browser's secret; None where none does."""
    ticket_hash: Mapped[str | None] = mapped_column(unique=True)
    """SHA-256 of the one-time ticket that begins this login again."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    """At most ten minutes after `created_at`."""
