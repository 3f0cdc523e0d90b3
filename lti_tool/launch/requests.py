"""What browsers carry to `/lti/login` and `/lti/launch`, as frozen records."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lti_tool.launch.errors import (
    LaunchStateError,
    LoginRequestError,
    RelaunchNeededError,
    TokenRefusedError,
)

PARAMETER_LIMIT = 4096
"""Longest login parameter in characters."""
STORED_FIELD = "stored_secret"
"""The form field in which our own page hands on what the platform's storage kept."""
_STATE = re.compile(r"[A-Za-z0-9_-]{20,100}")
_ERROR_NAME = re.compile(r"[a-z0-9_.-]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """A platform's unsigned wish to open an activity (LTI Core 1.3, §5.1.1)."""

    issuer: str
    login_hint: str
    """Opaque; echoed unaltered."""
    target_link_uri: str
    client_id: str | None
    message_hint: str | None
    """Opaque; echoed unaltered."""
    deployment_id: str | None
    storage_target: str | None
    """Name of the platform's frame that keeps data for tools; None where none does."""

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> Self:
        """Read the parameters; raises LoginRequestError naming the first that is wrong."""
        return cls(
            issuer=_required(form, "iss"),
            login_hint=_required(form, "login_hint"),
            target_link_uri=_required(form, "target_link_uri"),
            client_id=_parameter(form, "client_id"),
            message_hint=_parameter(form, "lti_message_hint"),
            deployment_id=_parameter(form, "lti_deployment_id"),
            storage_target=_parameter(form, "lti_storage_target"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchResponse:
    """A platform's answer to a login, posted by the browser; nothing of it is believed yet."""

    state: str
    id_token: str
    stored_secret: str | None
    """What the platform's storage gave back for this login: "" if nothing, None if not asked."""

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> Self:
        """Read the answer.

        Raises RelaunchNeededError if it is an error, LaunchStateError or TokenRefusedError if it
        lacks its state or its token.
        """
        if "error" in form:
            name = form["error"] if _ERROR_NAME.fullmatch(form["error"]) else "(unreadable)"
            raise RelaunchNeededError(f"The platform answered with the error {name}")
        if not _STATE.fullmatch(form.get("state", "")):
            raise LaunchStateError("The launch carries no state of ours")
        if not form.get("id_token"):
            raise TokenRefusedError("The launch carries no id_token")
        return cls(
            state=form["state"], id_token=form["id_token"], stored_secret=form.get(STORED_FIELD)
        )


def _parameter(form: Mapping[str, str], name: str) -> str | None:
    value = form.get(name, "")
    if len(value) > PARAMETER_LIMIT or "\0" in value:
        raise LoginRequestError(f"Login parameter {name} is malformed")
    return value or None


def _required(form: Mapping[str, str], name: str) -> str:
    value = _parameter(form, name)
    if value is None:
        raise LoginRequestError(f"Login parameter {name} is missing")
    return value
