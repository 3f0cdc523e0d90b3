"""The tool and the demo LMS, both real and over HTTP: invitation, registration, launch, score."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from playwright.sync_api import expect, sync_playwright
from pydantic import SecretStr
from sqlalchemy import delete, select

from config.database import Database, connect
from config.settings import Settings
from grading.models import DeliveryState, ScoreDelivery
from lti_tool.app import create_app
from lti_tool.cli import main
from lti_tool.demo_lms.app import create_app as create_lms
from lti_tool.extensions import db
from lti_tool.models import Deployment, LaunchSession
from lti_tool.registration import catalogue
from lti_tool.services.delivery import Courier
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore
from lti_tool.tasks import deliver
from tests.lti_tool.demo_lms.forms import only_form
from tests.lti_tool.demo_lms.servers import serving
from tests.lti_tool.factories import add_case
from tests.lti_tool.site import FakeAttendant

CASE = """
title: Wine
subtasks:
  - {id: look, title: Look, points: 10}
"""
TEACHER = {"demo_lms_person": "201"}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    engine = connect(database_url)
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def lms(
    settings: Settings,
    database: Database,
    database_url: str,
    tmp_path: Path,
) -> Iterator[str]:
    """Run both, on two sites, that do not know each other; return the LMS's origin."""
    folder = tmp_path / "examples" / "wine"
    folder.mkdir(parents=True)
    (folder / "case.yaml").write_text(CASE, encoding="utf-8")
    with database.transaction() as session:
        add_case(session)
    wired = settings.model_copy(update={"database_url": SecretStr(database_url)})
    tool = create_app(wired, attendant=FakeAttendant())
    with (
        serving(create_lms(settings, examples=folder.parent), settings.port),
        serving(tool, settings.tool_port, host="localhost"),
    ):
        yield settings.demo_lms_url
    with tool.app_context():
        db.engine.dispose()


@pytest.fixture
def casebook(
    settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Run `casebook registration` as the operator of the running tool."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("CASEBOOK_PORT", str(settings.port))

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["registration", *arguments])
        assert result.exit_code == 0, result.stderr
        return result.stdout.strip()

    return run


def _register(lms: str, invitation: str) -> httpx.Response:
    """Do what the administrator's browser does."""
    with httpx.Client(cookies=TEACHER, timeout=10) as browser:
        frame = browser.post(f"{lms}/tools/add", data={"url": invitation}).raise_for_status().text
        source = frame.partition("<iframe")[2].partition('src="')[2].partition('"')[0]
        page = browser.get(source.replace("&amp;", "&")).raise_for_status()
        assert f"Register Casebook at {lms.removeprefix('http://')}" in page.text
        form = only_form(page.text)
        return browser.post(page.url.join(form.action), data=form.fields)


def _open_activity(lms: str) -> httpx.Response:
    """Do what a student's browser does: three forms and a redirect, with cookies of two sites."""
    with httpx.Client(cookies={"demo_lms_person": "101"}, timeout=10) as browser:
        form = only_form(browser.get(f"{lms}/lti/start/wine").raise_for_status().text)
        begun = browser.post(form.action, data=form.fields)
        if not begun.is_redirect:
            return begun
        cookie = begun.headers["Set-Cookie"].partition(";")[0]
        answer = only_form(browser.get(begun.headers["Location"]).raise_for_status().text)
        return browser.post(answer.action, data=answer.fields, headers={"Cookie": cookie})


def _use(lms: str, client_id: str) -> None:
    with httpx.Client(cookies=TEACHER, timeout=10) as browser:
        assert browser.post(f"{lms}/tools/use", data={"client": client_id}).status_code == 303


def _entry(database: Database) -> Any:
    with database.transaction() as session:
        (found,) = catalogue.entries(session)
    return found


def test_a_platform_registers_itself_and_is_launched_and_graded_once_it_is_approved(
    lms: str,
    database: Database,
    settings: Settings,
    http: PlatformHttp,
    casebook: Callable[..., str],
) -> None:
    done = _register(lms, casebook("invite", "--name", "The demo"))
    assert done.status_code == 200, done.text
    entry = _entry(database)
    assert (entry.state, entry.name, entry.issuer) == ("pending", "The demo", lms)

    _use(lms, entry.client_id)
    refused = _open_activity(lms)
    assert refused.status_code == 403
    assert "not active" in refused.text

    casebook("approve", str(entry.id)[:8])
    opened = _open_activity(lms)
    assert opened.status_code == 303, opened.text
    with database.transaction() as session:
        row = session.scalars(select(LaunchSession)).one()
        session.add(
            ScoreDelivery(attempt_id=row.attempt_id, score=8, max_score=10, comment="Good.")
        )
    deliver(
        Courier(http, KeyStore(settings.keys_dir), database.transaction), database, row.attempt_id
    )
    with database.transaction() as session:
        delivery = session.get_one(ScoreDelivery, row.attempt_id)
    assert (delivery.state, delivery.last_error) == (DeliveryState.SENT, "")

    casebook("disable", str(entry.id)[:8])
    assert _open_activity(lms).status_code == 403


def test_a_deployment_that_only_a_launch_tells_is_shown_to_the_operator(
    lms: str, database: Database, casebook: Callable[..., str]
) -> None:
    _register(lms, casebook("invite"))
    entry = _entry(database)
    with database.transaction() as session:  # as if the platform had told none
        session.execute(delete(Deployment))
    _use(lms, entry.client_id)
    casebook("approve", str(entry.id))
    assert _open_activity(lms).status_code == 403
    (waiting,) = _entry(database).waiting
    assert waiting == entry.deployments[0]
    assert _open_activity(lms).status_code == 403
    casebook("approve", str(entry.id), "--deployment", waiting)
    assert _open_activity(lms).status_code == 303


def test_an_invitation_that_was_used_registers_nobody_else(
    lms: str, database: Database, casebook: Callable[..., str]
) -> None:
    invitation = casebook("invite")
    assert _register(lms, invitation).status_code == 200
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        _register(lms, invitation)
    assert _entry(database).name == lms.removeprefix("http://")


@pytest.mark.browser
def test_in_a_browser_the_administrator_pastes_one_address_and_comes_back(
    lms: str, database: Database, casebook: Callable[..., str]
) -> None:
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        page = browser.new_context(base_url=lms).new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto("/")
        page.get_by_title("Teacher").click()
        page.get_by_role("link", name="Tools").click()
        page.get_by_label("Registration address").fill(casebook("invite"))
        page.get_by_role("button", name="Add").click()
        frame = page.frame_locator("iframe")
        frame.get_by_role("button", name="Register Casebook").click()
        expect(frame.get_by_role("heading", level=1)).to_have_text(
            "Registered, and waiting for approval"
        )
        entry = _entry(database)
        frame.get_by_role("button", name="Back to the platform").click()
        page.wait_for_url("**/tools")
        row = page.get_by_role("row").filter(has_text=entry.client_id)
        row.get_by_role("button", name="Open by this").click()
        expect(row).to_contain_text("opened by this")
        browser.close()
    assert complaints == []
