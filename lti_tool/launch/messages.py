"""The adapter around PyLTI1p3: the only module that imports it.

It is used for what it does well: taking a signed message apart, finding the key that its header
names, and verifying the signature. Its login, state, nonce, time and audience rules are not used,
for they let replays, foreign audiences and tokens without `exp` pass; `checks` and `state` hold
ours. Nor is its HTTP: it is handed the one key that counts, with the algorithm already pinned.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from pylti1p3.cookie import CookieService
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.registration import Registration as LibraryRegistration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.dict import ToolConfDict

from lti_tool.launch.errors import TokenRefusedError
from lti_tool.services.jwks import PublicKey

TOKEN_LIMIT = 64 * 1024
"""Longest id_token that is looked at, in characters."""

_SIGNATURE_ONLY = {
    "verify_signature": True,
    **dict.fromkeys(
        (
            "verify_aud",
            "verify_exp",
            "verify_iat",
            "verify_iss",
            "verify_jti",
            "verify_nbf",
            "verify_sub",
        ),
        False,
    ),
}
"""The other rules are in `checks`, with a leeway and with an error of their own for each."""


class _FormPost(Request):
    """A request that consists of the id_token alone."""

    def __init__(self, id_token: str) -> None:
        self._form = {"id_token": id_token}

    @property
    def session(self) -> dict[str, object]:
        return {}

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        return self._form[key]


class _NoCookies(CookieService):
    """PyLTI1p3 asks for a cookie service; the state's cookie is ours."""

    def get_cookie(self, name: str) -> str | None:
        raise NotImplementedError(name)

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        raise NotImplementedError(name, value, exp)


class _Message(MessageLaunch[_FormPost, ToolConfDict, SessionService, _NoCookies]):
    """A message whose key is already known."""

    def __init__(self, id_token: str, key: PublicKey) -> None:
        request = _FormPost(id_token)
        super().__init__(request, ToolConfDict({}), SessionService(request), _NoCookies())
        key_set: Any = {"keys": [dict(key)]}  # the library types two of a JWK's members
        self._registration = LibraryRegistration().set_key_set(key_set)
        self.set_auto_validation(enable=False)
        self.set_jwt_verify_options(_SIGNATURE_ONLY)

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def verified_payload(self) -> Mapping[str, Any]:
        """Return the claims of a message with a good signature."""
        self.validate_jwt_format()
        self.validate_jwt_signature()
        return self._jwt["body"]


def read_header(id_token: str) -> Mapping[str, object]:
    """Return a token's header, unverified; raises TokenRefusedError if there is none."""
    if len(id_token) > TOKEN_LIMIT:
        raise TokenRefusedError(f"The id_token is longer than {TOKEN_LIMIT} characters")
    try:
        first, _, _ = id_token.split(".")
        header = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, RecursionError) as error:
        raise TokenRefusedError("The id_token is not a signed token") from error
    if not isinstance(header, dict):
        raise TokenRefusedError("The id_token's header is not an object")
    return header


def verify(id_token: str, key: PublicKey) -> Mapping[str, object]:
    """Return the payload of a token that this key signed; raises TokenRefusedError otherwise."""
    try:
        payload: object = _Message(id_token, key).verified_payload()
    except LtiException as error:
        raise TokenRefusedError("The id_token is not signed by the platform") from error
    if not isinstance(payload, dict):
        raise TokenRefusedError("The id_token's payload is not an object")
    return payload
