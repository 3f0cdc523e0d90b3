"""Adding activities by the tool's own dialog, and copying courses."""

import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.platform import current_platform
from tests.lti_tool.demo_lms.conftest import World
from tests.lti_tool.demo_lms.forms import only_form
from tests.lti_tool.demo_lms.tool_double import score

TEACHER = "201"
ITEM: dict[str, Any] = {
    "type": "ltiResourceLink",
    "title": "Wine, once more",
    "custom": {"casebook_item": "6c1f"},
    "lineItem": {"scoreMaximum": 12, "label": "Wine", "resourceId": "r-1", "tag": "homework"},
}


@pytest.fixture
def teacher(world: World) -> Iterator[httpx.Client]:
    with world.browser(TEACHER) as browser:
        yield browser


def open_dialog(world: World, browser: httpx.Client, course: str = "2") -> dict[str, Any]:
    """Return the claims with which the tool's dialog is opened."""
    login = only_form(browser.get(f"/lti/choose/{course}").raise_for_status().text)
    query = world.tool.authorization_query(login.fields)
    answer = only_form(browser.get(f"/lti/authorize?{query}").text)
    assert "id_token" in answer.fields, answer.fields
    return world.tool.read_id_token(answer.fields["id_token"])


def signed(
    world: World,
    settings: dict[str, Any],
    items: list[dict[str, Any]],
    *,
    key: rsa.RSAPrivateKey | None = None,
    headers: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """Return the tool's answer; changes set or (None) leave out claims."""
    now = int(time.time())
    claims = {
        "iss": world.tool.platform.client_id,
        "aud": world.tool.platform.issuer,
        "iat": now,
        "exp": now + 60,
        "nonce": secrets.token_hex(8),
        vocab.MESSAGE_TYPE: vocab.DEEP_LINKING_RESPONSE,
        vocab.VERSION: "1.3.0",
        vocab.DEPLOYMENT_ID: "demo",
        vocab.DATA: settings["data"],
        vocab.CONTENT_ITEMS: items,
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    signer = key or world.tool.keys["key-1"]
    return jwt.encode(claims, signer, algorithm="RS256", headers=headers or {"kid": "key-1"})


def send(settings: dict[str, Any], token: str) -> httpx.Response:
    """Post the answer as the tool's page does: from another site, without a cookie."""
    url = settings["deep_link_return_url"]
    return httpx.post(url, data={"JWT": token}, headers={"Origin": "http://tool.example"})


def choose(world: World, browser: httpx.Client, *items: dict[str, Any], course: str = "2") -> str:
    """Let the tool answer with items; return the path of the page that lists them."""
    settings = open_dialog(world, browser, course)[vocab.DEEP_LINKING_SETTINGS]
    page = send(settings, signed(world, settings, list(items)))
    assert page.status_code == 200, page.text
    return page.text.partition('id="onward" href="')[2].partition('"')[0]


def add(world: World, browser: httpx.Client, *items: dict[str, Any], course: str = "2") -> None:
    path = choose(world, browser, *items, course=course)
    assert browser.post(path).status_code == 303


def book(browser: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = browser.get("/grades.json").json()
    return found


def test_the_dialog_is_opened_with_what_the_tool_may_answer(
    world: World, teacher: httpx.Client
) -> None:
    claims = open_dialog(world, teacher)
    assert claims[vocab.MESSAGE_TYPE] == "LtiDeepLinkingRequest"
    assert claims[vocab.TARGET_LINK_URI] == world.tool.endpoints.choice_url
    assert claims[vocab.CONTEXT]["id"] == "2"
    assert claims[vocab.ROLES] == [vocab.INSTRUCTOR]
    assert vocab.RESOURCE_LINK not in claims
    settings = claims[vocab.DEEP_LINKING_SETTINGS]
    assert settings["accept_types"] == ["ltiResourceLink"]
    assert settings["accept_multiple"] is True
    assert settings["deep_link_return_url"].startswith(f"{world.url}/lti/chosen/")


def test_a_student_adds_nothing(world: World, teacher: httpx.Client) -> None:
    path = choose(world, teacher, ITEM)
    with world.browser("101") as student:
        assert student.get("/lti/choose/2").status_code == 403
        assert student.get("/courses/2/add").status_code == 403
        assert student.get(path).status_code == 403
        assert student.post(path).status_code == 403
        assert student.post("/courses/2/copy").status_code == 403
        assert "Add an activity" not in student.get("/").text


def test_what_was_chosen_is_listed_and_added_only_when_it_is_saved(
    world: World, teacher: httpx.Client
) -> None:
    path = choose(world, teacher, ITEM, {**ITEM, "title": "Ungraded", "lineItem": None})
    listed = teacher.get(path).text
    assert "Wine, once more" in listed
    assert "12 points in the grade book" in listed
    assert "Wine, once more" not in teacher.get("/").text
    assert teacher.post(path).headers["Location"] == "/"
    course = teacher.get("/").text
    assert "Wine, once more" in course
    assert "not graded" in course
    item = book(teacher)["line_items"][-1]
    assert (item["label"], item["scoreMaximum"], item["resourceId"], item["tag"]) == (
        "Wine",
        12,
        "r-1",
        "homework",
    )


def test_an_added_activity_is_launched_with_its_own_parameters_and_column(
    world: World, teacher: httpx.Client
) -> None:
    target = f"{world.tool.endpoints.origin}/lti/launch"
    add(world, teacher, {**ITEM, "url": target})
    with world.browser("101") as student:
        login = only_form(student.get("/lti/start/added-1").raise_for_status().text)
        assert login.fields["target_link_uri"] == target
        query = world.tool.authorization_query(login.fields)
        answer = only_form(student.get(f"/lti/authorize?{query}").text)
    claims = world.tool.read_id_token(answer.fields["id_token"])
    assert claims[vocab.CUSTOM] == {"casebook_item": "6c1f"}
    assert claims[vocab.RESOURCE_LINK] == {"id": "demo-added-1", "title": "Wine, once more"}
    line_item = claims[vocab.AGS_ENDPOINT]["lineitem"]
    with world.tool.service() as service:
        path, _, query = line_item.partition("?")
        posted = service.post(
            f"{path}/scores?{query}",
            content=score(),
            headers={"Content-Type": vocab.MEDIA_SCORE},
        )
    assert posted.status_code == 200, posted.text
    (grade,) = book(teacher)["grades"]
    assert (grade["activity"], grade["score"], grade["maximum"]) == ("Wine", 8.4, 12)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"iss": "somebody"}, "issuer"),
        ({"aud": "http://elsewhere"}, "Audience"),
        ({"exp": 1}, "expired"),
        ({"nonce": None}, "nonce"),
        ({vocab.MESSAGE_TYPE: "LtiResourceLinkRequest"}, "message type"),
        ({vocab.VERSION: "1.2"}, "LTI version"),
        ({vocab.DEPLOYMENT_ID: "another"}, "deployment_id"),
        ({vocab.DATA: "other"}, "data"),
        ({vocab.DATA: None}, "data"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
def test_an_answer_that_is_wrong_in_one_thing_is_refused_with_the_reason(
    world: World, teacher: httpx.Client, changes: dict[str, Any], problem: str
) -> None:
    settings = open_dialog(world, teacher)[vocab.DEEP_LINKING_SETTINGS]
    refused = send(settings, signed(world, settings, [ITEM], **changes))
    assert refused.status_code == 400
    assert problem in refused.text


@pytest.mark.parametrize("headers", [{"kid": "unknown"}, {"typ": "JWT"}])
def test_an_answer_under_no_published_key_is_refused(
    world: World, teacher: httpx.Client, headers: dict[str, Any]
) -> None:
    settings = open_dialog(world, teacher)[vocab.DEEP_LINKING_SETTINGS]
    refused = send(settings, signed(world, settings, [ITEM], headers=headers))
    assert refused.status_code == 400
    assert "kid" in refused.text or "publishes no key" in refused.text


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"type": "link", "url": "http://x/"}, "adds no"),
        ({**ITEM, "url": "http://elsewhere.example/"}, "url is not the tool"),
        ({**ITEM, "custom": {"number": 3}}, "custom"),
        ({**ITEM, "lineItem": {"scoreMaximum": 0}}, "scoreMaximum"),
    ],
)
def test_an_item_that_cannot_be_added_is_refused_with_the_reason(
    world: World, teacher: httpx.Client, item: dict[str, Any], problem: str
) -> None:
    settings = open_dialog(world, teacher)[vocab.DEEP_LINKING_SETTINGS]
    refused = send(settings, signed(world, settings, [item]))
    assert refused.status_code == 400
    assert problem in refused.text


def test_a_dialog_is_answered_and_saved_once(world: World, teacher: httpx.Client) -> None:
    settings = open_dialog(world, teacher)[vocab.DEEP_LINKING_SETTINGS]
    token = signed(world, settings, [ITEM])
    page = send(settings, token)
    path = page.text.partition('id="onward" href="')[2].partition('"')[0]
    assert send(settings, token).status_code == 400
    assert send(settings, signed(world, settings, [ITEM])).status_code == 400
    assert teacher.post(path).status_code == 303
    assert teacher.post(path).status_code == 409
    assert teacher.get(path).status_code == 404


def test_a_dialog_belongs_to_one_course(world: World, teacher: httpx.Client) -> None:
    teacher.post("/courses/2/copy")
    path = choose(world, teacher, ITEM)
    assert teacher.post(path.replace("/courses/2/", "/courses/copy-1/")).status_code == 409
    assert teacher.post(path).status_code == 303


def test_a_cancelled_dialog_says_the_tools_word_and_adds_nothing(
    world: World, teacher: httpx.Client
) -> None:
    settings = open_dialog(world, teacher)[vocab.DEEP_LINKING_SETTINGS]
    changes: dict[str, Any] = {vocab.MESSAGE: "Nothing was chosen"}
    page = send(settings, signed(world, settings, [], **changes))
    path = page.text.partition('id="onward" href="')[2].partition('"')[0]
    assert "Nothing was chosen" in teacher.get(path).text


def test_a_copied_course_keeps_parameters_and_columns_but_no_ids_and_no_grades(
    world: World, teacher: httpx.Client
) -> None:
    add(world, teacher, ITEM)
    assert teacher.post("/courses/2/copy").headers["Location"] == "/courses/copy-1"
    page = teacher.get("/courses/copy-1").text
    assert "Data Science Basics, copy 1" in page
    assert "Cities on a map" in page
    assert "Wine, once more" in page
    copied = [one for one in book(teacher)["line_items"] if "/services/copy-1/" in one["id"]]
    assert [one["label"] for one in copied] == [
        "Cities on a map",
        "Wine: which cultivar is it?",
        "Wine",
    ]
    assert (copied[-1]["resourceId"], copied[-1]["tag"]) == ("r-1", "homework")
    links = {one["resourceLinkId"] for one in book(teacher)["line_items"]}
    assert len(links) == 6
    with world.browser("102") as student:
        login = only_form(student.get("/lti/start/added-4").raise_for_status().text)
        query = world.tool.authorization_query(login.fields)
        answer = only_form(student.get(f"/lti/authorize?{query}").text)
    claims = world.tool.read_id_token(answer.fields["id_token"])
    assert claims[vocab.CUSTOM] == {"casebook_item": "6c1f"}
    assert claims[vocab.CONTEXT]["id"] == "copy-1"
    assert "/services/copy-1/" in claims[vocab.AGS_ENDPOINT]["lineitems"]
    with world.tool.service() as service:
        listed = service.get(
            claims[vocab.AGS_ENDPOINT]["lineitems"], headers={"Accept": vocab.MEDIA_LINE_ITEMS}
        ).json()
    assert [one["id"] for one in listed] == [one["id"] for one in copied]


def test_services_of_one_course_know_no_columns_of_another(
    world: World, teacher: httpx.Client
) -> None:
    teacher.post("/courses/2/copy")
    (first, *_) = book(teacher)["line_items"]
    elsewhere = first["id"].replace("/services/2/", "/services/copy-1/")
    with world.tool.service() as service:
        asked = service.get(elsewhere, headers={"Accept": vocab.MEDIA_LINE_ITEM})
    assert asked.status_code == 404


def test_a_registration_without_a_dialog_says_what_to_do(
    world: World, teacher: httpx.Client
) -> None:
    with world.app.app_context(), current_platform().store.writing() as connection:
        connection.execute(
            "INSERT INTO client (client_id, deployment_id, name, in_use)"
            " VALUES ('c', 'd', 'Old', 1)"
        )
    refused = teacher.get("/lti/choose/2")
    assert refused.status_code == 409
    assert "register the tool again" in refused.text


def test_more_courses_than_the_demo_keeps_are_refused(teacher: httpx.Client) -> None:
    for _ in range(20):
        assert teacher.post("/courses/2/copy").status_code == 303
    refused = teacher.post("/courses/2/copy")
    assert refused.status_code == 409
    assert "no room for another" in refused.text
