"""What goes wrong between the tool and a platform's services.

ServiceError
 ├─ PlatformUnreachableError  no answer, or one that is too slow or too large
 ├─ PlatformBusyError         an answer that asks to come back later
 ├─ TokenDeniedError          no access token: a matter between administrators
 ├─ PlatformRefusedError      an error for good, or not what the specification says
 └─ KeyTooNewError            a rotation to a key that platforms may not know yet
"""

from datetime import datetime

from lti_tool.errors import LtiToolError


class ServiceError(LtiToolError):
    """Root of what the services raise; messages hold no token and nothing personal."""


class PlatformUnreachableError(ServiceError):
    """The platform did not answer, or too slowly, or with too much; whether it acted is unknown."""


class PlatformBusyError(ServiceError):
    """The platform answered that it cannot now."""

    def __init__(
        self, message: str, *, after_seconds: float | None = None, throttled: bool = False
    ) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds
        """What the platform asked for; None if it did not."""
        self.throttled = throttled
        """Whether it asked for fewer requests of any kind."""


class TokenDeniedError(ServiceError):
    """The token endpoint refused: it may help to try again once an administrator has acted."""


class PlatformRefusedError(ServiceError):
    """The platform answered, and asking again would change nothing."""

    def __init__(self, message: str, *, remedy: str, status: int | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy
        """What somebody can do about it."""
        self.status = status
        """Of the answer, if that is what refused."""


class KeyTooNewError(ServiceError):
    """The key that would sign next was published too short a time ago."""

    def __init__(self, *, known_at: datetime) -> None:
        super().__init__(
            "Platforms may not know the next key yet: some keep a key set for a day. Rotate after"
            f" {known_at:%Y-%m-%d %H:%M} UTC, or say --now if it cannot wait."
        )
        self.known_at = known_at
        """When every platform knows it."""
