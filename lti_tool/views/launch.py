"""The launch: the browser posts the platform's signed message, and the page for it opens."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from lti_tool.launch import service
from lti_tool.launch.detours import NewTab, OfferedStorage
from lti_tool.launch.errors import LaunchCookieError, LaunchStateError
from lti_tool.launch.requests import LaunchResponse
from lti_tool.launch.state import cookie_name
from lti_tool.security import frame_by
from lti_tool.wiring import launch_kit

blueprint = Blueprint("launch", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLaunchPage:
    """What `stored_launch.html` posts back, with what it finds in the storage."""

    answer: LaunchResponse
    storage: OfferedStorage
    name: str
    """Key of the secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTabPage:
    """What `new_tab.html` shows."""

    ticket: str
    code: str = LaunchCookieError.code
    status: int = LaunchCookieError.status


@blueprint.post("/lti/launch")
def launch() -> Response:
    """Verify the message and go on to the page; every refusal is a LaunchRefusedError."""
    answer = LaunchResponse.from_form(request.form)
    cookie = cookie_name(answer.state)
    secret = request.cookies.get(cookie) or _stored_secret(answer)
    if not secret:
        return _without_cookie(answer)
    outcome = service.launch(launch_kit(), answer, browser_secret=secret)
    query = urlencode({"ticket": outcome.ticket})
    response = redirect(f"{outcome.path}?{query}", code=303)
    response.delete_cookie(
        cookie, "/lti/launch", secure=True, httponly=True, samesite="None", partitioned=True
    )
    return response


def _stored_secret(answer: LaunchResponse) -> str | None:
    """Return what our own page found in the platform's storage.

    From any other page it proves nothing: somebody may have put in what belongs to their browser,
    to have another person work under their name. By `Sec-Fetch-Site`, for `Origin` is null here.
    """
    if answer.stored_secret and request.headers.get("Sec-Fetch-Site") != "same-origin":
        raise LaunchStateError("The stored secret was not posted by our own page")
    return answer.stored_secret


def _without_cookie(answer: LaunchResponse) -> Response:
    """Show the page that leads on without a cookie; it holds only what the browser itself sent.

    Framed by whom the login's page is.
    """
    frame_by("*")
    match service.without_cookie(launch_kit(), answer):
        case OfferedStorage() as storage:
            stored = StoredLaunchPage(
                answer=answer, storage=storage, name=cookie_name(answer.state)
            )
            return make_response(render_template("stored_launch.html", page=stored))
        case NewTab(ticket):
            page = NewTabPage(ticket=ticket)
            return make_response(render_template("new_tab.html", page=page), page.status)
