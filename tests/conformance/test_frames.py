"""Launches in frames of browsers that send no cookie, and answers that are errors."""

import pytest
from sqlalchemy import func, select

from config.database import Database
from lti_tool.models import LaunchSession
from tests.conformance.launching import Browser, refusal
from tests.lti_tool.demo_lms.forms import only_form


def _launches(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(LaunchSession)) or 0


def test_a_platform_may_offer_storage_and_any_platforms_page_may_frame_the_way_there(
    browser: Browser,
) -> None:
    page = browser.login(lti_storage_target="_parent")
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith("; frame-ancestors *")
    assert "'unsafe-inline'" not in policy
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_a_launch_without_a_cookie_goes_on_in_a_new_tab(
    browser: Browser, database: Database
) -> None:
    browser.login()
    browser.cookies.clear()
    offer = browser.launch()
    assert refusal(offer) == "launch_cookie"
    form = only_form(offer.text)
    again = browser.again(form.action, form.fields)
    assert again.headers["Cache-Control"] == "no-store"
    accepted = browser.follow(browser.launch())
    assert accepted.status_code == 200
    assert _launches(database) == 1


@pytest.mark.parametrize("name", ["launch_no_longer_valid", "login_required", "access_denied"])
def test_a_platforms_error_leads_back_to_the_course(
    browser: Browser, database: Database, name: str
) -> None:
    browser.login()
    page = browser.error(name)
    assert refusal(page) == "relaunch"
    assert "go back to your course" in page.text
    assert _launches(database) == 0
