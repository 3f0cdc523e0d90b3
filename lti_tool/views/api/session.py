"""Keeping a page's session alive."""

from flask import Blueprint

from lti_tool.sessions.tokens import Purpose
from lti_tool.views.requests import Json, current_principal
from lti_tool.wiring import wiring

blueprint = Blueprint("session", __name__, url_prefix="/api/session")


@blueprint.post("/renew")
def renew() -> Json:
    """Return a fresh token for the session of a still valid one; never beyond the launch's end."""
    principal, tokens = current_principal(), wiring().tokens
    expires_at = min(tokens.expiry(Purpose.BEARER), principal.expires_at)
    return {
        "token": tokens.sign(principal.session_id, Purpose.BEARER),
        "expires_at": expires_at.isoformat(),
    }
