"""Access tokens: opaque, an hour long, remembered by digest only."""

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.assertions import Assertion
from lti_tool.demo_lms.errors import BearerError, TokenError

LIFETIME_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as the token endpoint answers it."""

    value: str
    scopes: tuple[str, ...]


def grantable(requested: str) -> tuple[str, ...]:
    """Return those of the requested scopes that exist, in the platform's order.

    Raises:
        TokenError: 400 invalid_scope if none is left.
    """
    wanted = set(requested.split())
    granted = tuple(scope for scope in vocab.SCOPES if scope in wanted)
    if not granted:
        raise TokenError(400, "None of the requested scopes is offered", error="invalid_scope")
    return granted


def issue(
    connection: sqlite3.Connection, assertion: Assertion, scopes: tuple[str, ...]
) -> AccessToken:
    """Spend the assertion and store a new token.

    Raises:
        TokenError: 401 invalid_client if the assertion's jti was used before.
    """
    now = time.time()
    connection.execute("DELETE FROM used_assertion WHERE expires_at < ?", (now,))
    connection.execute("DELETE FROM access_token WHERE expires_at < ?", (now,))
    spent = connection.execute(
        "INSERT INTO used_assertion (jti, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (assertion.jti, assertion.expires_at),
    )
    if spent.rowcount == 0:
        raise TokenError(401, "client_assertion refused: its jti was used", error="invalid_client")
    token = AccessToken(value=secrets.token_urlsafe(32), scopes=scopes)
    connection.execute(
        "INSERT INTO access_token (digest, scopes, expires_at) VALUES (?, ?, ?)",
        (_digest(token.value), " ".join(scopes), now + LIFETIME_SECONDS),
    )
    return token


def authorize(connection: sqlite3.Connection, header: str | None, any_of: AbstractSet[str]) -> None:
    """Check an Authorization header against the scopes of which one suffices.

    Raises:
        BearerError: 401 for a missing, unknown or expired token, 403 for a missing scope.
    """
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise BearerError(401, "A bearer token is needed", error=None)
    row = connection.execute(
        "SELECT scopes FROM access_token WHERE digest = ? AND expires_at >= ?",
        (_digest(value), time.time()),
    ).fetchone()
    if row is None:
        raise BearerError(401, "The token is unknown or has expired", error="invalid_token")
    if any_of.isdisjoint(row["scopes"].split()):
        scope = " ".join(sorted(any_of))
        raise BearerError(
            403, f"The token lacks the scope {scope}", error="insufficient_scope", scope=scope
        )


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
