"""The root page: what this is, and what an LMS administrator needs to connect it."""

from dataclasses import dataclass

from flask import Blueprint, render_template

from lti_tool.registration.tool import ToolAddresses
from lti_tool.wiring import wiring

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """What `home.html` shows."""

    login_url: str
    launch_url: str
    deep_link_url: str
    keys_url: str
    canvas_url: str
    demo_lms_url: str | None


@blueprint.get("/")
def home() -> str:
    """Say what this is and how to connect an LMS."""
    settings = wiring().settings
    tool = ToolAddresses(settings.public_url)
    page = HomePage(
        login_url=tool.login_url,
        launch_url=tool.launch_url,
        deep_link_url=tool.deep_link_url,
        keys_url=tool.keys_url,
        canvas_url=tool.canvas_url,
        demo_lms_url=settings.demo_lms_url if settings.demo else None,
    )
    return render_template("home.html", page=page)
