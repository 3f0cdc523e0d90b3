"""Launches in browsers that keep nothing in other sites' frames, partitioned cookies included."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

from tests.e2e.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.e2e.pages import SECONDS
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(240)]

BLOCK = 2
"""Chromium's number for "no cookies and no storage", which holds for partitioned ones as well."""
IN_FRAMES_OF_THE_LMS = "http://localhost:*,http://127.0.0.1:*"
"""The tool's pages within pages of the demo LMS, which are another site."""
ACTIVITY = "activities/wine"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def context(playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser with settings of its own, as a person makes them."""
    exceptions = {"cookies": {IN_FRAMES_OF_THE_LMS: {"setting": BLOCK}}}
    settings = {
        "profile": {"cookie_controls_mode": 1, "content_settings": {"exceptions": exceptions}}
    }
    profile = tmp_path / "profile" / "Default"
    profile.mkdir(parents=True)
    (profile / "Preferences").write_text(json.dumps(settings), encoding="utf-8")
    context = playwright.chromium.launch_persistent_context(
        profile.parent,
        executable_path=CHROMIUM,
        args=CHROMIUM_FLAGS,
        viewport={"width": 1000, "height": 900},
    )
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, stack: Stack) -> Page:
    """The course, as Ada sees it."""
    page = context.new_page()
    page.goto(stack.url)
    page.get_by_role("button", name="Ada Moreno").click()
    return page


def _tool_cookies(context: BrowserContext) -> list[str]:
    return [cookie["name"] for cookie in context.cookies() if cookie["domain"] == "localhost"]


def test_an_activity_opens_in_a_new_tab_when_its_frame_can_keep_nothing(
    context: BrowserContext, page: Page, stack: Stack
) -> None:
    page.goto(f"{stack.url}{ACTIVITY}?storage=off")
    button = page.frame_locator("iframe").get_by_role("button", name="Open in a new tab")
    expect(button).to_be_visible()
    assert _tool_cookies(context) == []
    with context.expect_page() as opened:
        button.click()
    tab = opened.value
    editor = tab.get_by_test_id("cell-look").locator(".cm-content")
    expect(editor).to_be_visible(timeout=40 * SECONDS)
    assert "ticket" not in tab.url
    tab.reload()
    expect(editor).to_be_visible(timeout=40 * SECONDS)


def test_an_activity_opens_in_its_frame_by_the_storage_of_the_platforms_page(
    context: BrowserContext, page: Page, stack: Stack
) -> None:
    with page.expect_request(lambda request: "stored_secret=" in (request.post_data or "")):
        page.goto(f"{stack.url}{ACTIVITY}")
    editor = page.frame_locator("iframe").get_by_test_id("cell-look").locator(".cm-content")
    expect(editor).to_be_visible(timeout=40 * SECONDS)
    assert _tool_cookies(context) == []
    assert len(context.pages) == 2, "Chromium's first tab, and the course"
