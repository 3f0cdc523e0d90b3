"""Login initiation: the platform names an activity, and the browser goes to be recognised."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from lti_tool.launch.requests import LoginRequest
from lti_tool.launch.service import LoginRedirect, begin_again, begin_login
from lti_tool.launch.state import LIFETIME
from lti_tool.security import frame_by
from lti_tool.wiring import launch_kit

blueprint = Blueprint("login", __name__)

FRAMES = frozenset({"iframe", "frame", "embed", "object"})
"""What browsers say in `Sec-Fetch-Dest` when a page is for a frame."""


@blueprint.route("/lti/login", methods=["GET", "POST"])
def login() -> Response:
    """Send the browser to the platform's authorization endpoint with a fresh state and nonce.

    In a frame, or with storage of the platform, by a page that looks what the browser keeps.
    """
    begun = begin_login(launch_kit(), LoginRequest.from_form(request.values))
    framed = request.headers.get("Sec-Fetch-Dest") in FRAMES
    look = framed or begun.storage is not None
    return _remember(_page(begun) if look else redirect(begun.url), begun)


@blueprint.post("/lti/login/again")
def again() -> Response:
    """Begin a login anew in a tab of its own, where our cookie is a first-party one.

    By a page: the policy of the page with the button lets no form lead to another site.
    """
    begun = begin_again(launch_kit(), request.form.get("ticket", ""))
    return _remember(_page(begun), begun)


def _page(begun: LoginRedirect) -> Response:
    # Schools of one platform have hosts of their own, which a login does not tell. The page shows
    # nobody's data, and its one button begins no more than any link to a login does.
    frame_by("*")
    return make_response(render_template("login.html", page=begun))


def _remember(response: Response, begun: LoginRedirect) -> Response:
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
