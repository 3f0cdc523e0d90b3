"""The error tree of the LTI tool; `lti_tool.views.errors` maps each class to a status and a page.

LtiToolError
 ├─ SessionError
 │   ├─ SessionExpiredError   no valid token, ticket or cookie: open the activity again
 │   ├─ ForbiddenError        a valid session, but for another attempt
 │   ├─ ReadOnlyError         a valid session, but of somebody who may only look on
 │   └─ DialogAnsweredError   a dialog whose choice has gone to the platform already
 ├─ BadRequestError           a body or parameter that the API does not take
 ├─ StaleRevisionError        a validation of a document that has changed since
 ├─ StreamLimitError          too many open event streams in this process
 └─ AssetsMissingError        the front end is not built
"""


class LtiToolError(Exception):
    """Root of everything that the tool raises on purpose."""


class SessionError(LtiToolError):
    """Root of what is wrong with who is asking."""


class SessionExpiredError(SessionError):
    """No valid token, ticket or cookie came with the request, or its launch has ended."""


class ForbiddenError(SessionError):
    """The session is valid, but for another attempt than the path names."""


class ReadOnlyError(SessionError):
    """The session is valid, but its role may not change or run anything."""


class StaffOnlyError(SessionError):
    """The session is valid, but only staff of the course may see this."""


class DialogAnsweredError(SessionError):
    """The choice made in this dialog was given to the browser already, and goes but once."""


class BadRequestError(LtiToolError):
    """A body or parameter that the API does not take; the message names the field."""


class StaleRevisionError(LtiToolError):
    """Something was asked of a document revision that is no longer the current one."""

    def __init__(self, *, asked: int, current: int) -> None:
        super().__init__(f"The document is at revision {current}, not {asked}.")
        self.asked = asked
        self.current = current


class StreamLimitError(LtiToolError):
    """This process holds as many event streams as it may; poll, and try again later."""


class AssetsMissingError(LtiToolError):
    """The built front end is not there; the message names the command that builds it."""
