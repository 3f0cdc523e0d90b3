"""One-time tickets: what a launch hands to the page that it opens."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from config.database import utcnow
from lti_tool.models.dialog import Dialog
from lti_tool.models.launch_session import LaunchSession
from lti_tool.sessions.secrets import fingerprint, new_secret

TICKET_SECONDS = 300
"""How long after the launch its one-time ticket opens the page."""


def new_ticket() -> tuple[str, str]:
    """Return a one-time ticket and its hash; the row of the launch keeps the hash alone."""
    ticket = new_secret()
    return ticket, fingerprint(ticket)


def redeem_ticket(
    session: Session,
    session_id: UUID,
    ticket: str,
    *,
    of: type[LaunchSession | Dialog] = LaunchSession,
) -> bool:
    """Use up the one-time ticket of a launch (or of a dialog); return whether it was good.

    One statement decides: of two requests with the same ticket, one gets True.
    """
    now = utcnow()
    used = session.execute(
        update(of)
        .where(
            of.id == session_id,
            of.ticket_hash == fingerprint(ticket),
            of.created_at > now - timedelta(seconds=TICKET_SECONDS),
            of.expires_at > now,
        )
        .values(ticket_hash=None)
        .returning(of.id)
    )
    return used.one_or_none() is not None
