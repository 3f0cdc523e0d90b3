"""The tool's own RS256 keys: files that only the service can read, rotated with overlap.

Keys lie side by side: `current` signs; `next` is already published, so that platforms know it
before it signs; `old-…` are still published, so that what they signed can still be verified. The
time of a file is when its key began to be what the name says.
"""

import base64
import fcntl
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from config.errors import ConfigError
from lti_tool.services.errors import KeyTooNewError

KEY_BITS = 2048
DAY_SECONDS = 24 * 3600.0
ANNOUNCED_SECONDS = DAY_SECONDS
"""How long a key is published before it signs: platforms may keep a key set for so long."""
OVERLAP_SECONDS = DAY_SECONDS
"""How long a key is published after its last signature; what it signed is good for minutes."""


class KeyRole(StrEnum):
    """What a key is for just now."""

    CURRENT = "current"
    """Signs."""
    NEXT = "next"
    """Published, and signs after the next rotation."""
    OLD = "old"
    """Signs no more, and is published until what it signed is over."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatus:
    """A published key, for people."""

    kid: str
    role: KeyRole
    since: datetime
    """When it got this role."""
    until: datetime | None
    """When it stops being published; None while it signs or is going to."""


class KeyStore:
    """The keys in one folder, which is made at the first use; safe among processes."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder / "lti"
        """Where the key files lie; only the service can read it."""
        self._clock = clock
        self._loaded: dict[Path, tuple[tuple[int, int], SigningKey]] = {}
        """Keys with the inode and time of their files: loading one takes a tenth of a second."""

    def signing_key(self) -> SigningKey:
        """Return the key that signs now, made if there is none yet."""
        if not self._path("current").exists():
            with self._locked():
                self._fill()
        return self._read(self._path("current"))

    def key_set(self) -> dict[str, list[Mapping[str, str]]]:
        """Return what `/lti/jwks` publishes: the public halves of current, next and old keys."""
        keys = {key.kid: key.jwk for _, key in self._published()}
        return {"keys": list(keys.values())}

    def status(self) -> list[KeyStatus]:
        """Return what is published, the signing key first."""
        return [self._status(path, key) for path, key in self._published()]

    def rotate(self, *, at_once: bool = False) -> SigningKey:
        """Let `next` sign from now on and return it; a crash at any step leaves a working set.

        Raises KeyTooNewError if platforms may not know it yet, unless `at_once` says to go on.
        """
        with self._locked():
            self._fill()
            known_at = _time(self._path("next")) + ANNOUNCED_SECONDS
            if self._clock() < known_at and not at_once:
                raise KeyTooNewError(known_at=_moment(known_at))
            return self._rotate()

    def rotate_if_due(self, lifetime_days: float) -> SigningKey | None:
        """Rotate if the current key has signed for so long; return the new one, None if not yet."""
        with self._locked():
            self._fill()
            now = self._clock()
            due_at = _time(self._path("current")) + lifetime_days * DAY_SECONDS
            known_at = _time(self._path("next")) + ANNOUNCED_SECONDS
            return self._rotate() if now >= max(due_at, known_at) else None

    def revoke(self) -> SigningKey:
        """Replace all keys at once and return the new signing key: for keys that others may have.

        Platforms that keep a key set refuse what is signed until they fetch it anew.
        """
        with self._locked():
            self._fill()
            for path in self._old():
                path.unlink()
            for role in (KeyRole.CURRENT, KeyRole.NEXT):
                self._write(role, _new_pem())
        return self._read(self._path("current"))

    def _rotate(self) -> SigningKey:
        current, following = self._path("current"), self._path("next")
        self._write(f"old-{self._read(current).kid}", current.read_bytes())
        os.utime(following, (self._clock(), self._clock()))
        following.replace(current)
        self._write("next", _new_pem())
        for path in self._old():
            if self._is_over(path):
                path.unlink()
        return self._read(current)

    def _published(self) -> list[tuple[Path, SigningKey]]:
        with self._locked():
            self._fill()
            paths = [self._path("current"), self._path("next")]
            paths += [path for path in self._old() if not self._is_over(path)]
            return [(path, self._read(path)) for path in paths]

    def _status(self, path: Path, key: SigningKey) -> KeyStatus:
        since = _time(path)
        role = KeyRole(path.stem.partition("-")[0])
        until = _moment(since + OVERLAP_SECONDS) if role is KeyRole.OLD else None
        return KeyStatus(kid=key.kid, role=role, since=_moment(since), until=until)

    def _old(self) -> list[Path]:
        return sorted(self.folder.glob("old*.pem"))

    def _is_over(self, path: Path) -> bool:
        return self._clock() >= _time(path) + OVERLAP_SECONDS

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def _fill(self) -> None:
        """Make what is missing; the lock is held."""
        for name in ("current", "next"):
            if not self._path(name).exists():
                self._write(name, _new_pem())

    def _read(self, path: Path) -> SigningKey:
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
        os.utime(temporary, (self._clock(), self._clock()))
        Path(temporary).replace(self._path(name))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: restore it, or look at its rights") from error


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


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
