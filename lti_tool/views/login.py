"""Login initiation: the platform names an activity, and the browser goes to be recognised."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from lti_tool.launch.requests import LoginRequest
from lti_tool.launch.service import begin_login
from lti_tool.launch.state import LIFETIME
from lti_tool.wiring import launch_kit

blueprint = Blueprint("login", __name__)


@blueprint.route("/lti/login", methods=["GET", "POST"])
def login() -> Response:
    """Send the browser to the platform's authorization endpoint with a fresh state and nonce."""
    begun = begin_login(launch_kit(), LoginRequest.from_form(request.values))
    response = redirect(begun.url)
    response.set_cookie(
        begun.cookie_name,
        begun.cookie_value,
        max_age=LIFETIME,
        path="/lti/launch",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
    return response
