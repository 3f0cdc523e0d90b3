"""LTI Advantage Conformance Certification Guide 1.3, §6.2, by the published names.

A teacher opens the platform's dialog, chooses, and the platform looks at what comes back. Then what
is known to be done to dialogs, and what their activities lead to.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from sqlalchemy import func, select, update

from config.database import Database, utcnow
from lti_tool.models import Assignment, ContentItem, Dialog, LaunchSession, Registration
from notebooks.attempts.models import Attempt
from notebooks.cases.models import CaseVersion
from tests.conformance.choosing import (
    DL,
    ITEMS,
    SETTINGS,
    Returned,
    choose_in,
    launch_item,
    now,
    open_dialog,
)
from tests.conformance.launching import Browser, refusal
from tests.fakes.moodle import Moodle
from tests.fakes.platform import Platform, serve
from tests.lti_tool.factories import AGS_CLAIM, CLAIM, INSTRUCTOR, LEARNER, add_case, register

CONTEXT = f"{CLAIM}context"
LINK = f"{CLAIM}resource_link"
OBSERVER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor"
SYSTEM_ADMIN = "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"

Answered = Callable[..., dict[str, Any]]


@pytest.fixture
def answered(browser: Browser, platform: Platform) -> Answered:
    """Choose the only case, and return the claims of the answer."""

    def choose(**settings: Any) -> dict[str, Any]:
        dialog = choose_in(browser, **settings)
        sent = Returned.from_page(dialog.press("add", pick=dialog.offered))
        return sent.verify(platform)

    return choose


def test_send_request_payload(browser: Browser) -> None:
    page = choose_in(browser).page
    assert "Choose cases" in page.text
    assert "Data science" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_send_request_payload_without_a_target_link_as_the_suite_does(browser: Browser) -> None:
    browser.target = f"{browser.tool}/lti/deep-link"
    browser.login()
    browser.claims.update(
        {f"{CLAIM}message_type": "LtiDeepLinkingRequest", f"{CLAIM}roles": [INSTRUCTOR]}
    )
    browser.claims[SETTINGS] = {
        "deep_link_return_url": f"{browser.platform.origin}/return",
        "accept_types": ["ltiResourceLink"],
    }
    del browser.claims[f"{CLAIM}target_link_uri"]
    assert browser.follow(browser.launch()).status_code == 200


def test_receive_response_payload(browser: Browser, platform: Platform) -> None:
    dialog = choose_in(browser)
    sent = Returned.from_page(dialog.press("add", pick=dialog.offered))
    assert sent.url == f'{platform.origin}/return?sesskey=a&amp;x="1"'
    assert f"form-action {platform.origin};" in sent.policy


def test_response_format_valid(answered: Answered, browser: Browser) -> None:
    claims = answered()
    [item] = claims[ITEMS]
    assert item["type"] == "ltiResourceLink"
    assert item["url"] == f"{browser.tool}/lti/launch"
    assert item["title"] == "Wine"
    assert list(item["custom"]) == ["casebook_item"]
    assert UUID(item["custom"]["casebook_item"])
    assert item["lineItem"] == {
        "label": "Wine",
        "scoreMaximum": 10,
        "resourceId": item["custom"]["casebook_item"],
        "tag": "casebook",
    }


def test_response_timestamps_valid(answered: Answered) -> None:
    claims = answered()
    assert now() - 60 < claims["iat"] <= now()
    assert now() < claims["exp"] <= now() + 600


def test_signature_valid(browser: Browser, platform: Platform) -> None:
    dialog = choose_in(browser)
    sent = Returned.from_page(dialog.press("add", pick=dialog.offered))
    assert sent.verify(platform)
    assert platform.tool_key_set is not None
    published = platform.tool_key_set()["keys"]
    assert jwt.get_unverified_header(sent.token)["kid"] in {key["kid"] for key in published}


def test_required_claims_verified(answered: Answered, platform: Platform) -> None:
    claims = answered()
    assert (claims["iss"], claims["aud"]) == (platform.client_id, platform.origin)
    assert claims[f"{CLAIM}deployment_id"] == "d1"
    assert claims[f"{CLAIM}message_type"] == "LtiDeepLinkingResponse"
    assert claims[f"{CLAIM}version"] == "1.3.0"
    assert claims["nonce"] != answered()["nonce"]
    assert None not in _leaves(claims)


def test_affirm_response(answered: Answered, browser: Browser, database: Database) -> None:
    [item] = answered()[ITEMS]
    assert browser.follow(launch_item(browser, item)).status_code == 200
    with database.transaction() as session:
        assignment = session.scalars(select(Assignment)).one()
        stored = session.scalars(select(ContentItem)).one()
    assert str(stored.id) == item["custom"]["casebook_item"]
    assert assignment.content_item_id == stored.id
    assert assignment.case_version_id == stored.case_version_id
    assert not assignment.asks_for_dates


@pytest.mark.parametrize("data", ["opaque \" ' & ä", "", "x" * 20_000])
def test_data_comes_back_unaltered(answered: Answered, data: str) -> None:
    assert answered(data=data)[f"{DL}data"] == data


def test_without_data_none_is_invented(answered: Answered) -> None:
    assert f"{DL}data" not in answered(data=None)


@pytest.mark.parametrize("value", [False, "false"])
def test_a_column_is_not_forced_on_a_platform_that_takes_none(
    answered: Answered, value: object
) -> None:
    [item] = answered(accept_lineitem=value)[ITEMS]
    assert "lineItem" not in item


@pytest.mark.parametrize("platform", [Moodle], indirect=True)
def test_moodle_is_told_where_a_submission_is_looked_at(
    answered: Answered, browser: Browser
) -> None:
    [item] = answered()[ITEMS]
    assert item["lineItem"]["submissionReview"] == {"url": f"{browser.tool}/lti/launch"}


@pytest.mark.parametrize("value", [True, "true"])
def test_several_cases_go_in_at_once_each_with_its_own_words(
    browser: Browser, platform: Platform, database: Database, value: object
) -> None:
    with database.transaction() as session:
        add_case(session, "glass")
    dialog = choose_in(browser, accept_multiple=value)
    first, second = dialog.offered
    changes = {f"title_{first}": "Erste", f"points_{first}": "7,5", f"hints_{first}": "1"}
    sent = Returned.from_page(dialog.press("add", pick=[first, second], **changes))
    items = sent.verify(platform)[ITEMS]
    assert [item["title"] for item in items] == ["Erste", "Wine"]
    assert [item["lineItem"]["scoreMaximum"] for item in items] == [7.5, 10]
    with database.transaction() as session:
        stored = {str(row.id): row for row in session.scalars(select(ContentItem))}
    rows = [stored[item["custom"]["casebook_item"]] for item in items]
    assert [(str(row.case_version_id), row.points, row.hints) for row in rows] == [
        (first, 7.5, 1),
        (second, 10, 3),
    ]


@pytest.mark.parametrize("value", [False, "false", None])
def test_several_cases_are_refused_where_one_is_taken(
    browser: Browser, database: Database, value: object
) -> None:
    with database.transaction() as session:
        add_case(session, "glass")
    dialog = choose_in(browser, accept_multiple=value)
    assert 'type="radio"' in dialog.page.text
    response = dialog.press("add", pick=dialog.offered)
    assert response.status_code == 422
    assert "Tick one only" in response.text
    assert _count(database, ContentItem) == 0


def test_cancelling_answers_with_nothing_and_a_word(browser: Browser, platform: Platform) -> None:
    claims = Returned.from_page(choose_in(browser).press("cancel")).verify(platform)
    assert claims[ITEMS] == []
    assert claims[f"{DL}msg"] == "No case was chosen."
    assert claims[f"{DL}data"] == "op=321&v=44"


@pytest.mark.parametrize("role", [LEARNER, OBSERVER, SYSTEM_ADMIN, "urn:unknown#Instructor"])
def test_nobody_but_staff_of_the_course_chooses(
    browser: Browser, database: Database, role: str
) -> None:
    assert refusal(open_dialog(browser, role=role)) == "choosing_forbidden"
    assert _count(database, Dialog) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"accept_types": ["link", "file"]}, "no_activity_taken"),
        ({"accept_types": []}, "no_activity_taken"),
        ({"accept_types": None}, "claim"),
        ({"accept_types": "ltiResourceLink"}, "claim"),
        ({"deep_link_return_url": None}, "claim"),
        ({"deep_link_return_url": "javascript:alert(1)"}, "claim"),
        ({"deep_link_return_url": "/return"}, "claim"),
        ({"deep_link_return_url": "https://user:word@school.example/"}, "return_url"),
        ({"deep_link_return_url": "https://sch;ool.example/"}, "return_url"),
        ({"accept_multiple": "maybe"}, "claim"),
        ({"accept_lineitem": 3}, "claim"),
        ({"data": {"a": 1}}, "claim"),
        ({"data": "x" * 40_000}, "claim"),
    ],
)
def test_settings_that_are_no_settings_are_refused(
    browser: Browser, database: Database, changes: dict[str, Any], code: str
) -> None:
    assert refusal(open_dialog(browser, **changes)) == code
    assert _count(database, Dialog) == 0


def test_missing_settings_are_named(browser: Browser) -> None:
    browser.login()
    browser.claims.update(
        {f"{CLAIM}message_type": "LtiDeepLinkingRequest", f"{CLAIM}roles": [INSTRUCTOR]}
    )
    assert refusal(browser.launch()) == "claim"


def test_the_choice_goes_to_the_host_that_the_platform_signed(
    browser: Browser, platform: Platform
) -> None:
    dialog = choose_in(browser, deep_link_return_url="https://school.example/return")
    sent = Returned.from_page(dialog.press("add", pick=dialog.offered))
    assert sent.url == "https://school.example/return"
    assert "form-action https://school.example;" in sent.policy
    assert platform.origin not in sent.policy.partition("form-action")[2].partition(";")[0]


def test_a_platform_behind_https_is_not_answered_over_http(
    browser: Browser, database: Database
) -> None:
    with database.transaction() as session:
        session.execute(
            update(Registration).values(authorization_url="https://school.example/authorize")
        )
    assert refusal(open_dialog(browser)) == "return_url"


def test_the_form_goes_once(browser: Browser, database: Database) -> None:
    dialog = choose_in(browser)
    assert dialog.press("add", pick=dialog.offered).status_code == 200
    for action in ("add", "cancel", "search", "upload"):
        again = dialog.press(action, pick=dialog.offered)
        assert again.status_code == 409
        assert refusal(again) == "dialog_answered"
    assert _count(database, ContentItem) == 1


def test_of_two_that_press_at_once_one_succeeds(browser: Browser, database: Database) -> None:
    dialog = choose_in(browser)
    offered = dialog.offered
    with ThreadPoolExecutor(4) as pool:
        pressed = [pool.submit(dialog.press, "add", pick=offered) for _ in range(4)]
        statuses = sorted(future.result().status_code for future in pressed)
    assert statuses == [200, 409, 409, 409]
    assert _count(database, ContentItem) == 1


def test_an_expired_dialog_says_so_and_stores_nothing(browser: Browser, database: Database) -> None:
    dialog = choose_in(browser)
    with database.transaction() as session:
        session.execute(update(Dialog).values(expires_at=utcnow() - timedelta(seconds=1)))
    assert refusal(dialog.press("add", pick=dialog.offered)) == "session_expired"
    assert _count(database, ContentItem) == 0


def test_the_ticket_opens_the_page_once_and_the_cookie_opens_it_again(
    browser: Browser, open_browser: Callable[[], Browser]
) -> None:
    launched = open_dialog(browser)
    location = launched.headers["Location"]
    assert browser.follow(launched).status_code == 200
    assert browser.follow(launched).status_code == 200
    assert refusal(open_browser().get(location)) == "session_expired"


def test_the_token_of_one_dialog_opens_no_other(browser: Browser) -> None:
    first, second = choose_in(browser), choose_in(browser)
    fields = {**first.form.fields, "action": "cancel"}
    assert refusal(browser.post(second.form.action, fields)) == "session_expired"
    assert refusal(browser.post(second.form.action, {"action": "cancel"})) == "session_expired"


def test_a_case_that_is_not_there_is_not_chosen(browser: Browser, database: Database) -> None:
    response = choose_in(browser).press("add", pick=[str(uuid4())])
    assert response.status_code == 422
    assert "no longer there" in response.text
    assert _count(database, ContentItem) == 0


def test_what_was_typed_wrong_is_named_beside_it_and_nothing_is_lost(
    browser: Browser, database: Database
) -> None:
    dialog = choose_in(browser)
    [key] = dialog.offered
    changes = {f"title_{key}": " ", f"points_{key}": "0", f"hints_{key}": "9"}
    response = dialog.press("add", pick=[key], **changes)
    assert response.status_code == 422
    for name, value in (("title", " "), ("points", "0")):
        assert f'value="{value}"' in response.text
        assert f'id="fault-{name}-{key}"' in response.text
    assert "checked" in response.text
    assert _count(database, ContentItem) == 0


def test_a_new_version_of_the_case_changes_no_activity(
    answered: Answered, browser: Browser, database: Database
) -> None:
    [item] = answered()[ITEMS]
    with database.transaction() as session:
        chosen = session.scalars(select(CaseVersion.id)).one()
        add_case(session, number=2)
    launch_item(browser, item)
    with database.transaction() as session:
        assert session.scalars(select(Assignment.case_version_id)).one() == chosen


def test_a_copied_course_leads_to_the_same_case_with_fresh_work(
    answered: Answered, browser: Browser, database: Database
) -> None:
    [item] = answered()[ITEMS]
    launch_item(browser, item)
    with database.transaction() as session:
        add_case(session, number=2)
    copied = launch_item(
        browser, item, **{LINK: {"id": "link-9"}, CONTEXT: {"id": "course-2", "title": "Copy"}}
    )
    assert browser.follow(copied).status_code == 200
    with database.transaction() as session:
        first, second = session.scalars(select(Assignment).order_by(Assignment.created_at))
        attempts = session.scalars(select(Attempt)).all()
    assert (first.case_version_id, first.content_item_id) == (
        second.case_version_id,
        second.content_item_id,
    )
    assert (first.asks_for_dates, second.asks_for_dates) == (False, True)
    assert len({attempt.id for attempt in attempts}) == 2
    assert second.title == "Wine"


def test_a_case_that_was_chosen_anew_takes_its_place_until_a_student_has_begun(
    answered: Answered, browser: Browser, database: Database
) -> None:
    staff = {f"{CLAIM}roles": [INSTRUCTOR], "sub": "teacher"}
    first, second, third = (answered()[ITEMS][0] for _ in range(3))
    with database.transaction() as session:
        other = add_case(session, "glass")
        key = UUID(second["custom"]["casebook_item"])
        session.get_one(ContentItem, key).case_version_id = other.id

    def versions() -> list[tuple[UUID, UUID]]:
        with database.transaction() as session:
            rows = session.execute(
                select(Assignment.case_version_id, Attempt.case_version_id)
                .join(LaunchSession, LaunchSession.assignment_id == Assignment.id)
                .join(Attempt, Attempt.id == LaunchSession.attempt_id)
                .order_by(LaunchSession.created_at)
            )
            return [(row[0], row[1]) for row in rows]

    launch_item(browser, first, **staff)
    assert versions()[0][0] != other.id
    launch_item(browser, second, **staff)
    assert versions()[-1] == (other.id, other.id)
    launch_item(browser, second)
    launch_item(browser, third, **staff)
    assert versions()[-1] == (other.id, other.id)


def test_where_the_dialog_knew_no_course_the_first_launch_tells_it(
    browser: Browser, platform: Platform, database: Database
) -> None:
    dialog = choose_in(browser)
    with database.transaction() as session:
        session.execute(update(Dialog).values(context_id=None))
    [item] = Returned.from_page(dialog.press("add", pick=dialog.offered)).verify(platform)[ITEMS]
    launch_item(browser, item)
    launch_item(browser, item, **{LINK: {"id": "link-9"}, CONTEXT: {"id": "course-2"}})
    with database.transaction() as session:
        rows = session.scalars(select(Assignment).order_by(Assignment.created_at))
        assert [row.asks_for_dates for row in rows] == [False, True]


@pytest.mark.parametrize("named", ["nonsense", str(UUID(int=7))])
def test_an_activity_with_an_unknown_choice_is_refused(
    browser: Browser, database: Database, named: str
) -> None:
    item = {"url": f"{browser.tool}/lti/launch", "custom": {"casebook_item": named}}
    assert refusal(launch_item(browser, item)) == "chosen_case_unknown"
    assert _count(database, LaunchSession) == 0


def test_a_choice_of_another_platform_is_unknown_here(
    answered: Answered, database: Database, tool: str
) -> None:
    [item] = answered()[ITEMS]
    with serve(Platform()) as other:
        with database.transaction() as session:
            register(session, other)
        stranger = Browser(tool, other)
        assert refusal(launch_item(stranger, item)) == "chosen_case_unknown"
        stranger.close()


def test_a_column_that_the_tool_makes_itself_has_the_points_of_the_choice(
    browser: Browser, platform: Platform, worker: Any
) -> None:
    dialog = choose_in(browser, accept_lineitem=False)
    [key] = dialog.offered
    sent = Returned.from_page(dialog.press("add", pick=[key], **{f"points_{key}": "4"}))
    [item] = sent.verify(platform)[ITEMS]
    endpoint = {"scope": [], "lineitems": f"{platform.origin}/lineitems"}
    endpoint["scope"] = [
        f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}"
        for name in ("lineitem", "score", "result.readonly")
    ]
    assert browser.follow(launch_item(browser, item, **{AGS_CLAIM: endpoint})).status_code == 200
    worker.deliver(5)
    [column] = platform.line_items.values()
    assert (column["scoreMaximum"], column["resourceId"]) == (4, item["custom"]["casebook_item"])


def _count(database: Database, kind: type[Any]) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def _leaves(value: object) -> list[object]:
    """Return every value of a JSON document that is no container."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in _leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in _leaves(part)]
    return [value]
