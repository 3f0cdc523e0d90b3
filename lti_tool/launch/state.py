"""State and nonce of logins: one row each, bound to registration and browser, used once.

The platform sees the state and the nonce; the browser alone holds the secret in the cookie.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from lti_tool.launch.errors import LaunchCookieError, LaunchStateError
from lti_tool.models import LoginState
from lti_tool.sessions.secrets import fingerprint, new_secret

LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunLogin:
    """A login that has just been begun."""

    state: str
    nonce: str
    browser_secret: str
    """For the cookie named by `cookie_name(state)`; the database holds only its hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredLogin:
    """A login that has just been used up."""

    registration_id: UUID
    nonce: str
    target_link_uri: str


def cookie_name(state: str) -> str:
    """Return the name of a state's own cookie, so that launches side by side do not clash."""
    return f"casebook_state_{fingerprint(state)[:16]}"


def begin(
    session: Session, *, registration_id: UUID, target_link_uri: str, now: datetime
) -> BegunLogin:
    """Store a new login, and sweep out those that nobody answered in time."""
    session.execute(delete(LoginState).where(LoginState.expires_at <= now))
    begun = BegunLogin(state=new_secret(), nonce=new_secret(), browser_secret=new_secret())
    session.add(
        LoginState(
            state=begun.state,
            nonce=begun.nonce,
            registration_id=registration_id,
            browser_hash=fingerprint(begun.browser_secret),
            target_link_uri=target_link_uri,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return begun


def consume(
    session: Session, *, state: str, browser_secret: str | None, now: datetime
) -> AnsweredLogin:
    """Use a login up; of several that try at once, exactly one succeeds.

    Raises LaunchCookieError without a cookie, LaunchStateError if it is unknown, expired, used, or
    was begun in another browser; in the last case the row stays, so that a stranger cannot spoil
    somebody's launch.
    """
    if not browser_secret:
        raise LaunchCookieError("The browser sent no state cookie")
    row = session.execute(
        delete(LoginState)
        .where(
            LoginState.state == state,
            LoginState.browser_hash == fingerprint(browser_secret),
            LoginState.expires_at > now,
        )
        .returning(LoginState.registration_id, LoginState.nonce, LoginState.target_link_uri)
    ).one_or_none()
    if row is None:
        raise LaunchStateError("The state is unknown, expired, used, or another browser's")
    return AnsweredLogin(
        registration_id=row.registration_id, nonce=row.nonce, target_link_uri=row.target_link_uri
    )
