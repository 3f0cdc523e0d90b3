"""The JSON configuration that a Canvas administrator pastes as one URL into a developer key.

https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_dev_key_config
"""

from lti_tool.platforms.canvas import Canvas
from lti_tool.registration.tool import DESCRIPTION, NAME, SCOPES, ToolAddresses
from lti_tool.vocab import MessageType


def canvas_configuration(tool: ToolAddresses) -> dict[str, object]:
    """Return what Canvas needs to know; `anonymous` people still have an id, and no name."""
    placements = [
        {
            "placement": placement,
            "text": NAME,
            "message_type": MessageType.DEEP_LINKING.value,
            "target_link_uri": tool.deep_link_url,
            "icon_url": tool.icon_url,
        }
        for placement in Canvas.placements
    ]
    return {
        "title": NAME,
        "description": DESCRIPTION,
        "oidc_initiation_url": tool.login_url,
        "target_link_uri": tool.launch_url,
        "public_jwk_url": tool.keys_url,
        "scopes": [scope.value for scope in SCOPES],
        "custom_fields": {},
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": tool.domain,
                "tool_id": NAME.lower(),
                "privacy_level": "anonymous",
                "settings": {
                    "platform": "canvas.instructure.com",
                    "text": NAME,
                    "icon_url": tool.icon_url,
                    "placements": placements,
                },
            }
        ],
    }
