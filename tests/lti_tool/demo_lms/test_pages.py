import re

import httpx
import pytest

from lti_tool.demo_lms import vocab
from tests.lti_tool.demo_lms.conftest import World
from tests.lti_tool.demo_lms.tool_double import score

COMMENT = "Look: approved.\n    Split: which <rows> are held back?"


@pytest.fixture
def graded(world: World) -> World:
    """A world in which Ada has 7 of 10 points in the wine activity."""
    with world.tool.service() as service:
        service.post(
            f"{world.url}/lti/services/2/lineitems/2/lineitem/scores",
            content=score(comment=COMMENT),
            headers={"Content-Type": vocab.MEDIA_SCORE},
        ).raise_for_status()
    return world


def get(world: World, path: str, person: str | None = "101") -> httpx.Response:
    with world.browser(person) as browser:
        return browser.get(path)


def test_the_course_lists_its_activities_with_size_and_link(world: World) -> None:
    page = get(world, "/").text
    assert "DS101" in page
    assert "Data Science Basics" in page
    assert 'href="/activities/wine"' in page
    assert "3 subtasks · 10 points" in page
    assert "1 subtask · 2.5 points" in page


def test_a_first_visitor_becomes_the_first_student(world: World) -> None:
    response = get(world, "/", person=None)
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("demo_lms_person=101;")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "set-cookie" not in get(world, "/").headers


def test_switching_changes_the_person_and_returns_to_the_page(world: World) -> None:
    with world.browser() as browser:
        response = browser.post(
            "/people",
            data={"person": "201", "next": "/activities/wine"},
            headers={"Origin": world.url},
        )
        assert (response.status_code, response.headers["Location"]) == (303, "/activities/wine")
        assert response.headers["set-cookie"].startswith("demo_lms_person=201;")


@pytest.mark.parametrize("person", ["", "999"])
def test_nobody_unknown_can_be_switched_to(world: World, person: str) -> None:
    with world.browser() as browser:
        assert browser.post("/people", data={"person": person}).status_code == 400


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_switching_never_leads_to_another_site(world: World, target: str) -> None:
    with world.browser() as browser:
        response = browser.post("/people", data={"person": "102", "next": target})
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_switch_the_person(world: World, headers: dict[str, str]) -> None:
    with world.browser() as browser:
        response = browser.post("/people", data={"person": "201"}, headers=headers)
    assert response.status_code == 403
    assert "set-cookie" not in response.headers


def test_the_activity_is_framed_with_a_title_and_may_fill_the_screen(world: World) -> None:
    page = get(world, "/activities/wine").text
    (frame,) = re.findall(r"<iframe[^>]*>", page)
    assert 'title="Activity: Wine: which cultivar is it?"' in frame
    assert 'src="/lti/start/wine?storage=_parent"' in frame
    assert "allowfullscreen" in frame


def test_an_activity_may_be_opened_without_storage_for_the_tool(world: World) -> None:
    page = get(world, "/activities/wine?storage=off").text
    assert 'src="/lti/start/wine"' in page
    assert "storage.js" not in page


def test_an_unknown_page_is_a_plain_page_with_a_way_back(world: World) -> None:
    response = get(world, "/activities/nothing")
    assert response.status_code == 404
    assert "Back to the course" in response.text


def test_a_student_sees_only_the_own_row(graded: World) -> None:
    ada, ben = get(graded, "/grades", "101").text, get(graded, "/grades", "102").text
    assert re.findall(r'data-user="(\d+)"', ada) == ["101"]
    assert re.findall(r'data-user="(\d+)"', ben) == ["102"]
    assert "<strong>7</strong> / 10" in ada
    assert "Split:" not in ben


def test_the_teacher_sees_every_row(graded: World) -> None:
    page = get(graded, "/grades", "201").text
    assert re.findall(r'data-user="(\d+)"', page) == ["101", "102"]
    assert "<strong>7</strong> / 10" in page
    assert "Not graded yet" in page


def test_a_comment_is_shown_as_text_with_its_white_space(graded: World) -> None:
    page = get(graded, "/grades").text
    assert "Look: approved.\n    Split: which &lt;rows&gt; are held back?" in page
    style = get(graded, "/static/demo-lms.css").text
    assert "white-space: pre-wrap" in style


def test_the_course_page_shows_how_the_viewer_stands(graded: World) -> None:
    assert "7 / 10" in get(graded, "/", "101").text
    assert "Not graded yet" in get(graded, "/", "102").text
    assert "1 of 2 graded" in get(graded, "/", "201").text


@pytest.mark.parametrize("person", [None, "101", "102", "999"])
def test_only_the_teacher_gets_the_list_of_all_grades(graded: World, person: str | None) -> None:
    assert get(graded, "/grades.json", person).status_code == 403
