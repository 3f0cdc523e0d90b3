"""Who the tool is: its public keys, and the assertions it signs for access tokens.

https://www.imsglobal.org/spec/security/v1p0#using-json-web-tokens-with-oauth-2-0-client-credentials-grant
"""

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx
import jwt

from lti_tool.demo_lms.errors import TokenError
from lti_tool.demo_lms.registration import DemoRegistration

_MAX_BYTES = 64 * 1024
_FRESH_SECONDS = 300
_REFETCH_SECONDS = 2
"""An unknown kid may make us fetch again, but not more often than this."""
_LEEWAY_SECONDS = 10
_MAX_LIFETIME_SECONDS = 3600
_CLAIMS = ["iss", "sub", "aud", "iat", "exp", "jti"]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified client assertion, as far as it has to be remembered."""

    jti: str
    expires_at: float


class ToolKeys:
    """The tool's JWKS, fetched over HTTP and kept for a while; safe to share by threads."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        """Remember where the keys are; nothing is fetched before the first use."""
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")

    def get(self, kid: str) -> Any:  # noqa: ANN401 - PyJWT's own type for "a key of any algorithm"
        """Return the public key of that id, fetching anew where it is unknown or old.

        Raises:
            TokenError: 401 for a kid that the tool does not publish, 503 if it cannot be asked.
        """
        with self._lock:
            age = time.monotonic() - self._fetched_at
            if age > _FRESH_SECONDS or (kid not in self._keys and age > _REFETCH_SECONDS):
                self._keys = self._fetch()
                self._fetched_at = time.monotonic()
            key = self._keys.get(kid)
        if key is None:
            raise _refused(f"the tool publishes no key {kid!r} at {self._url}")
        return key

    def _fetch(self) -> dict[str, Any]:
        try:
            with httpx.stream(
                "GET",
                self._url,
                timeout=self._timeout_seconds,
                headers={"Accept": "application/json", "User-Agent": "Casebook-Demo-LMS"},
                trust_env=False,
            ) as response:
                response.raise_for_status()
                body = _read_bounded(response)
            return _parse_key_set(body)
        except (httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
            raise TokenError(
                503,
                f"The tool's keys cannot be fetched from {self._url}: {error}",
                error="temporarily_unavailable",
            ) from error


def claimed_client(token: str) -> str | None:
    """Return which client an assertion claims to be, unverified; None if it claims nothing."""
    try:
        claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.PyJWTError:
        return None
    return claimed if isinstance(claimed, str) else None


def verify_assertion(token: str, *, keys: ToolKeys, registration: DemoRegistration) -> Assertion:
    """Return the assertion if the tool signed it for this token endpoint just now.

    Raises:
        TokenError: 401 invalid_client with the reason, 503 if the tool's keys cannot be fetched.
    """
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        if not isinstance(kid, str) or not kid:
            raise _refused("its header has no kid")
        claims = jwt.decode(
            token,
            keys.get(kid),
            algorithms=["RS256"],
            audience=registration.token_url,
            issuer=registration.client_id,
            subject=registration.client_id,
            leeway=_LEEWAY_SECONDS,
            options={"require": _CLAIMS},
        )
    except jwt.PyJWTError as error:
        raise _refused(str(error)) from error
    expires_at, jti = float(claims["exp"]), claims["jti"]
    if expires_at > time.time() + _MAX_LIFETIME_SECONDS:
        raise _refused("its exp lies more than an hour ahead")
    if not isinstance(jti, str) or not jti:
        raise _refused("its jti is empty")
    return Assertion(jti=jti, expires_at=expires_at + _LEEWAY_SECONDS)


def _refused(reason: str) -> TokenError:
    return TokenError(401, f"client_assertion refused: {reason}", error="invalid_client")


def _read_bounded(response: httpx.Response) -> bytes:
    body = b""
    for part in response.iter_bytes():
        body += part
        if len(body) > _MAX_BYTES:
            raise ValueError(f"longer than {_MAX_BYTES} bytes")
    return body


def _parse_key_set(body: bytes) -> dict[str, Any]:
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the caller maps bad content, not bad calls
    key_set = jwt.PyJWKSet.from_dict(document)
    return {key.key_id: key.key for key in key_set.keys if key.key_id and key.key_type == "RSA"}
