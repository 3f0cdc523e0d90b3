"""The tool's own RS256 keys: files that only the service can read, rotated with overlap.

Three keys lie side by side: `current` signs; `next` is already published, so that platforms know it
before it signs; `old` is still published, so that what it signed can still be verified.
"""

import base64
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from config.errors import ConfigError

KEY_BITS = 2048
_PUBLISHED = ("current", "next", "old")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the name by which platforms find its public half."""

    kid: str
    """RFC 7638 thumbprint."""
    private_key: rsa.RSAPrivateKey

    @property
    def jwk(self) -> Mapping[str, str]:
        """Return the public half (RFC 7517)."""
        return {"use": "sig", "alg": "RS256", "kid": self.kid, **_public_members(self.private_key)}


class KeyStore:
    """The keys in one folder, which is made at the first use; safe among processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "lti"
        """Where the key files lie; only the service can read it."""
        self._loaded: dict[Path, tuple[tuple[int, int], SigningKey]] = {}
        """Keys with the inode and time of their files: loading one takes a tenth of a second."""

    def signing_key(self) -> SigningKey:
        """Return the key that signs now, made if there is none yet."""
        if not self._path("current").exists():
            self._fill()
        return self._read("current")

    def key_set(self) -> dict[str, list[Mapping[str, str]]]:
        """Return what `/lti/jwks` publishes: the public halves of current, next and old."""
        if not (self._path("current").exists() and self._path("next").exists()):
            self._fill()
        names = [name for name in _PUBLISHED if self._path(name).exists()]
        keys = {key.kid: key.jwk for key in map(self._read, names)}
        return {"keys": list(keys.values())}

    def rotate(self) -> SigningKey:
        """Let `next` sign from now on and return it; a crash at any step leaves a working set."""
        self._fill()
        with self._locked():
            self._write("old", self._path("current").read_bytes())
            self._path("next").replace(self._path("current"))
            self._write("next", _new_pem())
        return self._read("current")

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def _fill(self) -> None:
        with self._locked():
            for name in ("current", "next"):
                if not self._path(name).exists():
                    self._write(name, _new_pem())

    def _read(self, name: str) -> SigningKey:
        path = self._path(name)
        try:
            status = path.stat()
            version = (status.st_ino, status.st_mtime_ns)
            known = self._loaded.get(path)
            if known is not None and known[0] == version:
                return known[1]
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path} is not a readable private key: restore or remove it") from (
                error
            )
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ConfigError(f"{path} is not an RSA key: remove it, and a new one is made")
        loaded = SigningKey(kid=_thumbprint(key), private_key=key)
        self._loaded[path] = (version, loaded)
        return loaded

    def _write(self, name: str, pem: bytes) -> None:
        """Replace a key file as a whole; `mkstemp` makes it readable by its owner alone."""
        descriptor, temporary = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(pem)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(self._path(name))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _new_pem() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_members(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {
        "e": _base64url(_big_endian(numbers.e)),
        "kty": "RSA",
        "n": _base64url(_big_endian(numbers.n)),
    }


def _thumbprint(key: rsa.RSAPrivateKey) -> str:
    canonical = json.dumps(_public_members(key), separators=(",", ":"), sort_keys=True)
    return (
        base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).decode().rstrip("=")
    )


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
