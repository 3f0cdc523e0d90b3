from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from lti_tool.demo_lms import clients, vocab
from tests.lti_tool.demo_lms.conftest import World
from tests.lti_tool.demo_lms.forms import only_form
from tests.lti_tool.demo_lms.tool_double import TLS

TEACHER = "201"


def _body(world: World, **changes: Any) -> dict[str, Any]:
    tool = world.tool.endpoints
    usual = {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": tool.login_url,
        "redirect_uris": [tool.launch_url],
        "client_name": "Double",
        "jwks_uri": tool.jwks_url,
        "token_endpoint_auth_method": "private_key_jwt",
        vocab.TOOL_CONFIGURATION: {
            "domain": urlsplit(tool.launch_url).netloc,
            "target_link_uri": tool.launch_url,
        },
        **changes,
    }
    return {name: value for name, value in usual.items() if value is not None}


def _begin(world: World) -> dict[str, str]:
    """Add the tool as the teacher does, and return what its page is told."""
    with world.browser(TEACHER) as browser:
        page = browser.post("/tools/add", data={"url": f"{world.tool.endpoints.origin}/lti/r?i=1"})
    assert page.status_code == 200, page.text
    source = page.text.partition('src="http://localhost')[2].partition('"')[0]
    query = parse_qs(urlsplit(source.replace("&amp;", "&")).query)
    return {name: values[0] for name, values in query.items()}


def _register(world: World, token: str, body: dict[str, Any]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{world.url}/lti/register", json=body, headers=headers, verify=TLS)


def test_the_tools_page_is_told_where_the_platform_describes_itself(world: World) -> None:
    told = _begin(world)
    assert told["i"] == "1"
    described = httpx.get(told["openid_configuration"], verify=TLS).json()
    assert described["issuer"] == world.url
    assert described["registration_endpoint"] == f"{world.url}/lti/register"
    assert vocab.SCOPE_SCORE in described["scopes_supported"]


def test_a_tool_registers_once_for_each_token(world: World) -> None:
    token = _begin(world)["registration_token"]
    first = _register(world, token, _body(world))
    assert first.status_code == 200, first.text
    assert first.json()["client_id"].startswith("casebook-")
    assert first.json()[vocab.TOOL_CONFIGURATION]["deployment_id"].startswith("deployment-")
    again = _register(world, token, _body(world))
    assert (again.status_code, again.json()["error"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    "changes",
    [
        {"application_type": "native"},
        {"response_types": ["code"]},
        {"grant_types": ["implicit"]},
        {"token_endpoint_auth_method": "none"},
        {"client_name": ""},
        {"jwks_uri": None},
        {"jwks_uri": "https://evil.example/jwks"},
        {"redirect_uris": ["https://evil.example/launch"]},
        {vocab.TOOL_CONFIGURATION: None},
        {vocab.TOOL_CONFIGURATION: {"domain": "x", "target_link_uri": "http://localhost/"}},
    ],
)
def test_a_malformed_registration_is_refused_and_spends_no_token(
    world: World, changes: dict[str, Any]
) -> None:
    token = _begin(world)["registration_token"]
    refused = _register(world, token, _body(world, **changes))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")
    assert _register(world, token, _body(world)).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer guessed", "Basic abc"])
def test_without_a_token_nothing_is_registered(world: World, header: str) -> None:
    response = httpx.post(
        f"{world.url}/lti/register",
        json=_body(world),
        headers={"Authorization": header},
        verify=TLS,
    )
    assert response.status_code == 401


def test_only_the_teacher_looks_after_tools(world: World) -> None:
    with world.browser("101") as student:
        for path in ("/tools/add", "/tools/use"):
            assert student.post(path, data={"url": world.tool.endpoints.origin}).status_code == 403
        assert student.get("/tools").status_code == 403
        assert 'href="/tools"' not in student.get("/").text
    with world.browser(TEACHER) as teacher:
        assert 'href="/tools"' in teacher.get("/").text


def test_a_form_of_another_site_adds_nothing(world: World) -> None:
    with world.browser(TEACHER) as teacher:
        for path in ("/tools/add", "/tools/use"):
            response = teacher.post(path, data={}, headers={"Origin": "https://evil.example"})
            assert response.status_code == 403


@pytest.mark.parametrize("url", ["", "https://evil.example/", "http://localhost.evil.example/x"])
def test_the_page_of_another_tool_is_not_framed(world: World, url: str) -> None:
    with world.browser(TEACHER) as teacher:
        assert teacher.post("/tools/add", data={"url": url}).status_code == 400


def test_activities_are_opened_by_the_registration_that_the_teacher_chooses(world: World) -> None:
    made = _register(world, _begin(world)["registration_token"], _body(world)).json()
    for chosen, deployment in (
        (made["client_id"], made[vocab.TOOL_CONFIGURATION]["deployment_id"]),
        ("casebook-demo", "demo"),
    ):
        with world.browser(TEACHER) as teacher:
            assert teacher.post("/tools/use", data={"client": chosen}).status_code == 303
            assert f'value="{chosen}"' not in teacher.get("/tools").text
        with world.browser() as student:
            fields = only_form(student.get("/lti/start/wine").text).fields
            assert fields["client_id"] == chosen
            assert fields["lti_deployment_id"] == deployment


def test_registrations_that_nobody_uses_are_forgotten_beyond_a_bound(world: World) -> None:
    store = world.app.extensions["casebook-demo-lms"].store
    body = clients.parse(
        httpx.Request("POST", "http://x", json=_body(world)).content, world.tool.endpoints
    )
    with store.writing() as connection:
        first = clients.register(connection, body)
        clients.use(connection, first.client_id)
        for _ in range(clients.LIMIT + 5):
            clients.register(connection, body)
        kept = clients.all_clients(connection)
    assert len(kept) == clients.LIMIT + 1
    assert kept[-1].client_id == first.client_id
