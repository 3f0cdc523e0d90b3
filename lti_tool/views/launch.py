"""The launch: the browser posts the platform's signed message, and the workspace opens."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from lti_tool.launch import service
from lti_tool.launch.requests import LaunchResponse
from lti_tool.launch.state import cookie_name
from lti_tool.wiring import launch_kit

blueprint = Blueprint("launch", __name__)


@blueprint.post("/lti/launch")
def launch() -> Response:
    """Verify the message and go on to the page; every refusal is a LaunchRefusedError."""
    answer = LaunchResponse.from_form(request.form)
    cookie = cookie_name(answer.state)
    outcome = service.launch(launch_kit(), answer, browser_secret=request.cookies.get(cookie))
    query = urlencode({"ticket": outcome.ticket})
    response = redirect(f"/workspace/{outcome.launch_session_id}?{query}", code=303)
    response.delete_cookie(
        cookie, "/lti/launch", secure=True, httponly=True, samesite="None", partitioned=True
    )
    return response
