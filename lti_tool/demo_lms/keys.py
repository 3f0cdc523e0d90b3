"""The platform's signing key: made once, kept in a file that only its owner can read."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from lti_tool.demo_lms.errors import DemoLmsError

_BITS = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key with the kid that its JWKS announces (RFC 7638 thumbprint)."""

    private: rsa.RSAPrivateKey
    kid: str

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the claims as a JWT, RS256 with kid."""
        return jwt.encode(dict(claims), self.private, algorithm="RS256", headers={"kid": self.kid})

    def jwks(self) -> dict[str, Any]:
        """Return the public key set."""
        public = _public_jwk(self.private)
        return {"keys": [{**public, "kid": self.kid, "alg": "RS256", "use": "sig"}]}


def load_or_create_key(path: Path) -> SigningKey:
    """Return the key in `path`; the first of several starting processes makes it.

    Raises:
        DemoLmsError: the file holds something else than an RSA private key.
    """
    if not path.exists():
        _create(path)
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise DemoLmsError(f"{path}: not a private key; delete it to make a new one") from error
    if not isinstance(private, rsa.RSAPrivateKey):
        raise DemoLmsError(f"{path}: not an RSA key; delete it to make a new one")
    return SigningKey(private=private, kid=_thumbprint(_public_jwk(private)))


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = rsa.generate_private_key(public_exponent=65537, key_size=_BITS).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = path.with_name(f"{path.name}.{uuid4().hex}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        os.link(draft, path)  # atomic, and fails where another process was first
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _public_jwk(private: rsa.RSAPrivateKey) -> dict[str, Any]:
    jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {name: jwk[name] for name in ("kty", "n", "e")}


def _thumbprint(jwk: Mapping[str, Any]) -> str:
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
