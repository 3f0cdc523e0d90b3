from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select, update

from config.database import Database, utcnow
from config.settings import Settings
from lti_tool.models import LoginState, Registration, RegistrationState
from tests.fakes.platform import Platform
from tests.lti_tool.factories import Launch, register


def test_the_browser_goes_to_the_platform_with_everything_it_needs(
    browser: Launch, settings: Settings
) -> None:
    location = urlsplit(browser.login().headers["Location"])
    query = {name: values[0] for name, values in parse_qs(location.query).items()}
    state, nonce = query.pop("state"), query.pop("nonce")
    assert f"{location.scheme}://{location.netloc}{location.path}" == (
        f"{browser.platform.origin}/authorize"
    )
    assert query == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": "casebook",
        "redirect_uri": f"{settings.public_url}/lti/launch",
        "login_hint": "hint",
        "lti_message_hint": "message",
    }
    assert len(state) >= 40
    assert len(nonce) >= 40
    assert state != nonce


def test_a_login_may_come_by_get(browser: Launch, platform: Platform) -> None:
    response = browser.client.get(
        "/lti/login",
        query_string={
            "iss": platform.origin,
            "login_hint": '{"a": 1} ü',
            "target_link_uri": browser.target,
        },
    )
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert query["login_hint"] == ['{"a": 1} ü']
    assert "lti_message_hint" not in query


def test_the_state_cookie_works_in_a_third_party_frame_and_is_short_lived(
    browser: Launch,
) -> None:
    cookie = browser.login().headers["Set-Cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=none", "partitioned", "path=/lti/launch"} <= attributes
    assert "max-age=600" in attributes


def test_parallel_logins_have_cookies_of_their_own(browser: Launch) -> None:
    names = {browser.login().headers["Set-Cookie"].partition("=")[0] for _ in range(3)}
    assert len(names) == 3


def test_the_database_does_not_hold_the_browsers_secret(
    browser: Launch, database: Database
) -> None:
    value = browser.login().headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    with database.transaction() as session:
        row = session.scalars(select(LoginState)).one()
    assert value not in {row.state, row.nonce, row.browser_hash}
    assert row.expires_at - row.created_at <= timedelta(minutes=10)


@pytest.mark.parametrize("missing", ["iss", "login_hint", "target_link_uri"])
def test_a_login_that_lacks_a_parameter_is_refused(browser: Launch, missing: str) -> None:
    response = browser.login(**{missing: None})
    assert (response.status_code, response.text.split(":")[0]) == (400, "login_request")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/lti/launch",
        "//evil.example/lti/launch",
        "{own}.evil.example/lti/launch",
        "http://user@localhost:{port}/lti/launch",
        "{own}@evil.example/lti/launch",
        "https://localhost:{port}/lti/launch",
        "http://localhost:1/lti/launch",
        "http://localhost:99999/lti/launch",
        "http://[/lti/launch",
        "{own}/workspace/1",
        "javascript:alert(1)",
        "/lti/launch",
        "x" * 5000,
    ],
)
def test_a_login_for_another_site_is_refused(
    browser: Launch, settings: Settings, database: Database, target: str
) -> None:
    url = target.replace("{own}", settings.public_url).replace("{port}", str(settings.tool_port))
    response = browser.login(target_link_uri=url)
    assert (response.status_code, response.text.split(":")[0]) == (400, "login_request")
    assert "Location" not in response.headers
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(LoginState)) == 0


@pytest.mark.parametrize("changes", [{"iss": "https://elsewhere.example"}, {"client_id": "nobody"}])
def test_a_platform_that_is_not_registered_is_refused(
    browser: Launch, changes: dict[str, str | None]
) -> None:
    assert browser.login(**changes).text.startswith("unknown_platform: ")


@pytest.mark.parametrize("state", [RegistrationState.PENDING, RegistrationState.DISABLED])
def test_a_registration_that_is_not_active_is_refused(
    browser: Launch, database: Database, state: RegistrationState
) -> None:
    with database.transaction() as session:
        session.execute(update(Registration).values(state=state))
    assert browser.login().text.startswith("unknown_platform: ")


def test_with_several_registrations_of_an_issuer_the_client_id_decides(
    browser: Launch, database: Database, platform: Platform
) -> None:
    with database.transaction() as session:
        register(session, platform, client_id="second")
    assert browser.login(client_id=None).text.startswith("unknown_platform: ")
    location = browser.login(client_id="second").headers["Location"]
    assert parse_qs(urlsplit(location).query)["client_id"] == ["second"]


def test_an_authorization_url_keeps_its_own_query(
    browser: Launch, database: Database, platform: Platform
) -> None:
    with database.transaction() as session:
        register(session, platform, authorization_url=f"{platform.origin}/authorize?tenant=7")
    query = parse_qs(urlsplit(browser.login().headers["Location"]).query)
    assert query["tenant"] == ["7"]
    assert query["scope"] == ["openid"]


def test_logins_that_nobody_answered_are_swept_out(
    begin: Callable[[], Launch], database: Database
) -> None:
    begin()
    with database.transaction() as session:
        session.execute(update(LoginState).values(expires_at=utcnow()))
    begin()
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(LoginState)) == 1
