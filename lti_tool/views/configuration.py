"""What a platform's administrator pastes: the tool's configuration as JSON."""

from flask import Blueprint, Response, jsonify

from lti_tool.registration.canvas import canvas_configuration
from lti_tool.registration.tool import ToolAddresses
from lti_tool.wiring import wiring

blueprint = Blueprint("configuration", __name__)


@blueprint.get("/lti/canvas.json")
def canvas() -> Response:
    """Tell Canvas where everything is."""
    return jsonify(canvas_configuration(ToolAddresses(wiring().settings.public_url)))
