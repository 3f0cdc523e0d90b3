"""What the demo LMS raises on purpose.

DemoLmsError
├── NotADemoError          the process must not start
├── AuthorizationError     an authorization request whose redirect_uri cannot be trusted
├── CourseLimitError       there is no room for another course
├── ChoiceError            a tool's answer in the dialog for adding activities is refused
└── ServiceError           a refused service request, answered as JSON
    ├── BearerError        401 or 403 with WWW-Authenticate
    └── TokenError         an OAuth error of the token endpoint
"""

from collections.abc import Mapping
from types import MappingProxyType

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class DemoLmsError(Exception):
    """Root of everything that the demo LMS raises on purpose."""


class NotADemoError(DemoLmsError):
    """The settings are those of a real installation, where this platform must not run."""


class AuthorizationError(DemoLmsError):
    """The request names no known client or redirect_uri, so no answer may be posted anywhere."""


class CourseLimitError(DemoLmsError):
    """There is no room for another course."""


class ChoiceError(DemoLmsError):
    """What the tool answered in the dialog for adding activities cannot be taken; says why."""


class ServiceError(DemoLmsError):
    """A service request is refused with a status and an explanation."""

    def __init__(self, status: int, message: str, *, error: str = "invalid_request") -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.headers = _NO_HEADERS


class BearerError(ServiceError):
    """The access token is missing, unknown, expired (401) or lacks the scope (403), RFC 6750."""

    def __init__(self, status: int, message: str, *, error: str | None, scope: str = "") -> None:
        super().__init__(status, message, error=error or "unauthorized")
        challenge = 'Bearer realm="demo-lms"'
        if error is not None:
            challenge += f', error="{error}"'
        if scope:
            challenge += f', scope="{scope}"'
        self.headers = MappingProxyType({"WWW-Authenticate": challenge})


class TokenError(ServiceError):
    """The token request is refused, RFC 6749 section 5.2."""
