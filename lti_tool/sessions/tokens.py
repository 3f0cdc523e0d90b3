"""Signed, short-lived names of launch sessions and dialogs.

Nothing here reads the database: a token proves which launch session is meant, and
`lti_tool.sessions.principal` decides whether that session still stands.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer

from lti_tool.errors import SessionExpiredError


class Purpose(StrEnum):
    """What a token is for; one made for one purpose is refused for the other."""

    BEARER = "bearer"
    """In the page's memory, sent as `Authorization: Bearer …`."""
    COOKIE = "cookie"
    """In a partitioned cookie, for the reload of a frame only."""
    DIALOG = "dialog"
    """In the form of a dialog's page, and sent as `Authorization: Bearer …` by its script."""


class Tokens:
    """Makes and reads signed names of launch sessions.

    `lifetimes` gives, for each purpose, how many seconds after signing a token is still read.
    """

    def __init__(self, secret: str, lifetimes: dict[Purpose, int]) -> None:
        self._lifetimes = lifetimes
        self._serializers = {
            purpose: URLSafeTimedSerializer(
                secret,
                salt=f"casebook-{purpose}",
                signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
            )
            for purpose in lifetimes
        }

    def sign(self, session_id: UUID, purpose: Purpose) -> str:
        """Return a token that names the launch session."""
        return str(self._serializers[purpose].dumps(session_id.hex))

    def expiry(self, purpose: Purpose) -> datetime:
        """Return until when a token signed now is read."""
        return datetime.now(UTC) + timedelta(seconds=self._lifetimes[purpose])

    def read(self, token: str, purpose: Purpose) -> UUID:
        """Return the launch session that a token names.

        Raises SessionExpiredError if the token is not ours, is for another purpose, or is old.
        """
        try:
            name = self._serializers[purpose].loads(token, max_age=self._lifetimes[purpose])
        except BadSignature as error:
            raise SessionExpiredError from error
        return UUID(hex=name)
