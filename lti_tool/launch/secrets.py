"""Random secrets, and the fingerprints by which the database knows them."""

import hashlib
import secrets


def new_secret() -> str:
    """Return 256 random bits, safe in URLs and cookies."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """Return the SHA-256 of a secret in hex: what is stored instead of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
