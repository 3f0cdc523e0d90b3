import time
from urllib.parse import urlsplit

import httpx
import jwt
import pytest

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.launches import LIFETIME_SECONDS
from tests.lti_tool.demo_lms.conftest import World
from tests.lti_tool.demo_lms.forms import Form, only_form


def start(browser: httpx.Client, slug: str = "wine") -> Form:
    return only_form(browser.get(f"/lti/start/{slug}").raise_for_status().text)


def authorize(
    world: World, browser: httpx.Client, login: Form, **changes: str | None
) -> httpx.Response:
    query = world.tool.authorization_query(login.fields, **changes)
    return browser.get(f"/lti/authorize?{query}")


def test_a_login_is_initiated_at_the_tool_with_everything_that_it_must_hand_back(
    world: World,
) -> None:
    with world.browser("102") as browser:
        form = start(browser)
    assert (form.action, form.method) == (world.tool.endpoints.login_url, "post")
    assert urlsplit(form.action).hostname == "localhost"
    hint = form.fields.pop("lti_message_hint")
    assert len(hint) > 15
    assert form.fields == {
        "iss": f"http://127.0.0.1:{world.settings.port}",
        "login_hint": "102",
        "target_link_uri": f"http://localhost:{world.settings.tool_port}/lti/launch",
        "client_id": "casebook-demo",
        "lti_deployment_id": "demo",
    }


def test_a_login_names_the_storage_when_the_page_around_it_has_one(world: World) -> None:
    with world.browser() as browser:
        page = browser.get("/lti/start/wine?storage=_parent").raise_for_status().text
    assert only_form(page).fields["lti_storage_target"] == "_parent"


def test_a_login_without_anybody_logged_in_is_refused(world: World) -> None:
    with world.browser(None) as browser:
        assert browser.get("/lti/start/wine").status_code == 403


def test_an_unknown_activity_is_not_started(world: World) -> None:
    with world.browser() as browser:
        assert browser.get("/lti/start/nothing").status_code == 404


def test_the_id_token_carries_the_claims_of_a_moodle_like_launch(world: World) -> None:
    with world.browser("102") as browser:
        answer = only_form(authorize(world, browser, start(browser)).text)
    assert (answer.action, answer.method) == (world.tool.endpoints.launch_url, "post")
    assert answer.fields["state"] == world.tool.state
    claims = world.tool.read_id_token(answer.fields["id_token"])
    assert abs(claims["iat"] - time.time()) < 10
    assert claims["exp"] == claims["iat"] + 300
    base = f"{world.url}/lti/services/2/lineitems"
    assert {name: claims[name] for name in claims if name not in {"iat", "exp"}} == {
        "iss": world.url,
        "aud": "casebook-demo",
        "sub": "102",
        "nonce": "nonce-1",
        "name": "Ben Okafor",
        "given_name": "Ben",
        "family_name": "Okafor",
        "email": "ben.okafor@example.org",
        vocab.MESSAGE_TYPE: "LtiResourceLinkRequest",
        vocab.VERSION: "1.3.0",
        vocab.DEPLOYMENT_ID: "demo",
        vocab.TARGET_LINK_URI: world.tool.endpoints.launch_url,
        vocab.RESOURCE_LINK: {"id": "demo-wine", "title": "Wine: which cultivar is it?"},
        vocab.CONTEXT: {
            "id": "2",
            "label": "DS101",
            "title": "Data Science Basics",
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"],
        },
        vocab.ROLES: ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
        vocab.CUSTOM: {"case": "wine"},
        vocab.LAUNCH_PRESENTATION: {
            "locale": "en",
            "document_target": "iframe",
            "return_url": f"{world.url}/lti/return/wine",
        },
        vocab.TOOL_PLATFORM: {
            "guid": "casebook-demo-lms",
            "name": "Casebook demo LMS",
            "product_family_code": "casebook-demo-lms",
            "version": "1",
        },
        vocab.LIS: {"person_sourcedid": "demo-102"},
        vocab.AGS_ENDPOINT: {
            "scope": list(vocab.AGS_SCOPES),
            "lineitems": f"{base}?type_id=1",
            "lineitem": f"{base}/2/lineitem?type_id=1",
        },
        vocab.NRPS_SERVICE: {
            "context_memberships_url": f"{world.url}/lti/services/2/memberships",
            "service_versions": ["2.0"],
        },
    }


def test_the_teacher_is_launched_as_an_instructor(world: World) -> None:
    with world.browser("201") as browser:
        answer = only_form(authorize(world, browser, start(browser)).text)
    claims = world.tool.read_id_token(answer.fields["id_token"])
    assert claims["name"] == "Dr. Ines Vogel"
    assert claims[vocab.ROLES] == [vocab.INSTRUCTOR]


def test_the_id_token_is_signed_by_the_only_published_key(world: World) -> None:
    with world.browser() as browser:
        answer = only_form(authorize(world, browser, start(browser)).text)
        (key,) = browser.get("/lti/jwks").json()["keys"]
    header = jwt.get_unverified_header(answer.fields["id_token"])
    assert (header["alg"], header["kid"]) == ("RS256", key["kid"])
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}


def test_the_authentication_request_may_be_posted(world: World) -> None:
    with world.browser() as browser:
        query = world.tool.authorization_query(start(browser).fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        page = browser.post("/lti/authorize", content=query, headers=headers).text
    assert "id_token" in only_form(page).fields


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "openid email"}, "invalid_scope"),
        ({"scope": None}, "invalid_request"),
        ({"response_type": "code"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": None}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
        ({"prompt": None}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"nonce": ""}, "invalid_request"),
        ({"nonce": "x" * 5000}, "invalid_request"),
        ({"login_hint": None}, "invalid_request"),
        ({"login_hint": "102"}, "access_denied"),
        ({"lti_message_hint": None}, "invalid_request"),
        ({"lti_message_hint": "forged"}, "launch_no_longer_valid"),
    ],
)
def test_a_wrong_request_is_answered_with_an_error_and_the_state(
    world: World, changes: dict[str, str | None], error: str
) -> None:
    with world.browser() as browser:
        response = authorize(world, browser, start(browser), **changes)
    form = only_form(response.text)
    assert response.status_code == 200
    assert form.action == world.tool.endpoints.launch_url
    assert form.fields["error"] == error
    assert form.fields["error_description"]
    assert form.fields["state"] == world.tool.state
    assert "id_token" not in form.fields


def test_a_request_without_state_is_answered_with_an_error_without_state(world: World) -> None:
    with world.browser() as browser:
        form = only_form(authorize(world, browser, start(browser), state=None).text)
    assert form.fields["error"] == "invalid_request"
    assert "state" not in form.fields


def test_a_parameter_given_twice_is_an_error(world: World) -> None:
    with world.browser() as browser:
        query = world.tool.authorization_query(start(browser).fields)
        form = only_form(browser.get(f"/lti/authorize?{query}&nonce=other").text)
    assert form.fields["error"] == "invalid_request"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody-else"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/lti/launch"},
        {"redirect_uri": "slash"},
    ],
)
def test_nothing_is_posted_to_an_address_that_is_not_registered(
    world: World, changes: dict[str, str | None]
) -> None:
    if changes.get("redirect_uri") == "slash":
        changes = {"redirect_uri": world.tool.endpoints.launch_url + "/"}
    with world.browser() as browser:
        response = authorize(world, browser, start(browser), **changes)
    assert response.status_code == 400
    assert "<form" not in response.text


def test_a_launch_is_authorized_once(world: World) -> None:
    with world.browser() as browser:
        login = start(browser)
        first = only_form(authorize(world, browser, login).text)
        second = only_form(authorize(world, browser, login).text)
    assert "id_token" in first.fields
    assert second.fields["error"] == "launch_no_longer_valid"


def test_a_launch_of_somebody_else_is_not_taken_over(world: World) -> None:
    with world.browser("101") as ada, world.browser("102") as ben:
        login = start(ada)
        form = only_form(authorize(world, ben, login, login_hint="102").text)
        own = only_form(authorize(world, ada, login).text)
    assert form.fields["error"] == "launch_no_longer_valid"
    assert "id_token" in own.fields


def test_an_old_launch_is_no_longer_valid(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.browser() as browser:
        login = start(browser)
        later = time.time() + LIFETIME_SECONDS + 1
        monkeypatch.setattr("lti_tool.demo_lms.launches.time.time", lambda: later)
        form = only_form(authorize(world, browser, login).text)
    assert form.fields["error"] == "launch_no_longer_valid"


def test_a_lost_cookie_is_asked_for_again_once_from_a_page_of_our_own(world: World) -> None:
    with world.browser() as browser, world.browser(None) as stranger:
        login = start(browser)
        again = only_form(authorize(world, stranger, login).text)
        assert (again.action, again.method) == ("/lti/authorize", "get")
        assert again.fields["state"] == world.tool.state
        with_cookie = only_form(browser.get(again.action, params=again.fields).text)
        without = only_form(stranger.get(again.action, params=again.fields).text)
    assert "id_token" in with_cookie.fields
    assert without.action == world.tool.endpoints.launch_url
    assert without.fields["error"] == "login_required"


def test_the_line_item_claim_is_absent_when_the_link_has_two_columns(world: World) -> None:
    body = '{"label": "Second", "scoreMaximum": 5, "resourceLinkId": "demo-wine"}'
    with world.tool.service() as service:
        service.post(
            f"{world.url}/lti/services/2/lineitems",
            content=body,
            headers={"Content-Type": vocab.MEDIA_LINE_ITEM},
        ).raise_for_status()
    with world.browser() as browser:
        answer = only_form(authorize(world, browser, start(browser)).text)
    endpoint = world.tool.read_id_token(answer.fields["id_token"])[vocab.AGS_ENDPOINT]
    assert "lineitem" not in endpoint
    assert endpoint["lineitems"]


def test_the_return_page_shows_the_tools_message_as_text(world: World) -> None:
    with world.browser() as browser:
        page = browser.get("/lti/return/wine", params={"lti_msg": "Bye <b>now</b>"}).text
    assert "Bye &lt;b&gt;now&lt;/b&gt;" in page
    assert 'target="_top"' in page
