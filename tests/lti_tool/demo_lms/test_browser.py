"""Chromium, with the LMS on 127.0.0.1 and the tool on localhost: two sites."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from lti_tool.demo_lms import vocab
from tests.lti_tool.demo_lms.conftest import World
from tests.lti_tool.demo_lms.tool_double import score

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, world: World) -> Iterator[Page]:
    context = chromium.new_context(base_url=world.url)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def open_activity(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Wine").click()
    expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text("Launched")


@pytest.mark.parametrize("by_page", [False, True], ids=["redirect", "page-of-the-tool"])
def test_the_frame_gets_a_valid_id_token_by_form_post_across_two_sites(
    world: World,
    page: Page,
    by_page: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    world.tool.by_page = by_page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_activity(page)
    assert any("reposted=1" in url for url in asked) is by_page
    (launch,) = world.tool.launches
    assert launch["state"] == world.tool.state
    claims = world.tool.read_id_token(launch["id_token"])
    assert (claims["sub"], claims["nonce"]) == ("101", world.tool.nonce)
    assert claims[vocab.CUSTOM] == {"case": "wine"}
    frame = page.frames[1]
    assert frame.url == world.tool.endpoints.launch_url
    assert page.url == f"{world.url}/activities/wine"


def test_switching_the_person_launches_the_activity_anew(world: World, page: Page) -> None:
    open_activity(page)
    page.get_by_role("button", name="Dr. Ines Vogel").click()
    expect(page.get_by_role("button", name="Dr. Ines Vogel")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text("Launched")
    first, second = (world.tool.read_id_token(launch["id_token"]) for launch in world.tool.launches)
    assert (first["sub"], second["sub"]) == ("101", "201")
    assert second[vocab.ROLES] == [vocab.INSTRUCTOR]


def test_the_tool_sees_no_cookie_of_the_platform(world: World, page: Page) -> None:
    open_activity(page)
    expect(page.frame_locator("iframe").get_by_text("cookies: []")).to_be_visible()
    assert world.tool.logins[0]["iss"] == world.url


@pytest.mark.parametrize("width", [400, 900])
def test_the_pages_fit_and_the_frame_fills_the_rest(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    for path in ("/", "/grades"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    open_activity(page)
    box = page.locator("iframe").bounding_box()
    assert box is not None
    assert box["width"] == width
    assert box["y"] + box["height"] == 700
    assert box["height"] > 550


def test_the_course_is_used_with_the_keyboard_alone(world: World, page: Page) -> None:
    page.goto("/")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == "/activities/wine":
            break
    page.keyboard.press("Enter")
    expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text("Launched")
    assert len(world.tool.launches) == 1


def test_the_grade_book_shows_a_comment_as_it_was_sent(world: World, page: Page) -> None:
    with world.tool.service() as service:
        service.post(
            f"{world.url}/lti/services/2/lineitems/2/lineitem/scores",
            content=score(comment="Look: fine\n    <b>Split</b>: which rows?"),
            headers={"Content-Type": vocab.MEDIA_SCORE},
        ).raise_for_status()
    page.goto("/grades")
    cell = page.locator("tr[data-user='101'] td[data-line-item='2']")
    expect(cell.locator(".score")).to_contain_text("7 / 10")
    shown = cell.locator(".comment").evaluate("element => element.innerText")
    assert shown == "Look: fine\n    <b>Split</b>: which rows?"
