"""Encryption of access tokens at rest, by a key in a file that only the service can read."""

import os
import tempfile
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from config.errors import ConfigError

FILE = "token-key"


class TokenCipher:
    """Encrypts for the database; the key is made at the first use, and safe among processes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def encrypt(self, text: str) -> str:
        """Return the text encrypted and signed; raises ConfigError if the key is unreadable."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, secret: str) -> str | None:
        """Return the text; None for what was encrypted with another key or not at all."""
        try:
            return self._fernet.decrypt(secret).decode()
        except InvalidToken:
            return None

    @cached_property
    def _fernet(self) -> Fernet:
        if not self._path.exists():
            self._make()
        try:
            return Fernet(self._path.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{self._path} is not a readable key: remove it, and a new one is made"
            ) from error

    def _make(self) -> None:
        """Write a key beside and link it into place: of several processes, the first one wins."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=self._path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(Fernet.generate_key())
                stream.flush()
                os.fsync(stream.fileno())
            os.link(draft, self._path)
        except FileExistsError:
            pass  # another process was first; its key holds
        finally:
            Path(draft).unlink()
