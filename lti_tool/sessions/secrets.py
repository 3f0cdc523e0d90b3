"""Random secrets, the fingerprints by which the database knows them, and the one that signs."""

import hashlib
import os
import secrets
from pathlib import Path


def new_secret() -> str:
    """Return 256 random bits, safe in URLs and cookies."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """Return the SHA-256 of a secret in hex: what is stored instead of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def session_secret(keys_dir: Path) -> str:
    """Return the signing secret of this installation, made on first use, readable by us alone.

    Processes may race: each writes a file of its own and links it into place, the first link
    wins, and all read what won.
    """
    path = keys_dir / "session-secret"
    if not path.exists():
        keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = keys_dir / f".session-secret-{secrets.token_hex(8)}"
        _write_private(draft, new_secret())
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
