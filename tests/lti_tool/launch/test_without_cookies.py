"""Launches of browsers that keep no cookie: the platform's storage, then a tab of its own."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select, update

from config.database import Database, utcnow
from lti_tool.launch.state import cookie_name
from lti_tool.models import LaunchSession, LoginState, PlatformFamily, Registration
from tests.lti_tool.demo_lms.forms import only_form
from tests.lti_tool.factories import CLAIM, Launch, learner_claims

OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}
IN_A_FRAME = {"Sec-Fetch-Dest": "iframe"}


def _data(page: str) -> dict[str, str]:
    """Return what a page tells its script."""
    return {name: unescape(value) for name, value in re.findall(r'data-([a-z]+)="([^"]*)"', page)}


def _answer_to(opening: Launch, authorization_url: str) -> Launch:
    """Be the platform: prepare the message that answers this authentication request."""
    query = parse_qs(urlsplit(authorization_url).query)
    opening.state, opening.nonce = query["state"][0], query["nonce"][0]
    opening.claims = learner_claims(opening.platform, opening.target, opening.nonce)
    return opening


def _forget_cookie(opening: Launch) -> None:
    opening.client.delete_cookie(cookie_name(opening.state), path="/lti/launch")


@pytest.fixture
def offered(browser: Launch) -> tuple[Launch, dict[str, str]]:
    """A login with storage of the platform, in a browser that keeps no cookies."""
    page = _data(browser.login(lti_storage_target="_parent").text)
    _answer_to(browser, page["url"])
    _forget_cookie(browser)
    return browser, page


def _launches(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(LaunchSession)) or 0


def test_a_login_in_a_frame_is_answered_by_a_page_that_looks_what_the_browser_keeps(
    browser: Launch,
) -> None:
    response = browser.client.post("/lti/login", data=browser.login_form(), headers=IN_A_FRAME)
    page = _data(response.text)
    assert response.status_code == 200
    assert page["url"].startswith(f"{browser.platform.origin}/authorize?")
    assert "secret" not in page
    assert response.headers["Cache-Control"] == "no-store"
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    assert "form-action 'self';" in policy


def test_a_login_in_a_tab_goes_straight_to_the_platform(browser: Launch) -> None:
    response = browser.client.post(
        "/lti/login", data=browser.login_form(), headers={"Sec-Fetch-Dest": "document"}
    )
    assert response.status_code == 302


def test_the_page_of_a_login_holds_the_secret_for_the_platforms_storage_and_no_url_does(
    browser: Launch,
) -> None:
    response = browser.login(lti_storage_target="storage <1>")
    page, cookie = _data(response.text), response.headers["Set-Cookie"]
    assert page["target"] == "storage <1>"
    assert page["origin"] == browser.platform.origin
    assert cookie.startswith(f"{page['name']}={page['secret']};")
    assert page["secret"] not in page["url"]
    assert "storage <1>" not in response.text


def test_on_canvas_the_storage_is_the_clouds_own(browser: Launch, database: Database) -> None:
    cloud = "https://canvas.instructure.com"
    with database.transaction() as session:
        session.execute(
            update(Registration).values(
                issuer=cloud,
                platform=PlatformFamily.CANVAS,
                authorization_url=f"{cloud}/api/lti/authorize_redirect",
            )
        )
    response = browser.login(iss=cloud, lti_storage_target="post_message_forwarding")
    assert _data(response.text)["origin"] == "https://sso.canvaslms.com"


def test_a_launch_without_the_cookie_asks_the_platforms_storage(
    offered: tuple[Launch, dict[str, str]], database: Database
) -> None:
    opening, page = offered
    token = opening.token()
    asking = opening.post(token)
    assert asking.status_code == 200
    assert asking.headers["Cache-Control"] == "no-store"
    assert {name: _data(asking.text)[name] for name in ("name", "target", "origin")} == {
        name: page[name] for name in ("name", "target", "origin")
    }
    form = only_form(asking.text)
    assert form.fields == {"state": opening.state, "id_token": token, "stored_secret": ""}
    assert _launches(database) == 0
    answer = {**form.fields, "stored_secret": page["secret"]}
    assert opening.client.post(form.action, data=answer, headers=OUR_PAGE).status_code == 303
    assert _launches(database) == 1


def test_a_launch_by_the_platforms_storage_works_once(
    offered: tuple[Launch, dict[str, str]], database: Database
) -> None:
    opening, page = offered
    answer = {"state": opening.state, "id_token": opening.token(), "stored_secret": page["secret"]}
    statuses = [
        opening.client.post("/lti/launch", data=answer, headers=OUR_PAGE).status_code
        for _ in range(2)
    ]
    assert statuses == [303, 400]
    assert _launches(database) == 1


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_a_stored_secret_that_another_page_posts_is_refused(
    offered: tuple[Launch, dict[str, str]], database: Database, site: str
) -> None:
    opening, page = offered
    answer = {"state": opening.state, "id_token": opening.token(), "stored_secret": page["secret"]}
    refused = opening.client.post("/lti/launch", data=answer, headers={"Sec-Fetch-Site": site})
    assert refused.text.startswith("launch_state: ")
    assert _launches(database) == 0


def test_another_logins_stored_secret_is_refused(
    offered: tuple[Launch, dict[str, str]], begin: Callable[[], Launch], database: Database
) -> None:
    _, page = offered
    victim = begin()
    answer = {"state": victim.state, "id_token": victim.token(), "stored_secret": page["secret"]}
    _forget_cookie(victim)
    refused = victim.client.post("/lti/launch", data=answer, headers=OUR_PAGE)
    assert refused.text.startswith("launch_state: ")
    assert _launches(database) == 0


def test_what_is_no_token_is_not_handed_on_to_a_page(
    offered: tuple[Launch, dict[str, str]],
) -> None:
    opening, _ = offered
    assert opening.post('"><script>alert(1)</script>').text.startswith("token_refused: ")


def test_with_nothing_in_the_platforms_storage_the_launch_goes_to_a_new_tab(
    offered: tuple[Launch, dict[str, str]],
) -> None:
    opening, _ = offered
    page = opening.post(stored_secret="").text
    assert "Open in a new tab" in page


def test_a_launch_without_the_cookie_offers_a_new_tab_that_begins_the_login_again(
    opening: Launch, database: Database
) -> None:
    _forget_cookie(opening)
    old_token, old_state = opening.token(), opening.state
    page = opening.post(old_token)
    assert (page.status_code, _launches(database)) == (400, 0)
    assert old_token not in page.text
    form = only_form(page.text)
    assert (form.action, list(form.fields)) == ("/lti/login/again", ["ticket"])
    again = opening.client.post(form.action, data=form.fields)
    url = _data(again.text)["url"]
    query = parse_qs(urlsplit(url).query)
    assert (query["login_hint"], query["lti_message_hint"]) == (["hint"], ["message"])
    assert query["state"] != [old_state]
    assert form.fields["ticket"] not in url
    _answer_to(opening, url)
    assert opening.post().status_code == 303
    assert opening.post(old_token, state=old_state).text.startswith("launch_cookie: ")
    assert _launches(database) == 1


def test_the_new_tab_is_bound_to_its_browser(begin: Callable[[], Launch]) -> None:
    victim, attacker = begin(), begin()
    _forget_cookie(victim)
    form = only_form(victim.post().text)
    _answer_to(victim, _data(victim.client.post(form.action, data=form.fields).text)["url"])
    stolen = attacker.client.post(
        "/lti/launch", data={"state": victim.state, "id_token": victim.token()}
    )
    assert "Open in a new tab" in stolen.text
    assert victim.post().status_code == 303


def test_a_new_tabs_ticket_works_once(opening: Launch) -> None:
    _forget_cookie(opening)
    form = only_form(opening.post().text)
    assert opening.client.post(form.action, data=form.fields).status_code == 200
    refused = opening.client.post(form.action, data=form.fields)
    assert refused.text.startswith("launch_state: ")


def test_a_framed_logins_own_ticket_begins_it_again_before_the_platform_was_asked(
    browser: Launch,
) -> None:
    framed = browser.client.post("/lti/login", data=browser.login_form(), headers=IN_A_FRAME)
    form = only_form(framed.text)
    again = browser.client.post(form.action, data=form.fields)
    _answer_to(browser, _data(again.text)["url"])
    assert browser.post().status_code == 303


@pytest.mark.parametrize("ticket", ["", "x" * 43])
def test_an_unknown_ticket_is_refused(browser: Launch, ticket: str) -> None:
    refused = browser.client.post("/lti/login/again", data={"ticket": ticket})
    assert refused.text.startswith("launch_state: ")


def test_an_old_ticket_is_refused(opening: Launch, database: Database) -> None:
    _forget_cookie(opening)
    form = only_form(opening.post().text)
    with database.transaction() as session:
        session.execute(update(LoginState).values(expires_at=utcnow()))
    refused = opening.client.post(form.action, data=form.fields)
    assert refused.text.startswith("launch_state: ")


def test_the_database_holds_no_ticket(opening: Launch, database: Database) -> None:
    _forget_cookie(opening)
    ticket = only_form(opening.post().text).fields["ticket"]
    with database.transaction() as session:
        row = session.execute(select(LoginState.__table__)).one()
    assert ticket not in row


def test_a_login_that_names_a_deployment_is_answered_by_that_one_only(
    browser: Launch, database: Database
) -> None:
    for deployment, status in (("d1", 303), ("d2", 400)):
        _answer_to(browser, browser.login(lti_deployment_id=deployment).headers["Location"])
        assert browser.claims[f"{CLAIM}deployment_id"] == "d1"
        assert browser.post().status_code == status
    assert _launches(database) == 1
