"""A platform that may launch the tool."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class RegistrationState(StrEnum):
    """Whether a registration may be used."""

    PENDING = "pending"
    """Made by a platform itself; an operator has still to approve it."""
    ACTIVE = "active"
    DISABLED = "disabled"


class PlatformFamily(StrEnum):
    """The product behind a registration; `lti_tool.platforms` has a class for each."""

    GENERIC = "generic"
    MOODLE = "moodle"
    CANVAS = "canvas"
    OPEN_EDX = "open_edx"


class Registration(Base):
    """What one platform and the tool agreed on; many may share an issuer (Canvas cloud)."""

    __tablename__ = "registration"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    """What operators call it."""
    issuer: Mapped[str]
    """`iss` of its tokens, compared as an exact string."""
    client_id: Mapped[str]
    """The name that the platform gave to the tool; `aud` of its tokens."""
    authorization_url: Mapped[str]
    """Where login initiation sends the browser."""
    token_url: Mapped[str]
    """Where access tokens for the platform's services come from."""
    token_audience: Mapped[str | None]
    """`aud` of our client assertion where it is not `token_url` (D2L)."""
    jwks_url: Mapped[str]
    """The platform's public keys."""
    platform: Mapped[PlatformFamily] = mapped_column(default=PlatformFamily.GENERIC)
    allow_anonymous: Mapped[bool] = mapped_column(default=False)
    """Whether a launch without `sub` may look at a case; never graded."""
    state: Mapped[RegistrationState] = mapped_column(default=RegistrationState.ACTIVE)
    paused_until: Mapped[datetime | None]
    """No score is sent before: the platform asked to slow down."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
