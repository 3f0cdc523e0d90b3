from dataclasses import replace
from typing import Any

import pytest

from lti_tool.models import PlatformFamily
from lti_tool.registration.discovery import TOOL_CONFIGURATION, PlatformConfiguration
from lti_tool.registration.dynamic import client_metadata
from lti_tool.registration.tool import ToolAddresses

TOOL = ToolAddresses("https://tool.example")


@pytest.fixture
def platform() -> PlatformConfiguration:
    return PlatformConfiguration(
        issuer="https://lms.example",
        authorization_url="https://lms.example/auth",
        token_url="https://lms.example/token",
        token_audience=None,
        jwks_url="https://lms.example/jwks",
        registration_url="https://lms.example/register",
        family=PlatformFamily.GENERIC,
        product="",
    )


def _configuration(platform: PlatformConfiguration) -> dict[str, Any]:
    found = client_metadata(TOOL, platform)[TOOL_CONFIGURATION]
    assert isinstance(found, dict)
    return found


def test_canvas_is_told_where_the_tool_belongs_and_to_keep_names_to_itself(
    platform: PlatformConfiguration,
) -> None:
    configuration = _configuration(replace(platform, family=PlatformFamily.CANVAS))
    assert configuration["https://canvas.instructure.com/lti/privacy_level"] == "anonymous"
    _, dialog = configuration["messages"]
    assert dialog["type"] == "LtiDeepLinkingRequest"
    assert dialog["placements"] == ["assignment_selection", "link_selection"]


def test_others_are_told_nothing_of_canvas(platform: PlatformConfiguration) -> None:
    configuration = _configuration(platform)
    assert not any("canvas" in name for name in configuration)
    assert configuration["messages"] == [
        {
            "type": "LtiResourceLinkRequest",
            "target_link_uri": "https://tool.example/lti/launch",
            "label": "Casebook",
        },
        {
            "type": "LtiDeepLinkingRequest",
            "target_link_uri": "https://tool.example/lti/deep-link",
            "label": "Casebook",
        },
    ]


def test_the_domain_has_no_scheme_and_keeps_an_unusual_port(
    platform: PlatformConfiguration,
) -> None:
    assert _configuration(platform)["domain"] == "tool.example"
    assert ToolAddresses("https://tool.example:8443").domain == "tool.example:8443"
