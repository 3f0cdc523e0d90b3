"""Dynamic registration: an administrator opens the invitation inside the platform, and both agree.

https://www.imsglobal.org/spec/lti-dr/v1p0
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from lti_tool.models import Invitation, RegistrationState
from lti_tool.platforms.families import PLATFORMS
from lti_tool.registration import catalogue, invitations
from lti_tool.registration.agreement import NAME_LENGTH, Agreement, url_problem
from lti_tool.registration.discovery import (
    TOOL_CONFIGURATION,
    PlatformConfiguration,
    Registered,
    parse_configuration,
    parse_registered,
)
from lti_tool.registration.errors import RegistrationExistsError, RegistrationRequestError
from lti_tool.registration.guarded_http import GuardedHttp
from lti_tool.registration.tool import (
    CLAIMS,
    DESCRIPTION,
    NAME,
    SCOPES,
    ToolAddresses,
)
from lti_tool.vocab import CLIENT_CREDENTIALS, PRIVATE_KEY_JWT, MessageType

_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRequest:
    """What a platform put into the address that its administrator opened."""

    invitation: str
    """The secret that the operator gave away."""
    configuration_url: str
    """Where the platform describes itself."""
    token: str | None
    """By which the platform knows its administrator's wish; some send none."""

    @classmethod
    def from_form(cls, values: Mapping[str, str]) -> "RegistrationRequest":
        """Read the parameters. Raises RegistrationRequestError, naming the parameter."""
        url = values.get("openid_configuration", "")
        if (why := url_problem(url)) is not None:
            raise RegistrationRequestError(f"openid_configuration: {why}")
        token = values.get("registration_token") or None
        if token is not None and not _TOKEN.fullmatch(token):
            raise RegistrationRequestError("registration_token: is no token.")
        return cls(invitation=values.get("invitation", ""), configuration_url=url, token=token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a registration."""

    registration_id: UUID
    new: bool
    """Whether it waits for approval; False: the platform was known, and nothing was changed."""
    needs_deployment: bool
    """Whether the platform has told no deployment id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """What a registration works with."""

    transaction: Callable[[], AbstractContextManager[Session]]
    http: GuardedHttp
    tool: ToolAddresses

    def look(self, request: RegistrationRequest) -> PlatformConfiguration:
        """Return what the platform says of itself, for its administrator to confirm.

        Raises InvitationError before anything is asked, PlatformAnswerError after.
        """
        with self.transaction() as session:
            invitations.require(session, request.invitation)
        return self._discover(request)

    def register(self, request: RegistrationRequest) -> Outcome:
        """Register at the platform, and the platform here, where it waits for approval.

        Uses up the invitation, unless it comes to nothing. Raises InvitationError,
        PlatformAnswerError, or AgreementError.
        """
        with self.transaction() as session:
            invitation = invitations.claim(session, request.invitation)
        try:
            platform = self._discover(request)
            answer = self.http.post(
                platform.registration_url,
                client_metadata(self.tool, platform),
                token=request.token,
            )
            return self._store(invitation, platform, parse_registered(answer))
        except Exception:
            with self.transaction() as session:
                invitations.release(session, invitation.id)
            raise

    def _discover(self, request: RegistrationRequest) -> PlatformConfiguration:
        url = request.configuration_url
        return parse_configuration(self.http.get(url, token=request.token), source=url)

    def _store(
        self, invitation: Invitation, platform: PlatformConfiguration, registered: Registered
    ) -> Outcome:
        """Store the registration; one that was there before is left as an operator approved it."""
        agreement = agreement_of(platform, registered, name=invitation.name)
        with self.transaction() as session:
            try:
                made = catalogue.add(session, agreement, state=RegistrationState.PENDING)
            except RegistrationExistsError as known:
                invitations.settle(session, invitation.id, known.registration_id)
                return Outcome(
                    registration_id=known.registration_id, new=False, needs_deployment=False
                )
            invitations.settle(session, invitation.id, made.id)
        return Outcome(
            registration_id=made.id, new=True, needs_deployment=not agreement.deployment_ids
        )


def agreement_of(
    platform: PlatformConfiguration, registered: Registered, *, name: str | None
) -> Agreement:
    """Return what was agreed on, by the name that the operator or else the platform chose."""
    deployment = registered.deployment_id
    return Agreement(
        issuer=platform.issuer,
        client_id=registered.client_id,
        authorization_url=platform.authorization_url,
        token_url=platform.token_url,
        token_audience=platform.token_audience,
        jwks_url=platform.jwks_url,
        deployment_ids=() if deployment is None else (deployment,),
        platform=platform.family,
        name=(name or platform.host)[:NAME_LENGTH],
    )


def client_metadata(tool: ToolAddresses, platform: PlatformConfiguration) -> dict[str, object]:
    """Return what the platform is told about the tool.

    https://www.imsglobal.org/spec/lti-dr/v1p0#openid-registration
    """
    product = PLATFORMS[platform.family]
    placed = {"placements": list(product.placements)} if product.placements else {}
    configuration = {
        "domain": tool.domain,
        "description": DESCRIPTION,
        "target_link_uri": tool.launch_url,
        "custom_parameters": {},
        "claims": list(CLAIMS),
        "messages": [
            {"type": MessageType.RESOURCE_LINK, "target_link_uri": tool.launch_url, "label": NAME},
            {
                "type": MessageType.DEEP_LINKING,
                "target_link_uri": tool.deep_link_url,
                "label": NAME,
                **placed,
            },
        ],
    }
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", CLIENT_CREDENTIALS],
        "initiate_login_uri": tool.login_url,
        "redirect_uris": [tool.launch_url],
        "client_name": NAME,
        "jwks_uri": tool.keys_url,
        "logo_uri": tool.icon_url,
        "token_endpoint_auth_method": PRIVATE_KEY_JWT,
        "scope": " ".join(scope.value for scope in SCOPES),
        TOOL_CONFIGURATION: product.registration_configuration(configuration),
    }
