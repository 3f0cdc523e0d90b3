import json
from typing import Any

import pytest
from flask import Flask

from lti_tool.launch.checks import OFFERED
from lti_tool.vocab import MessageType
from tests.lti_tool.site import json_of

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


@pytest.fixture
def configuration(shell: Flask) -> dict[str, Any]:
    response = shell.test_client().get("/lti/canvas.json")
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    read: dict[str, Any] = json_of(response)
    return read


def test_canvas_is_told_addresses_that_the_tool_answers(
    shell: Flask, configuration: dict[str, Any]
) -> None:
    adapter = shell.url_map.bind("")
    origin = "http://localhost:"
    for name, method in (
        ("oidc_initiation_url", "POST"),
        ("target_link_uri", "POST"),
        ("public_jwk_url", "GET"),
    ):
        assert configuration[name].startswith(origin)
        path = "/" + configuration[name].removeprefix(origin).partition("/")[2]
        assert adapter.test(path, method), name


def test_canvas_is_asked_for_the_scopes_of_grades_and_rosters_and_for_nobodys_name(
    configuration: dict[str, Any],
) -> None:
    assert set(configuration["scopes"]) == {
        f"{AGS}lineitem",
        f"{AGS}result.readonly",
        f"{AGS}score",
        NRPS,
    }
    (extension,) = configuration["extensions"]
    assert extension["privacy_level"] == "anonymous"
    assert extension["domain"].startswith("localhost:")
    assert "$" not in json.dumps(configuration)


def test_every_placement_sends_a_message_that_the_tool_takes(
    configuration: dict[str, Any],
) -> None:
    placements = configuration["extensions"][0]["settings"]["placements"]
    assert [one["placement"] for one in placements] == ["assignment_selection", "link_selection"]
    for one in placements:
        assert one["message_type"] == MessageType.DEEP_LINKING
        assert one["message_type"] in OFFERED
        assert one["target_link_uri"].endswith("/lti/deep-link")
        assert one["target_link_uri"].startswith("http://localhost:")


def test_the_front_page_shows_where_the_configuration_is(shell: Flask) -> None:
    assert "/lti/canvas.json</code>" in shell.test_client().get("/").text
