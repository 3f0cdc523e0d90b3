"""What the tool and this platform know of each other, as an administrator would enter it."""

from dataclasses import dataclass

from config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRegistration:
    """The platform's side: what the tool registers."""

    issuer: str
    client_id: str
    deployment_id: str
    authorization_url: str
    token_url: str
    jwks_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolEndpoints:
    """The tool's side: what this platform keeps about its only tool."""

    origin: str
    login_url: str
    launch_url: str
    """The one redirect_uri, compared character by character, and the target of every launch."""
    jwks_url: str
    choice_url: str
    """The target of the dialog in which the tool lets a teacher choose (deep linking)."""


def demo_registration(settings: Settings) -> DemoRegistration:
    """Return what the tool has to register to be launched from the demo course."""
    issuer = settings.demo_lms_url
    return DemoRegistration(
        issuer=issuer,
        client_id="casebook-demo",
        deployment_id="demo",
        authorization_url=f"{issuer}/lti/authorize",
        token_url=f"{issuer}/lti/token",
        jwks_url=f"{issuer}/lti/jwks",
    )


def tool_endpoints(settings: Settings) -> ToolEndpoints:
    """Return where the tool of this installation takes logins and launches."""
    origin = settings.public_url
    return ToolEndpoints(
        origin=origin,
        login_url=f"{origin}/lti/login",
        launch_url=f"{origin}/lti/launch",
        jwks_url=f"{origin}/lti/jwks",
        choice_url=f"{origin}/lti/deep-link",
    )
