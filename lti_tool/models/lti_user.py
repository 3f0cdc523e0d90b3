"""A person as a platform knows them."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class LtiUser(Base):
    """Somebody's identity: registration and `sub`, never an e-mail address.

    Names and addresses are not stored: nothing here needs them.
    """

    __tablename__ = "lti_user"
    __table_args__ = (UniqueConstraint("registration_id", "sub"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    sub: Mapped[str]
    """The platform's name for the person; opaque, also the `userId` of scores."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


def learner_key(user_id: UUID, *, graded: bool) -> str:
    """Return the key of somebody's attempt; a try-out never becomes the graded work of later."""
    return str(user_id) if graded else f"{user_id}/try-out"


def user_of_learner_key(key: str) -> UUID:
    """Return whose attempt a learner key stands for."""
    return UUID(key.partition("/")[0])
