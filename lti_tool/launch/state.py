"""State and nonce of logins: one row each, bound to registration and browser, used once.

The platform sees the state and the nonce; the browser alone holds the secret in the cookie.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from lti_tool.launch.errors import LaunchCookieError, LaunchStateError
from lti_tool.launch.requests import LoginRequest
from lti_tool.models import LoginState, Registration
from lti_tool.sessions.secrets import fingerprint, new_secret

LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunLogin:
    """A login that has just been begun."""

    state: str
    nonce: str
    browser_secret: str
    """For the browser, under `cookie_name(state)`; the database holds only its hash."""
    ticket: str
    """Begins the same login again, once, in a tab of its own; the database holds its hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredLogin:
    """A login that has just been used up."""

    registration_id: UUID
    nonce: str
    target_link_uri: str
    deployment_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLogin:
    """A login that still waits for its answer."""

    registration_id: UUID
    storage_target: str | None
    ticket: str
    """A new one; an earlier one is void."""


def cookie_name(state: str) -> str:
    """Return what a state's own secret is called in the browser.

    As a cookie or in the platform's storage: launches side by side do not clash.
    """
    return f"casebook_state_{fingerprint(state)[:16]}"


def begin(
    session: Session, *, registration_id: UUID, request: LoginRequest, now: datetime
) -> BegunLogin:
    """Store a new login, and sweep out those that nobody answered in time."""
    session.execute(delete(LoginState).where(LoginState.expires_at <= now))
    begun = BegunLogin(
        state=new_secret(), nonce=new_secret(), browser_secret=new_secret(), ticket=new_secret()
    )
    session.add(
        LoginState(
            state=begun.state,
            nonce=begun.nonce,
            registration_id=registration_id,
            browser_hash=fingerprint(begun.browser_secret),
            target_link_uri=request.target_link_uri,
            login_hint=request.login_hint,
            message_hint=request.message_hint,
            deployment_id=request.deployment_id,
            storage_target=request.storage_target,
            ticket_hash=fingerprint(begun.ticket),
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
    row = session.scalars(
        delete(LoginState)
        .where(
            LoginState.state == state,
            LoginState.browser_hash == fingerprint(browser_secret),
            LoginState.expires_at > now,
        )
        .returning(LoginState)
    ).one_or_none()
    if row is None:
        raise LaunchStateError("The state is unknown, expired, used, or another browser's")
    return AnsweredLogin(
        registration_id=row.registration_id,
        nonce=row.nonce,
        target_link_uri=row.target_link_uri,
        deployment_id=row.deployment_id,
    )


def recall(session: Session, *, state: str, now: datetime) -> WaitingLogin:
    """Return a login that stays as it is, with a new ticket; for a browser that sent no cookie.

    Raises LaunchCookieError if it is unknown, expired or used.
    """
    ticket = new_secret()
    row = session.scalars(
        update(LoginState)
        .where(LoginState.state == state, LoginState.expires_at > now)
        .values(ticket_hash=fingerprint(ticket))
        .returning(LoginState)
    ).one_or_none()
    if row is None:
        raise LaunchCookieError("The browser sent no state cookie, and the login is over")
    return WaitingLogin(
        registration_id=row.registration_id, storage_target=row.storage_target, ticket=ticket
    )


def take_back(session: Session, *, ticket: str, now: datetime) -> LoginRequest:
    """End a login by its ticket and return what it was begun with, to begin it anew.

    In a tab of one's own no storage of the platform is needed. Raises LaunchStateError if the
    ticket is unknown, used or expired.
    """
    row = session.scalars(
        delete(LoginState)
        .where(LoginState.ticket_hash == fingerprint(ticket), LoginState.expires_at > now)
        .returning(LoginState)
    ).one_or_none()
    if row is None:
        raise LaunchStateError("The ticket for a new tab is unknown, used or expired")
    registration = session.get_one(Registration, row.registration_id)
    return LoginRequest(
        issuer=registration.issuer,
        client_id=registration.client_id,
        login_hint=row.login_hint,
        message_hint=row.message_hint,
        target_link_uri=row.target_link_uri,
        deployment_id=row.deployment_id,
        storage_target=None,
    )
