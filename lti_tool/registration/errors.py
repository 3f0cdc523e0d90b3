"""What is wrong with a registration; messages are for operators and administrators.

RegistrationError
 ├─ AgreementError             something that the two sides would agree on is malformed
 ├─ RegistrationExistsError    the issuer and client id are registered already
 └─ RegistrationUnknownError   no registration by this id, or several
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
