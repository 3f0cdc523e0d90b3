"""No rule of WCAG A or AA is broken on the real page, inside the course page's frame."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import broken
from tests.e2e.pages import SECONDS, Workspace
from tests.e2e.solutions import wine_solution
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(240)]


@pytest.fixture(params=[("light", 900), ("dark", 400)], ids=["light, 900 px", "dark, 400 px"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    scheme, width = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def test_no_state_of_the_workspace_breaks_a_rule(
    page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    workspace = open_activity(page, "Ada Moreno")
    around, inside = page.frames[0], page.frames[1]
    assert broken(around) == []
    assert broken(inside) == []

    workspace.write("look", "import time\nprint('reading')\ntime.sleep(2)\nwines")
    workspace.run("look")
    workspace.shows("output-look", "reading", seconds=40)
    assert broken(inside) == []
    workspace.shows("output-look", "NameError", seconds=40)
    workspace.validate("look")
    workspace.shows("verdict-look", "Needs work", seconds=40)
    workspace.frame.get_by_text("What was checked").first.click()
    assert broken(inside) == []

    workspace.validate("judge")
    expect(workspace.at("verdict-judge")).to_be_visible(timeout=40 * SECONDS)
    workspace.write("look", wine_solution()["look"])
    workspace.run("look")
    workspace.validate("look")
    workspace.shows("verdict-look", "Approved", seconds=40)
    expect(workspace.output("look").locator("table")).to_be_visible()
    assert broken(inside) == []

    page.route(
        "**/api/**", lambda route: route.fulfill(status=401, json={"code": "session_expired"})
    )
    # Text that the page before has not left there, so that there is something to save.
    workspace.write("clean", f"tidy = {page.viewport_size}")
    expect(workspace.frame.get_by_role("alert")).to_contain_text(
        "Your session has ended", timeout=20 * SECONDS
    )
    assert broken(inside) == []


def test_no_page_of_the_demo_course_breaks_a_rule(stack: Stack, page: Page) -> None:
    for person in ("Ada Moreno", "Ines Vogel"):
        page.goto(stack.url)
        page.get_by_role("button", name=person).click()
        assert broken(page.frames[0]) == []
        page.goto(f"{stack.url}grades")
        assert broken(page.frames[0]) == []


def test_a_launch_that_cannot_be_opened_breaks_no_rule(stack: Stack, page: Page) -> None:
    tool = f"http://localhost:{stack.port + 1}"
    page.goto(f"{tool}/lti/launch")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert broken(page.frames[0]) == []
