"""What goes wrong between the tool and a platform's services.

ServiceError
 ├─ PlatformUnreachableError  no answer, or one that is too slow or too large
 └─ PlatformRefusedError      an answer that is an error, or not what the specification says
"""

from lti_tool.errors import LtiToolError


class ServiceError(LtiToolError):
    """Root of what the services raise; messages hold no token and nothing personal."""


class PlatformUnreachableError(ServiceError):
    """The platform did not answer, or too slowly, or with too much; whether it acted is unknown."""


class PlatformRefusedError(ServiceError):
    """The platform answered, and not with what was asked for."""

    def __init__(self, message: str, *, status: int | None = None, remedy: str = "") -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status; None for a body that cannot be read."""
        self.remedy = remedy
        """What somebody can do about it; empty where trying again later may help."""
