"""Pacing: a platform that asked to slow down is left alone by every worker, with every score."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from config.database import utcnow
from lti_tool.models import Registration

USUAL_SECONDS = 5.0
"""How long a platform is left alone that did not say how long."""


def pause(session: Session, registration_id: UUID, seconds: float) -> None:
    """Send nothing to the platform for so long; a longer pause that is on already stays."""
    until = utcnow() + timedelta(seconds=seconds)
    session.execute(
        update(Registration)
        .where(Registration.id == registration_id)
        .values(paused_until=func.greatest(Registration.paused_until, until))
    )


def pause_left_seconds(registration: Registration) -> float:
    """Return how long the platform still wants to be left alone; 0 if it does not."""
    if registration.paused_until is None:
        return 0.0
    return max((registration.paused_until - utcnow()).total_seconds(), 0.0)
