"""The workspace page: the frame around the front end, opened by a launch."""

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request

from lti_tool.assets import Asset
from lti_tool.extensions import transaction
from lti_tool.security import frame_by
from lti_tool.sessions.principal import enter
from lti_tool.sessions.tokens import Purpose
from lti_tool.wiring import wiring
from lti_tool.workspace.opening import open_page
from lti_tool.workspace.records import Boot

blueprint = Blueprint("workspace", __name__)

COOKIE = "casebook_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspacePage:
    """What `workspace.html` shows."""

    boot: Boot
    asset: Asset


@blueprint.get("/workspace/<uuid:launch_session_id>")
def show(launch_session_id: UUID) -> Response:
    """Open the page with a launch's one-time ticket, or again with the cookie of a reload."""
    kit = wiring()
    ticket, cookie = request.args.get("ticket"), request.cookies.get(COOKIE)
    with transaction() as session:
        principal = enter(
            session, kit.tokens, session_id=launch_session_id, ticket=ticket, cookie=cookie
        )
        boot = open_page(session, principal, tokens=kit.tokens)
    frame_by(principal.frame_ancestor)
    page = WorkspacePage(boot=boot, asset=kit.assets.find(locale=boot.locale))
    response = make_response(render_template("workspace.html", page=page))
    _remember(response, launch_session_id)
    return response


def _remember(response: Response, session_id: UUID) -> None:
    """Set the cookie for a reload of this frame; each launch has its own, by path.

    Partitioned, since the page lives in another site's frame; everything works without it.
    """
    kit = wiring()
    response.set_cookie(
        COOKIE,
        kit.tokens.sign(session_id, Purpose.COOKIE),
        max_age=kit.settings.session_seconds,
        path=f"/workspace/{session_id}",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
