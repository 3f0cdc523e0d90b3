"""Dynamic registration: the page that an administrator opens inside the platform.

Every page may be framed by anybody: without the secret of an invitation none does anything.
"""

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from lti_tool.extensions import transaction
from lti_tool.registration import invitations
from lti_tool.registration.discovery import PlatformConfiguration
from lti_tool.registration.dynamic import Outcome, Registrar, RegistrationRequest
from lti_tool.registration.guarded_http import GuardedHttp, address_rule
from lti_tool.registration.tool import ToolAddresses
from lti_tool.security import frame_by
from lti_tool.wiring import wiring

blueprint = Blueprint("register", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPage:
    """What `register.html` shows; without a platform it says where to open it."""

    asked: RegistrationRequest | None = None
    platform: PlatformConfiguration | None = None


@dataclass(frozen=True, slots=True)
class RegisteredPage:
    """What `registered.html` shows."""

    outcome: Outcome

    @property
    def reference(self) -> str:
        """Return the letters of the id by which operators call a registration."""
        return str(self.outcome.registration_id)[:8]


@blueprint.get("/lti/register")
def offer() -> str:
    """Show which platform would be registered and what it is asked for."""
    frame_by("*")
    if "openid_configuration" not in request.args:
        with transaction() as session:
            invitations.require(session, request.args.get("invitation", ""))
        return render_template("register.html", page=RegisterPage())
    asked = RegistrationRequest.from_form(request.args)
    platform = _registrar().look(asked)
    return render_template("register.html", page=RegisterPage(asked=asked, platform=platform))


@blueprint.post("/lti/register")
def register() -> str:
    """Register at the platform, and say what is left to do."""
    frame_by("*")
    outcome = _registrar().register(RegistrationRequest.from_form(request.form))
    return render_template("registered.html", page=RegisteredPage(outcome))


def _registrar() -> Registrar:
    settings = wiring().settings
    return Registrar(
        transaction=transaction,
        http=GuardedHttp(is_allowed=address_rule(settings), seconds=settings.http_timeout_seconds),
        tool=ToolAddresses(settings.public_url),
    )
