"""Who is choosing: one dialog that is open, found for its page or for a request of it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import utcnow
from lti_tool.errors import DialogAnsweredError, SessionExpiredError
from lti_tool.models import Dialog
from lti_tool.sessions.tickets import redeem_ticket
from lti_tool.sessions.tokens import Purpose, Tokens


def find_open(session: Session, dialog_id: UUID, *, lock: bool = False) -> Dialog:
    """Return a dialog that may still be answered; with `lock`, by nobody else until the commit.

    Raises SessionExpiredError if there is none or its time is over, DialogAnsweredError.
    """
    query = select(Dialog).where(Dialog.id == dialog_id, Dialog.expires_at > utcnow())
    query = query.execution_options(populate_existing=True)
    dialog = session.scalar(query.with_for_update() if lock else query)
    if dialog is None:
        raise SessionExpiredError
    if dialog.answered_at is not None:
        raise DialogAnsweredError
    return dialog


def enter(
    session: Session, tokens: Tokens, *, dialog_id: UUID, ticket: str | None, cookie: str | None
) -> Dialog:
    """Let somebody open the page of a dialog: with its ticket, or with the cookie of a reload.

    Raises SessionExpiredError if neither holds for this very dialog, or what `find_open` does.
    """
    redeemed = ticket is not None and redeem_ticket(session, dialog_id, ticket, of=Dialog)
    if not redeemed and (cookie is None or tokens.read(cookie, Purpose.DIALOG) != dialog_id):
        raise SessionExpiredError
    return find_open(session, dialog_id)


def check_token(tokens: Tokens, dialog_id: UUID, token: str) -> None:
    """Raise SessionExpiredError unless a token is the one in the page of this very dialog."""
    if tokens.read(token, Purpose.DIALOG) != dialog_id:
        raise SessionExpiredError
