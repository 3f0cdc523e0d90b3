"""Platforms' public keys: fetched, cached, and looked for again when an unknown one signs."""

import base64
import binascii
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lti_tool.launch.errors import KeysUnavailableError, TokenRefusedError
from lti_tool.services.errors import PlatformUnreachableError
from lti_tool.services.http import PlatformHttp

LIFETIME_SECONDS = 3600.0
REFETCH_SECONDS = 30.0
"""At most one search per platform in this time for keys that it has not published before."""
REST_SECONDS = 5.0
"""How long a platform whose keys could not be had is left alone: a crowd that waits for one slow
answer must not each wait for another.
"""
KEY_LIMIT = 50
MODULUS_BITS = 2048

PublicKey = Mapping[str, str]
"""An RSA signature key as a JWK: kty, kid, alg, n, e and nothing else."""


@dataclass(slots=True)
class _KeySet:
    """What is known of one URL; guarded by its lock, so that a crowd fetches once."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    fetched_at: float | None = None
    searched_at: float | None = None
    failed_at: float | None = None


class KeySets:
    """The key sets of all platforms; one per process, safe to share between threads."""

    def __init__(self, http: PlatformHttp, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._sets: dict[str, _KeySet] = {}

    def key(self, url: str, key_id: str) -> PublicKey:
        """Return a platform's key.

        Raises KeysUnavailableError if the keys cannot be had, TokenRefusedError if the platform
        has no such key.
        """
        with self._lock:
            known = self._sets.setdefault(url, _KeySet())
        with known.lock:
            now = self._clock()
            if known.fetched_at is None or now - known.fetched_at > LIFETIME_SECONDS:
                self._fetch(known, url, now)
            elif key_id not in known.keys and self._may_search(known, now):
                known.searched_at = now
                self._fetch(known, url, now)
            if key_id not in known.keys:
                raise TokenRefusedError("The platform has no key by the id_token's kid")
            return known.keys[key_id]

    @staticmethod
    def _may_search(known: _KeySet, now: float) -> bool:
        return known.searched_at is None or now - known.searched_at > REFETCH_SECONDS

    def _fetch(self, known: _KeySet, url: str, now: float) -> None:
        if known.failed_at is not None and now - known.failed_at < REST_SECONDS:
            raise KeysUnavailableError("The platform's keys could not be had a moment ago")
        try:
            known.keys = self._ask(url)
        except KeysUnavailableError:
            known.failed_at = self._clock()
            raise
        known.fetched_at, known.failed_at = now, None

    def _ask(self, url: str) -> Mapping[str, PublicKey]:
        try:
            answer = self._http.send("GET", url, headers={"Accept": "application/json"})
        except PlatformUnreachableError as error:
            raise KeysUnavailableError(str(error)) from error
        if not answer.ok:
            raise KeysUnavailableError(f"The platform's key set answered {answer.status}")
        return parse_key_set(answer.body)


def parse_key_set(body: bytes) -> Mapping[str, PublicKey]:
    """Return the RSA signature keys of a JWK Set by kid (RFC 7517); others are left out.

    The algorithm is ours, whatever the key says: that is what pins it. Of two keys with one kid
    neither is taken. Raises KeysUnavailableError for something that is no key set.
    """
    try:
        entries = json.loads(body)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise KeysUnavailableError("The platform's key set is not a JWK Set") from error
    if not isinstance(entries, list) or len(entries) > KEY_LIMIT:
        raise KeysUnavailableError(f"The platform's key set is no list of {KEY_LIMIT} keys at most")
    keys: dict[str, PublicKey] = {}
    doubled: set[str] = set()
    for entry in entries:
        key = _rsa_key(entry)
        if key is None:
            continue
        if key["kid"] in keys:
            doubled.add(key["kid"])
        keys[key["kid"]] = key
    return {key_id: key for key_id, key in keys.items() if key_id not in doubled}


def _rsa_key(entry: object) -> PublicKey | None:
    if not isinstance(entry, dict):
        return None
    kid, modulus, exponent = entry.get("kid"), entry.get("n"), entry.get("e")
    if not (isinstance(kid, str) and isinstance(modulus, str) and isinstance(exponent, str)):
        return None
    usable = (
        entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "RS256") == "RS256"
        and _bits(modulus) >= MODULUS_BITS
    )
    if not usable:
        return None
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": modulus, "e": exponent}


def _bits(number: str) -> int:
    """Return the length of a base64url integer in bits, 0 if it is none."""
    try:
        raw = base64.urlsafe_b64decode(number + "=" * (-len(number) % 4))
    except (binascii.Error, ValueError):
        return 0
    return int.from_bytes(raw).bit_length()
