"""Signed, short-lived names of launch sessions; the secret that signs them; one-time tickets.

Nothing here reads the database: a token proves which launch session is meant, and
`lti_tool.sessions` decides whether that session still stands.
"""

import hashlib
import os
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer

from lti_tool.errors import SessionExpiredError
from lti_tool.launch.secrets import fingerprint, new_secret

SECRET_BYTES = 32


class Purpose(StrEnum):
    """What a token is for; one made for one purpose is refused for the other."""

    BEARER = "bearer"
    """In the page's memory, sent as `Authorization: Bearer …`."""
    COOKIE = "cookie"
    """In a partitioned cookie, for the reload of a frame only."""


def session_secret(keys_dir: Path) -> str:
    """Return the signing secret of this installation, made on first use, readable by us alone.

    Processes may race: each writes a file of its own and links it into place, the first link
    wins, and all read what won.
    """
    path = keys_dir / "session-secret"
    if not path.exists():
        keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = keys_dir / f".session-secret-{secrets.token_hex(8)}"
        _write_private(draft, secrets.token_urlsafe(SECRET_BYTES))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its secret holds
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def new_ticket() -> tuple[str, str]:
    """Return a one-time ticket and its hash; the row of the launch keeps the hash alone."""
    ticket = new_secret()
    return ticket, fingerprint(ticket)


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
