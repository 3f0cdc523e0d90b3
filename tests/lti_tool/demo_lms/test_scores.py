import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from lti_tool.demo_lms import scores, vocab
from tests.lti_tool.demo_lms.conftest import World
from tests.lti_tool.demo_lms.tool_double import score

POST = {"Content-Type": vocab.MEDIA_SCORE}
READ = {"Accept": vocab.MEDIA_RESULTS}


@pytest.fixture
def service(world: World) -> Iterator[httpx.Client]:
    with world.tool.service() as client:
        yield client


@pytest.fixture
def item(world: World) -> str:
    """The line item of the wine activity, 10 points, without the query."""
    return f"{world.url}/lti/services/2/lineitems/2/lineitem"


def publish(service: httpx.Client, item: str, **changes: Any) -> int:
    url = f"{item}/scores?type_id=1"
    return service.post(url, content=score(**changes), headers=POST).status_code


def results(service: httpx.Client, item: str, **query: str) -> list[dict[str, Any]]:
    response = service.get(f"{item}/results", params=query, headers=READ)
    assert response.headers["Content-Type"] == vocab.MEDIA_RESULTS
    found: list[dict[str, Any]] = response.json()
    return found


def later(second: int, microsecond: int = 0) -> str:
    return f"2026-01-02T03:04:{second:02}.{microsecond:06}Z"


def test_a_published_score_is_read_back_with_its_comment(service: httpx.Client, item: str) -> None:
    response = service.post(f"{item}/scores?type_id=1", content=score(), headers=POST)
    assert (response.status_code, response.content) == (200, b"")
    assert results(service, item) == [
        {
            "id": f"{item}/results/101?type_id=1",
            "scoreOf": f"{item}?type_id=1",
            "userId": "101",
            "resultScore": 7,
            "resultMaximum": 10,
            "comment": "Look: fine\n  Split: which rows?",
        }
    ]


def test_a_score_is_rescaled_to_the_line_item(service: httpx.Client, item: str) -> None:
    assert publish(service, item, scoreGiven=80, scoreMaximum=100) == 200
    assert results(service, item)[0]["resultScore"] == 8


def test_a_score_of_zero_is_a_score(service: httpx.Client, item: str) -> None:
    assert publish(service, item, scoreGiven=0) == 200
    assert results(service, item)[0]["resultScore"] == 0


def test_a_score_above_the_maximum_is_extra_credit(service: httpx.Client, item: str) -> None:
    assert publish(service, item, scoreGiven=12) == 200
    assert results(service, item)[0]["resultScore"] == 12


def test_a_newer_score_replaces_the_older_one_with_its_comment(
    service: httpx.Client, item: str
) -> None:
    assert publish(service, item, timestamp=later(1)) == 200
    assert publish(service, item, timestamp=later(1, 1), scoreGiven=9, comment=None) == 200
    (result,) = results(service, item)
    assert result["resultScore"] == 9
    assert "comment" not in result


@pytest.mark.parametrize(
    "timestamp", [later(5), later(4, 999_999), "2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05Z"]
)
def test_an_equal_or_older_timestamp_is_a_conflict_and_changes_nothing(
    service: httpx.Client, item: str, timestamp: str
) -> None:
    assert publish(service, item, timestamp=later(5)) == 200
    assert publish(service, item, timestamp=timestamp, scoreGiven=9) == 409
    assert results(service, item)[0]["resultScore"] == 7


def test_timestamps_of_other_students_and_columns_do_not_count(
    service: httpx.Client, item: str
) -> None:
    assert publish(service, item, timestamp=later(5)) == 200
    assert publish(service, item, timestamp=later(4), userId="102") == 200
    assert publish(service, item.replace("items/2", "items/1"), timestamp=later(4)) == 200


def test_of_equal_posts_in_parallel_exactly_one_is_accepted(
    service: httpx.Client, item: str
) -> None:
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(lambda _: publish(service, item), range(6)))
    assert statuses == [200, 409, 409, 409, 409, 409]


@pytest.mark.parametrize("progress", ["Pending", "PendingManual", "Failed", "NotReady"])
def test_a_score_that_is_not_final_leaves_the_grade_but_moves_the_clock(
    service: httpx.Client, item: str, progress: str
) -> None:
    assert publish(service, item, timestamp=later(1)) == 200
    assert publish(service, item, timestamp=later(3), gradingProgress=progress, scoreGiven=1) == 200
    assert results(service, item)[0]["resultScore"] == 7
    assert publish(service, item, timestamp=later(2)) == 409


def test_a_post_without_a_score_takes_the_grade_back(service: httpx.Client, item: str) -> None:
    assert publish(service, item, timestamp=later(1)) == 200
    gone = {"scoreGiven": None, "scoreMaximum": None, "comment": "Taken back"}
    assert publish(service, item, timestamp=later(2), **gone) == 200
    (result,) = results(service, item)
    assert "resultScore" not in result
    assert result["comment"] == "Taken back"


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"userId": "201"}, "userId"),
        ({"userId": "999"}, "userId"),
        ({"userId": 101}, "userId"),
        ({"userId": None}, "userId"),
        ({"timestamp": None}, "timestamp"),
        ({"timestamp": "2026-01-02T03:04:05"}, "timestamp"),
        ({"timestamp": "2026-01-02"}, "timestamp"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "1767323045"}, "timestamp"),
        ({"timestamp": 1767323045}, "timestamp"),
        ({"activityProgress": "Done"}, "activityProgress"),
        ({"activityProgress": None}, "activityProgress"),
        ({"gradingProgress": "fullygraded"}, "gradingProgress"),
        ({"gradingProgress": None}, "gradingProgress"),
        ({"scoreGiven": -1}, "scoreGiven"),
        ({"scoreGiven": "7"}, "scoreGiven"),
        ({"scoreGiven": float("inf")}, "scoreGiven"),
        ({"scoreGiven": float("nan")}, "scoreGiven"),
        ({"scoreMaximum": 0}, "scoreMaximum"),
        ({"scoreMaximum": None}, "scoreMaximum"),
        ({"comment": 7}, "comment"),
        ({"comment": "x" * 50_001}, "comment"),
    ],
)
def test_a_wrong_member_is_refused_by_name(
    world: World, service: httpx.Client, item: str, changes: dict[str, Any], member: str
) -> None:
    response = service.post(f"{item}/scores", content=score(**changes), headers=POST)
    assert response.status_code == 400
    assert member in response.json()["error_description"]
    assert results(service, item) == []
    with world.browser("201") as teacher:
        assert teacher.get("/grades.json").json()["posts"] == []


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/vnd.ims.lis.v2.score+json"]
)
def test_a_score_of_another_media_type_is_refused(
    service: httpx.Client, item: str, media_type: str
) -> None:
    headers = {"Content-Type": media_type}
    response = service.post(f"{item}/scores", content=score(), headers=headers)
    assert response.status_code == 415


def test_a_score_for_no_line_item_is_not_found(service: httpx.Client, item: str) -> None:
    assert publish(service, item.replace("items/2", "items/99")) == 404


def test_scores_and_results_each_need_their_own_scope(world: World, item: str) -> None:
    with world.tool.service(vocab.SCOPE_LINE_ITEM, vocab.SCOPE_RESULT_READONLY) as reader:
        assert publish(reader, item) == 403
        assert results(reader, item) == []
    with world.tool.service(vocab.SCOPE_SCORE) as scorer:
        assert publish(scorer, item) == 200
        response = scorer.get(f"{item}/results", headers=READ)
    assert response.status_code == 403
    assert vocab.SCOPE_RESULT_READONLY in response.headers["WWW-Authenticate"]


def test_results_are_filtered_by_student_and_paged(service: httpx.Client, item: str) -> None:
    publish(service, item)
    publish(service, item, userId="102", scoreGiven=3.25)
    assert [row["resultScore"] for row in results(service, item, user_id="102")] == [3.25]
    assert results(service, item, user_id="999") == []
    first = service.get(f"{item}/results?type_id=1&limit=1", headers=READ)
    second = service.get(first.links["next"]["url"], headers=READ)
    assert [row["userId"] for page in (first, second) for row in page.json()] == ["101", "102"]
    assert "next" not in second.links


def test_results_are_given_only_to_who_names_their_media_type(
    service: httpx.Client, item: str
) -> None:
    assert service.get(f"{item}/results", headers={"Accept": "*/*"}).status_code == 406


def test_every_post_is_remembered_as_it_came_so_that_doubled_ones_show(
    world: World, service: httpx.Client, item: str
) -> None:
    publish(service, item, timestamp=later(1))
    publish(service, item, timestamp=later(1))
    publish(service, item, timestamp=later(2), scoreGiven=8, comment="Better")
    with world.browser("201") as teacher:
        book = teacher.get("/grades.json").json()
    assert [(post["scoreGiven"], post["accepted"]) for post in book["posts"]] == [
        (7, True),
        (7, False),
        (8, True),
    ]
    assert book["posts"][0]["lineItem"] == f"{item}?type_id=1"
    (grade,) = book["grades"]
    assert grade == {
        "user_id": "101",
        "name": "Ada Moreno",
        "activity": "Wine: which cultivar is it?",
        "resource_link_id": "demo-wine",
        "course_id": "2",
        "score": 8,
        "maximum": 10,
        "comment": "Better",
        "graded_at": "2026-01-02T03:04:02+00:00",
    }


def test_a_bounded_number_of_posts_is_remembered(
    world: World, service: httpx.Client, item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "HISTORY", 2)
    for second in range(4):
        publish(service, item, timestamp=later(second), scoreGiven=second)
    with world.browser("201") as teacher:
        posts = teacher.get("/grades.json").json()["posts"]
    assert [post["scoreGiven"] for post in posts] == [2, 3]


def test_a_body_with_unknown_members_is_taken(service: httpx.Client, item: str) -> None:
    body = {**json.loads(score()), "https://example.org/extension": {"a": 1}}
    response = service.post(f"{item}/scores", content=json.dumps(body), headers=POST)
    assert response.status_code == 200
