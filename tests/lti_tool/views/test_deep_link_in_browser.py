"""The dialog in Chromium: both widths and schemes, the keyboard alone, uploads as they go."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright
from sqlalchemy import select

from lti_tool.app import ROOT
from lti_tool.models import ContentItem
from notebooks.cases.models import BuildState, CaseVersion
from notebooks.journal.log import append
from tests.e2e.accessibility import broken
from tests.e2e.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.lti_tool.dialogs import SOLVED, add_dialog, notebook
from tests.lti_tool.factories import add_case
from tests.lti_tool.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def static_folder() -> Path:
    """The real scripts and styles."""
    return ROOT / "static"


@pytest.fixture(params=[("light", 900), ("dark", 400)], ids=["light, 900 px", "dark, 400 px"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    scheme, width = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": 700}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    yield page
    context.close()
    # The answer 422 to what has to be put right is told there, too.
    assert [fault for fault in faults if "422" not in fault] == []


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "squares.ipynb"
        path.write_bytes(content)
        return path

    return write


def _check(page: Page) -> None:
    """No rule is broken, and nothing is wider than the window."""
    assert broken(page.main_frame) == []
    width = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def _tell(site: Site, kind: str, payload: dict[str, object], state: BuildState) -> None:
    with site.database.transaction() as session:
        version = session.scalars(select(CaseVersion).where(CaseVersion.title == "Squares")).one()
        version.state = state
        if state is BuildState.FAILED:
            version.problems = [
                {"file": "squares.ipynb", "cell": 3, "line": 1, "message": "NameError: n"}
            ]
        append(session, version.stream_id, kind, payload)


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_no_state_of_the_page_breaks_a_rule_or_is_too_wide(
    site: Site, url: str, page: Page, file: Callable[[bytes], Path], locale: str
) -> None:
    with site.database.transaction() as session:
        for number in range(12):
            add_case(session, f"case-{number}").title = f"Case {number} " + "x" * 40 * (number == 3)
    page.goto(url + add_dialog(site.database, locale=locale).address)
    _check(page)
    page.locator("input[name=pick]").first.check()
    page.locator("[name^=points-]:visible").fill("none")
    page.locator("button[value=add]").click()
    expect(page.get_by_test_id("fault")).to_be_visible()
    expect(page.locator("[aria-invalid]")).to_be_focused()
    _check(page)
    page.locator("#file").set_input_files(file(SOLVED))
    page.locator("button[value=upload]").click()
    expect(page.get_by_test_id("upload").locator("progress")).to_be_visible()
    _check(page)
    broken = notebook(("markdown", "# A"), ("markdown", "## B"), ("code", "x = ("))
    page.locator("#file").set_input_files(file(broken))
    page.locator("button[value=upload]").click()
    expect(page.get_by_test_id("refused")).to_be_focused()
    _check(page)


def test_an_upload_is_followed_to_its_end_and_said_aloud(
    site: Site, url: str, page: Page, file: Callable[[bytes], Path]
) -> None:
    page.goto(url + add_dialog(site.database).address)
    page.locator("#file").set_input_files(file(SOLVED))
    page.locator("button[value=upload]").click()
    upload = page.get_by_test_id("upload")
    expect(upload).to_contain_text("Waits for its turn")
    _tell(site, "build.changed", {"state": "building", "problems": []}, BuildState.BUILDING)
    _tell(site, "build.progress", {"step": "installing", "packages": 9}, BuildState.BUILDING)
    expect(upload).to_contain_text("Installs 9 packages")
    _tell(site, "build.changed", {"state": "ready", "problems": []}, BuildState.READY)
    expect(upload.get_by_role("checkbox")).to_be_checked()
    expect(page.locator("#said")).to_have_text("“Squares” is ready.")
    _check(page)
    upload.get_by_label("Title in the course").fill("Squares for beginners")
    answers: list[str] = []

    def back(route: Route) -> None:
        answers.append(route.request.post_data or "")
        route.fulfill(body="Back")

    page.route("**/return", back)
    page.get_by_role("button", name="Add to the course").click()
    page.wait_for_url("**/return")
    assert answers[0].startswith("JWT=ey")
    with site.database.transaction() as session:
        assert session.scalars(select(ContentItem.title)).one() == "Squares for beginners"


def test_a_build_that_fails_says_where(
    site: Site, url: str, page: Page, file: Callable[[bytes], Path]
) -> None:
    page.goto(url + add_dialog(site.database).address)
    page.locator("#file").set_input_files(file(SOLVED))
    page.locator("button[value=upload]").click()
    expect(page.get_by_test_id("upload")).to_contain_text("Waits for its turn")
    _tell(site, "build.finished", {"state": "failed"}, BuildState.FAILED)
    expect(page.get_by_test_id("upload")).to_contain_text("squares.ipynb, cell 3, line 1")
    expect(page.locator("#said")).to_have_text("“Squares” cannot be used yet.")
    _check(page)


def test_a_file_that_is_too_large_is_not_even_sent(
    site: Site, url: str, page: Page, file: Callable[[bytes], Path]
) -> None:
    page.goto(url + add_dialog(site.database).address)
    page.locator("button[value=upload]").click()
    expect(page.locator("#file-fault")).to_have_text("Choose a file first.")
    page.evaluate("document.querySelector('#dialog').dataset.limit = '10'")
    page.locator("#file").set_input_files(file(SOLVED))
    page.locator("button[value=upload]").click()
    expect(page.locator("#file-fault")).to_contain_text("larger than 64 MiB")


def test_a_case_is_chosen_with_the_keyboard_alone(site: Site, url: str, page: Page) -> None:
    page.route("**/return", lambda route: route.fulfill(body="Back"))
    page.goto(url + add_dialog(site.database).address)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("By keyboard")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "add":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/return")
    with site.database.transaction() as session:
        assert session.scalars(select(ContentItem.title)).one() == "By keyboard"


def test_enter_in_a_field_adds_nothing_by_accident(site: Site, url: str, page: Page) -> None:
    page.goto(url + add_dialog(site.database).address)
    page.locator("input[name=pick]").check()
    page.get_by_label("Title in the course").fill("Half a ti")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title in the course")).to_have_value("Half a ti")
    with site.database.transaction() as session:
        assert session.scalars(select(ContentItem)).all() == []


def test_without_scripts_every_step_is_a_button(
    site: Site, url: str, chromium: Browser, file: Callable[[bytes], Path]
) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.route("**/return", lambda route: route.fulfill(body="Back"))
    page.goto(url + add_dialog(site.database).address)
    page.locator("#file").set_input_files(file(SOLVED))
    page.locator("button[value=upload]").click()
    _tell(site, "build.changed", {"state": "ready", "problems": []}, BuildState.READY)
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_test_id("upload").get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="Add to the course").click()
    page.get_by_role("button", name="Continue to the course").click()
    page.wait_for_url("**/return")
    page.context.close()
