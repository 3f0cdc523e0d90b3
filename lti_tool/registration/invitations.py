"""Invitations: each lets one platform register itself, once and for some days."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from config.database import utcnow
from lti_tool.models import Invitation
from lti_tool.registration.errors import InvitationError
from lti_tool.sessions.secrets import fingerprint, new_secret


def invite(session: Session, *, name: str | None, lifetime: timedelta) -> str:
    """Make an invitation and return its secret, which is stored nowhere; expired ones go."""
    now = utcnow()
    session.execute(
        delete(Invitation).where(Invitation.used_at.is_(None), Invitation.expires_at <= now)
    )
    secret = new_secret()
    session.add(Invitation(secret_hash=fingerprint(secret), name=name, expires_at=now + lifetime))
    return secret


def require(session: Session, secret: str) -> None:
    """Raise InvitationError unless an invitation could be used just now."""
    found = session.scalar(
        select(Invitation.id).where(
            Invitation.secret_hash == fingerprint(secret),
            Invitation.used_at.is_(None),
            Invitation.expires_at > utcnow(),
        )
    )
    if found is None:
        raise InvitationError


def claim(session: Session, secret: str) -> Invitation:
    """Use an invitation: of two requests at the same moment, one gets it.

    Raises InvitationError.
    """
    now = utcnow()
    claimed = session.scalars(
        update(Invitation)
        .where(
            Invitation.secret_hash == fingerprint(secret),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(used_at=now)
        .returning(Invitation)
    ).one_or_none()
    if claimed is None:
        raise InvitationError
    return claimed


def settle(session: Session, invitation_id: UUID, registration_id: UUID) -> None:
    """Note what came of an invitation."""
    session.execute(
        update(Invitation)
        .where(Invitation.id == invitation_id)
        .values(registration_id=registration_id)
    )


def release(session: Session, invitation_id: UUID) -> None:
    """Make an invitation usable again: its registration came to nothing."""
    session.execute(update(Invitation).where(Invitation.id == invitation_id).values(used_at=None))
