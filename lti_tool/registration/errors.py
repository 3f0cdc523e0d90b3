"""What is wrong with a registration; messages are for operators and administrators.

RegistrationError
 ├─ AgreementError             something that the two sides would agree on is malformed
 ├─ RegistrationExistsError    the issuer and client id are registered already
 ├─ RegistrationUnknownError   no registration by this id, or several
 ├─ InvitationError            an invitation that is unknown, used or expired
 ├─ RegistrationRequestError   a platform's request lacks something, or it is malformed
 └─ PlatformAnswerError        the platform cannot be had, refuses, or says what does not fit
"""

from uuid import UUID

from lti_tool.errors import LtiToolError


class RegistrationError(LtiToolError):
    """Root of what is raised here; no message holds a secret."""


class AgreementError(RegistrationError):
    """Addresses or names are malformed; `problems` has a sentence for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class RegistrationExistsError(RegistrationError):
    """A platform has one registration for each of its client ids."""

    def __init__(self, registration_id: UUID) -> None:
        super().__init__(
            f"This issuer and client id are registered already, as {str(registration_id)[:8]}."
            " Add deployments to it with `casebook registration approve`."
        )
        self.registration_id = registration_id


class RegistrationUnknownError(RegistrationError):
    """An id means no registration, or more than one."""


class InvitationError(RegistrationError):
    """The secret of an invitation is wrong, or was good once."""

    def __init__(self) -> None:
        super().__init__("This invitation is not known, was used before, or has expired.")


class RegistrationRequestError(RegistrationError):
    """What the platform put into the address of the page is incomplete or malformed."""


class PlatformAnswerError(RegistrationError):
    """The platform does not answer, refuses, or says of itself what cannot be believed."""
