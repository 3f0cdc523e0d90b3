"""What to do with an authentication request: decided from values, without I/O.

https://www.imsglobal.org/spec/security/v1p0#step-2-authentication-request
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lti_tool.demo_lms.course import Person
from lti_tool.demo_lms.errors import AuthorizationError
from lti_tool.demo_lms.registration import DemoRegistration, ToolEndpoints

_MAX_LENGTH = 4096
_FIXED = (
    ("response_type", "id_token", "unsupported_response_type"),
    ("scope", "openid", "invalid_scope"),
    ("response_mode", "form_post", "invalid_request"),
    ("prompt", "none", "invalid_request"),
)
"""Parameters that have one right value, and the error of any other."""
_NEEDED = (*(name for name, _, _ in _FIXED), "login_hint", "lti_message_hint", "nonce", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate:
    """Go on: this person launches what the hint stands for."""

    person: Person
    nonce: str
    message_hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Post an OAuth error to the tool."""

    error: str
    description: str


@dataclass(frozen=True, slots=True)
class Repost:
    """Ask again from a page of our own: the browser kept our cookie back from a foreign one."""


Decision = Authenticate | Refuse | Repost


def check_client(
    values: Mapping[str, Sequence[str]], registration: DemoRegistration, tool: ToolEndpoints
) -> None:
    """Make sure that an answer may be posted to the request's redirect_uri.

    Raises:
        AuthorizationError: the client or the redirect_uri is not the registered one.
    """
    if list(values.get("client_id", ())) != [registration.client_id]:
        raise AuthorizationError("The request names no client_id that this platform knows.")
    if list(values.get("redirect_uri", ())) != [tool.launch_url]:
        raise AuthorizationError("The request's redirect_uri is not the registered one.")


def decide(
    values: Mapping[str, Sequence[str]], *, person: Person | None, reposted: bool
) -> Decision:
    """Return the outcome for a request whose client was checked."""
    problem = _problem(values)
    if problem is not None:
        return problem
    if person is None and not reposted:
        return Repost()
    if person is None:
        return Refuse(error="login_required", description="Nobody is logged in to the platform")
    if values["login_hint"][0] != person.id:
        return Refuse(
            error="access_denied", description="login_hint is not the person who is logged in"
        )
    return Authenticate(
        person=person, nonce=values["nonce"][0], message_hint=values["lti_message_hint"][0]
    )


def _problem(values: Mapping[str, Sequence[str]]) -> Refuse | None:
    for name in _NEEDED:
        given = values.get(name, ())
        if not given or not given[0]:
            return _invalid(f"{name} is missing")
        if len(given) > 1 or len(given[0]) > _MAX_LENGTH:
            return _invalid(f"{name} is given twice or is too long")
    for name, only, error in _FIXED:
        if values[name][0] != only:
            return Refuse(error=error, description=f"{name} must be {only}")
    return None


def _invalid(description: str) -> Refuse:
    return Refuse(error="invalid_request", description=description)
