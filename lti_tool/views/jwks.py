"""The tool's public keys."""

from flask import Blueprint, Response, jsonify

from lti_tool.wiring import launch_kit

blueprint = Blueprint("jwks", __name__)


@blueprint.get("/lti/jwks")
def key_set() -> Response:
    """Publish the keys with which platforms verify the tool's own messages (RFC 7517)."""
    return jsonify(launch_kit().key_store.key_set())
