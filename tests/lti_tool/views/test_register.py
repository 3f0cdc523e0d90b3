"""Dynamic registration through HTTP: the whole application and platforms on ports of their own."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from lti_tool.registration import catalogue, invitations
from lti_tool.registration.catalogue import Entry
from tests.fakes.registrar import TOOL_CONFIGURATION, RegisteringPlatform
from tests.fakes.server import Fault, serve
from tests.lti_tool.demo_lms.forms import only_form
from tests.lti_tool.site import Site


@pytest.fixture
def platform() -> Iterator[RegisteringPlatform]:
    with serve(RegisteringPlatform()) as running:
        yield running


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return site.app.test_client()


@pytest.fixture
def secret(site: Site) -> str:
    with site.database.transaction() as session:
        return invitations.invite(session, name="Physics", lifetime=timedelta(hours=1))


@pytest.fixture
def asked(platform: RegisteringPlatform, secret: str) -> dict[str, str]:
    """What the platform puts into the address of the page."""
    return {
        "invitation": secret,
        "openid_configuration": platform.configuration_url,
        "registration_token": "one-time-word",
    }


@pytest.fixture
def stored(site: Site) -> Callable[[], list[Entry]]:
    with site.database.transaction() as session:
        before = {one.id for one in catalogue.entries(session)}

    def others() -> list[Entry]:
        with site.database.transaction() as session:
            return [one for one in catalogue.entries(session) if one.id not in before]

    return others


def test_an_administrator_confirms_and_the_platform_waits_for_approval(
    client: FlaskClient,
    platform: RegisteringPlatform,
    asked: dict[str, str],
    stored: Callable[[], list[Entry]],
) -> None:
    page = client.get("/lti/register", query_string=asked)
    assert page.status_code == 200
    assert platform.origin in page.text
    form = only_form(page.text)
    assert form.fields == asked
    assert stored() == []
    done = client.post(form.action, data=form.fields)
    assert done.status_code == 200, done.text
    (entry,) = stored()
    assert str(entry.id)[:8] in done.text
    assert (entry.state, entry.name, entry.platform) == ("pending", "Physics", "moodle")
    assert (entry.issuer, entry.client_id) == (platform.origin, "client-1")
    assert entry.token_url == f"{platform.origin}/token"
    assert entry.deployments == ("7",)


def test_the_platform_is_told_addresses_grades_and_no_wish_for_names(
    client: FlaskClient, site: Site, platform: RegisteringPlatform, asked: dict[str, str]
) -> None:
    assert client.post("/lti/register", data=asked).status_code == 200
    fetched, posted = platform.seen
    assert {seen.headers["Authorization"] for seen in (fetched, posted)} == {"Bearer one-time-word"}
    origin = site.settings.public_url
    said = posted.json
    assert said["redirect_uris"] == [f"{origin}/lti/launch"]
    assert said["initiate_login_uri"] == f"{origin}/lti/login"
    assert said["jwks_uri"] == f"{origin}/lti/jwks"
    assert said["token_endpoint_auth_method"] == "private_key_jwt"
    assert len(said["scope"].split()) == 4
    configuration = said[TOOL_CONFIGURATION]
    assert configuration["domain"] == urlsplit(configuration["target_link_uri"]).netloc
    assert configuration["claims"] == ["iss", "sub"]


def test_a_platform_without_a_token_is_asked_without_one(
    client: FlaskClient, platform: RegisteringPlatform, asked: dict[str, str]
) -> None:
    del asked["registration_token"]
    assert client.post("/lti/register", data=asked).status_code == 200
    assert not any("Authorization" in seen.headers for seen in platform.seen)


def test_a_platform_that_tells_no_deployment_needs_it_from_its_administrator(
    client: FlaskClient,
    platform: RegisteringPlatform,
    asked: dict[str, str],
    stored: Callable[[], list[Entry]],
) -> None:
    platform.answers = {"client_id": "c", TOOL_CONFIGURATION: {}}
    assert "--deployment" in client.post("/lti/register", data=asked).text
    assert stored()[0].deployments == ()


def test_an_invitation_is_good_for_one_platform(
    client: FlaskClient, platform: RegisteringPlatform, asked: dict[str, str]
) -> None:
    assert client.post("/lti/register", data=asked).status_code == 200
    platform.seen.clear()
    platform.answers["client_id"] = "client-2"
    for again in (
        client.post("/lti/register", data=asked),
        client.get("/lti/register", query_string=asked),
    ):
        assert again.status_code == 403
        assert "invitation" in again.text
    assert platform.seen == []


@pytest.mark.parametrize("invitation", ["", "guessed"])
def test_without_an_invitation_nobody_is_asked_anything(
    client: FlaskClient, platform: RegisteringPlatform, asked: dict[str, str], invitation: str
) -> None:
    asked["invitation"] = invitation
    assert client.get("/lti/register", query_string=asked).status_code == 403
    assert client.post("/lti/register", data=asked).status_code == 403
    assert client.get("/lti/register").status_code == 403
    assert platform.seen == []


@pytest.mark.parametrize(
    "changes",
    [
        {"faults": [Fault("/register", status=400, body=b"domain missing")]},
        {"faults": [Fault("/configuration", drop=True)]},
        {"says": {"token_endpoint": "https://evil.example/token"}},
        {"answers": {"client_id": "two\nlines"}},
        {"answers": {"client_id": None}},
    ],
    ids=["refused", "dropped", "foreign-host", "malformed", "no-client"],
)
def test_what_came_to_nothing_leaves_nothing_and_the_invitation_good(
    client: FlaskClient,
    platform: RegisteringPlatform,
    asked: dict[str, str],
    stored: Callable[[], list[Entry]],
    changes: dict[str, Any],
) -> None:
    usual = dict(vars(platform))
    vars(platform).update(changes)
    failed = client.post("/lti/register", data=asked)
    assert failed.status_code in {400, 502}
    assert "still good" in failed.text
    assert stored() == []
    vars(platform).update({name: usual[name] for name in changes}, faults=[])
    assert client.post("/lti/register", data=asked).status_code == 200


def test_a_known_platform_changes_nothing_that_an_operator_approved(
    client: FlaskClient,
    site: Site,
    platform: RegisteringPlatform,
    asked: dict[str, str],
    stored: Callable[[], list[Entry]],
) -> None:
    assert client.post("/lti/register", data=asked).status_code == 200
    (before,) = stored()
    with site.database.transaction() as session:
        asked["invitation"] = invitations.invite(
            session, name="Another", lifetime=timedelta(hours=1)
        )
    platform.says = {"token_endpoint": f"{platform.origin}/other"}
    again = client.post("/lti/register", data=asked)
    assert again.status_code == 200
    assert "known already" in again.text
    assert stored() == [before]


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "file:///etc/passwd", "http://platform.example/c", "http://10.0.0.1/c"),
        "https://user:word@platform.example/c",
    ],
)
def test_an_address_that_is_no_platforms_is_not_asked(
    client: FlaskClient, asked: dict[str, str], url: str
) -> None:
    asked["openid_configuration"] = url
    response = client.post("/lti/register", data=asked)
    assert response.status_code == 400
    assert "openid_configuration" in response.text


def test_a_token_that_would_break_a_header_is_refused(
    client: FlaskClient, platform: RegisteringPlatform, asked: dict[str, str]
) -> None:
    asked["registration_token"] = "word\r\nX-Evil: 1"
    assert client.post("/lti/register", data=asked).status_code == 400
    assert platform.seen == []


def test_private_addresses_behind_https_are_refused(
    client: FlaskClient, asked: dict[str, str]
) -> None:
    asked["openid_configuration"] = "https://169.254.169.254/latest/meta-data"
    response = client.get("/lti/register", query_string=asked)
    assert response.status_code == 502
    assert "no public address" in response.text


def test_opened_outside_a_platform_the_invitation_says_where_to_paste_it(
    client: FlaskClient, secret: str
) -> None:
    page = client.get("/lti/register", query_string={"invitation": secret})
    assert page.status_code == 200
    assert "Moodle" in page.text
    assert "<form" not in page.text


def test_what_a_platform_says_is_shown_as_text(
    client: FlaskClient, platform: RegisteringPlatform, asked: dict[str, str]
) -> None:
    name = "https://purl.imsglobal.org/spec/lti-platform-configuration"
    platform.says = {name: {"product_family_code": "<script>alert(1)</script>"}}
    page = client.get("/lti/register", query_string=asked)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_the_pages_may_be_framed_by_the_platform_and_run_no_foreign_script(
    client: FlaskClient, asked: dict[str, str]
) -> None:
    for response in (
        client.get("/lti/register", query_string=asked),
        client.post("/lti/register", data=asked),
    ):
        policy = response.headers["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors *")
        assert "script-src 'self'" in policy
        assert response.headers["Cache-Control"] == "no-store"
