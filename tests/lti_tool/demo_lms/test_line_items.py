import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from lti_tool.demo_lms import line_items, vocab
from tests.lti_tool.demo_lms.conftest import World
from tests.lti_tool.demo_lms.tool_double import score

LIST = {"Accept": vocab.MEDIA_LINE_ITEMS}
READ = {"Accept": vocab.MEDIA_LINE_ITEM}
WRITE = {"Content-Type": vocab.MEDIA_LINE_ITEM}


@pytest.fixture
def service(world: World) -> Iterator[httpx.Client]:
    with world.tool.service() as client:
        yield client


@pytest.fixture
def container(world: World) -> str:
    return f"{world.url}/lti/services/2/lineitems"


def create(service: httpx.Client, container: str, **members: Any) -> httpx.Response:
    body = {"label": "Extra", "scoreMaximum": 5, **members}
    body = {name: value for name, value in body.items() if value is not None}
    return service.post(container, content=json.dumps(body), headers=WRITE)


def test_every_activity_has_its_line_item_from_the_start(
    service: httpx.Client, container: str
) -> None:
    response = service.get(f"{container}?type_id=1", headers=LIST)
    assert response.headers["Content-Type"] == vocab.MEDIA_LINE_ITEMS
    assert response.json() == [
        {
            "id": f"{container}/1/lineitem?type_id=1",
            "label": "Cities on a map",
            "scoreMaximum": 2.5,
            "resourceLinkId": "demo-cities",
        },
        {
            "id": f"{container}/2/lineitem?type_id=1",
            "label": "Wine: which cultivar is it?",
            "scoreMaximum": 10,
            "resourceLinkId": "demo-wine",
        },
    ]


def test_a_line_item_is_created_read_changed_and_deleted(
    service: httpx.Client, container: str
) -> None:
    made = create(service, container, resourceId="r-1", tag="quiz")
    assert made.status_code == 201
    assert made.headers["Content-Type"] == vocab.MEDIA_LINE_ITEM
    item = made.json()
    assert made.headers["Location"] == item["id"]
    assert item == {
        "id": item["id"],
        "label": "Extra",
        "scoreMaximum": 5,
        "resourceId": "r-1",
        "tag": "quiz",
    }
    read = service.get(item["id"], headers=READ)
    assert (read.headers["Content-Type"], read.json()) == (vocab.MEDIA_LINE_ITEM, item)

    changed = {**item, "label": "Renamed", "scoreMaximum": 7.5}
    put = service.put(item["id"], content=json.dumps(changed), headers=WRITE)
    assert (put.status_code, put.json()) == (200, changed)

    assert service.delete(item["id"]).status_code == 204
    assert service.get(item["id"], headers=READ).status_code == 404


def test_filters_narrow_the_list(service: httpx.Client, container: str) -> None:
    create(service, container, resourceId="r-1", tag="quiz")
    create(service, container, resourceId="r-2", tag="quiz", label="Other")

    def labels(**query: str) -> list[str]:
        found = service.get(container, params=query, headers=LIST).json()
        return [item["label"] for item in found]

    assert labels(resource_link_id="demo-wine") == ["Wine: which cultivar is it?"]
    assert labels(tag="quiz") == ["Extra", "Other"]
    assert labels(tag="quiz", resource_id="r-2") == ["Other"]
    assert labels(tag="Quiz") == []


def test_pages_follow_by_link_with_the_filters_kept(service: httpx.Client, container: str) -> None:
    for number in range(5):
        create(service, container, label=f"Extra {number}", tag="quiz")
    url: str | None = f"{container}?tag=quiz&limit=2"
    sizes, labels = [], []
    while url is not None:
        response = service.get(url, headers=LIST)
        sizes.append(len(response.json()))
        labels += [item["label"] for item in response.json()]
        url = response.links.get("next", {}).get("url")
    assert sizes == [2, 2, 1]
    assert labels == [f"Extra {number}" for number in range(5)]


def test_a_bookmark_that_was_lower_cased_is_refused(service: httpx.Client, container: str) -> None:
    first = service.get(f"{container}?limit=1", headers=LIST)
    following = first.links["next"]["url"]
    assert following != following.lower()
    assert service.get(following.lower(), headers=LIST).status_code == 400


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "limit=", "bookmark=%C3%A4"])
def test_a_page_that_does_not_exist_is_refused(
    service: httpx.Client, container: str, query: str
) -> None:
    assert service.get(f"{container}?{query}", headers=LIST).status_code == 400


@pytest.mark.parametrize(
    "members",
    [
        {"label": None},
        {"label": "  "},
        {"label": 7},
        {"scoreMaximum": None},
        {"scoreMaximum": 0},
        {"scoreMaximum": -1},
        {"scoreMaximum": "5"},
        {"scoreMaximum": True},
        {"tag": 7},
        {"resourceId": "x" * 256},
    ],
)
def test_a_line_item_with_a_wrong_member_is_refused_by_name(
    service: httpx.Client, container: str, members: dict[str, Any]
) -> None:
    response = create(service, container, **members)
    assert response.status_code == 400
    assert response.json()["error_description"].startswith(next(iter(members)))


@pytest.mark.parametrize("body", ["", "[]", "{", "null", "\xff"])
def test_a_body_that_is_no_line_item_is_refused(
    service: httpx.Client, container: str, body: str
) -> None:
    response = service.post(container, content=body.encode("latin-1"), headers=WRITE)
    assert response.status_code == 400


def test_a_line_item_for_an_unknown_resource_link_is_not_found(
    service: httpx.Client, container: str
) -> None:
    assert create(service, container, resourceLinkId="elsewhere").status_code == 404


def test_a_line_item_cannot_move(service: httpx.Client, container: str) -> None:
    item = create(service, container).json()
    for member in ({"id": "https://elsewhere.example/1"}, {"resourceLinkId": "demo-wine"}):
        body = json.dumps({**item, **member})
        assert service.put(item["id"], content=body, headers=WRITE).status_code == 400


def test_the_line_item_of_an_activity_cannot_be_deleted(
    service: httpx.Client, container: str
) -> None:
    assert service.delete(f"{container}/1/lineitem").status_code == 403


def test_deleting_a_line_item_deletes_its_grades(
    world: World, service: httpx.Client, container: str
) -> None:
    item = create(service, container).json()["id"]
    service.post(
        item.replace("?", "/scores?"),
        content=score(),
        headers={"Content-Type": vocab.MEDIA_SCORE},
    ).raise_for_status()
    service.delete(item).raise_for_status()
    with world.browser("201") as teacher:
        book = teacher.get("/grades.json").json()
    assert (book["grades"], book["posts"]) == ([], [])


def test_a_changed_maximum_rescales_the_grades(service: httpx.Client, container: str) -> None:
    url = f"{container}/2/lineitem?type_id=1"
    service.post(
        url.replace("?", "/scores?"), content=score(), headers={"Content-Type": vocab.MEDIA_SCORE}
    ).raise_for_status()
    body = json.dumps({"label": "Wine", "scoreMaximum": 50})
    service.put(url, content=body, headers=WRITE).raise_for_status()
    results = service.get(
        url.replace("?", "/results?"), headers={"Accept": vocab.MEDIA_RESULTS}
    ).json()
    assert (results[0]["resultScore"], results[0]["resultMaximum"]) == (35, 50)


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*", ""])
def test_the_list_is_given_only_to_who_names_its_media_type(
    service: httpx.Client, container: str, accept: str
) -> None:
    assert service.get(container, headers={"Accept": accept}).status_code == 406
    item = f"{container}/1/lineitem"
    assert service.get(item, headers={"Accept": accept}).status_code == 406


@pytest.mark.parametrize("media_type", ["application/json", vocab.MEDIA_LINE_ITEMS])
def test_a_line_item_of_another_media_type_is_refused(
    service: httpx.Client, container: str, media_type: str
) -> None:
    headers = {"Content-Type": media_type}
    body = '{"label": "Extra", "scoreMaximum": 5}'
    assert service.post(container, content=body, headers=headers).status_code == 415
    item = f"{container}/1/lineitem"
    assert service.put(item, content=body, headers=headers).status_code == 415


def test_reading_needs_one_of_two_scopes_and_writing_the_stronger(
    world: World, container: str
) -> None:
    item = f"{container}/1/lineitem"
    with world.tool.service(vocab.SCOPE_LINE_ITEM_READONLY) as reader:
        assert reader.get(container, headers=LIST).status_code == 200
        assert reader.get(item, headers=READ).status_code == 200
        refused = [
            create(reader, container),
            reader.put(item, content="{}", headers=WRITE),
            reader.delete(item),
        ]
    assert [response.status_code for response in refused] == [403, 403, 403]
    assert refused[0].headers["WWW-Authenticate"] == (
        f'Bearer realm="demo-lms", error="insufficient_scope", scope="{vocab.SCOPE_LINE_ITEM}"'
    )
    with world.tool.service(vocab.SCOPE_SCORE) as scorer:
        assert scorer.get(container, headers=LIST).status_code == 403
        assert scorer.get(item, headers=READ).status_code == 403


def test_another_course_and_another_path_are_not_found(world: World, service: httpx.Client) -> None:
    base = f"{world.url}/lti/services"
    for path in ("3/lineitems", "2/lineitems/99/lineitem", "2/members"):
        response = service.get(
            f"{base}/{path}", headers={"Accept": ",".join([*LIST.values(), *READ.values()])}
        )
        assert response.status_code == 404
        assert response.json()["error_description"]


def test_scores_appended_behind_the_query_do_not_reach_the_score_service(
    service: httpx.Client, container: str
) -> None:
    response = service.post(
        f"{container}/1/lineitem?type_id=1/scores",
        content=score(),
        headers={"Content-Type": vocab.MEDIA_SCORE},
    )
    assert response.status_code == 405


def test_a_course_takes_a_bounded_number_of_line_items(
    service: httpx.Client, container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_items, "LIMIT", 3)
    assert create(service, container).status_code == 201
    assert create(service, container).status_code == 403


def test_a_body_that_is_too_long_is_refused(service: httpx.Client, container: str) -> None:
    assert create(service, container, tag="x" * 300_000).status_code == 413
