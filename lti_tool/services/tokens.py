"""Access tokens for platforms' services: fetched with a signed assertion, shared by all workers.

They lie in the database, so that neither a restart nor another worker asks for one more, and
encrypted, so that neither a dump nor a look at the table opens a grade book.

IMS Security Framework 1.0, §4.1: client credentials with `private_key_jwt` (RFC 7523).
"""

import json
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import jwt
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.database import utcnow
from lti_tool.models import AccessToken, Registration
from lti_tool.services.cipher import TokenCipher
from lti_tool.services.errors import PlatformBusyError, TokenDeniedError
from lti_tool.services.http import Answer, PlatformHttp
from lti_tool.services.keys import KeyStore, SigningKey
from lti_tool.vocab import CLIENT_ASSERTION_TYPE, CLIENT_CREDENTIALS

BACKDATE_SECONDS = 5
"""Moodle refuses an assertion from a future of a second."""
ASSERTION_SECONDS = 240
EARLY_SECONDS = 60
"""A token is renewed so long before it expires."""
USUAL_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and what it opens."""

    value: str
    granted: frozenset[str]


class TokenSource:
    """Tokens for every registration; safe to share between threads."""

    def __init__(
        self,
        http: PlatformHttp,
        keys: KeyStore,
        transaction: Callable[[], AbstractContextManager[Session]],
    ) -> None:
        self._http = http
        self._keys = keys
        self._transaction = transaction
        self._cipher = TokenCipher(keys.folder)
        self._locks: defaultdict[tuple[UUID, str], threading.Lock] = defaultdict(threading.Lock)

    def token(
        self,
        registration: Registration,
        scopes: Collection[str],
        *,
        refused: Token | None = None,
        deadline: float = math.inf,
    ) -> Token:
        """Return a token for the scopes; another than `refused`, which the platform did not take.

        Raises TokenDeniedError, PlatformBusyError or PlatformUnreachableError.
        """
        asked = " ".join(sorted(scopes))
        with self._locks[registration.id, asked]:
            stored = self._stored(registration.id, asked)
            if stored is not None and (refused is None or stored.value != refused.value):
                return stored
            return self._fetch(registration, asked, deadline)

    def _stored(self, registration_id: UUID, asked: str) -> Token | None:
        with self._transaction() as session:
            row = session.get(AccessToken, (registration_id, asked))
            if row is None or row.expires_at <= utcnow():
                return None
            value = self._cipher.decrypt(row.token)
            return None if value is None else Token(value, frozenset(row.granted))

    def _fetch(self, registration: Registration, asked: str, deadline: float) -> Token:
        form = {
            "grant_type": CLIENT_CREDENTIALS,
            "client_assertion_type": CLIENT_ASSERTION_TYPE,
            "client_assertion": assertion(registration, self._keys.signing_key(), now=time.time()),
            "scope": asked,
        }
        answer = self._http.send(
            "POST",
            registration.token_url,
            form=form,
            headers={"Accept": "application/json"},
            deadline=deadline,
        )
        token, seconds = read_token(answer, asked=frozenset(asked.split()))
        fields = {
            "token": self._cipher.encrypt(token.value),
            "granted": sorted(token.granted),
            "expires_at": utcnow() + timedelta(seconds=seconds - EARLY_SECONDS),
        }
        with self._transaction() as session:
            session.execute(
                insert(AccessToken)
                .values(registration_id=registration.id, scopes=asked, **fields)
                .on_conflict_do_update(index_elements=["registration_id", "scopes"], set_=fields)
            )
        return token


def assertion(registration: Registration, key: SigningKey, *, now: float) -> str:
    """Return the signed statement that we are this client; good once, for four minutes."""
    claims = {
        "iss": registration.client_id,
        "sub": registration.client_id,
        "aud": registration.token_audience or registration.token_url,
        "iat": int(now) - BACKDATE_SECONDS,
        "exp": int(now) + ASSERTION_SECONDS,
        "jti": str(uuid4()),
    }
    return jwt.encode(claims, key.private_key, algorithm="RS256", headers={"kid": key.kid})


def read_token(answer: Answer, *, asked: frozenset[str]) -> tuple[Token, float]:
    """Return the token in an answer and how many seconds it lasts.

    Platforms may grant less than was asked for, and say so in `scope` alone; silence means all
    (RFC 6749, §5.1). The media type is not looked at: Moodle's is text/html.
    """
    if answer.busy:
        raise PlatformBusyError(
            f"The token endpoint answered {answer.status}",
            after_seconds=answer.retry_after_seconds,
            throttled=answer.throttled,
        )
    try:
        body = json.loads(answer.body) if answer.ok else {}
    except (ValueError, RecursionError):
        body = {}
    value = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(value, str) or not value:
        raise TokenDeniedError(
            f"The platform gave no access token (status {answer.status}). Its administrator should"
            " check the client id, and that the platform can reach this tool's /lti/jwks."
        )
    return Token(value, _granted(body, asked)), _seconds(body)


def _granted(body: Mapping[str, object], asked: frozenset[str]) -> frozenset[str]:
    scope = body.get("scope")
    return frozenset(scope.split()) if isinstance(scope, str) and scope else asked


def _seconds(body: Mapping[str, object]) -> float:
    seconds = body.get("expires_in")
    return float(seconds) if isinstance(seconds, int | float) else USUAL_SECONDS
