"""The tool's public keys."""

from flask import Blueprint, Response, jsonify

from lti_tool.launch_kit import launch_kit
from lti_tool.services.keys import KeyStore

blueprint = Blueprint("jwks", __name__)


@blueprint.get("/lti/jwks")
def key_set() -> Response:
    """Publish the keys with which platforms verify the tool's own messages (RFC 7517)."""
    return jsonify(KeyStore(launch_kit().settings.keys_dir).key_set())
