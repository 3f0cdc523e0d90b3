import httpx
import pytest

from lti_tool.demo_lms import vocab
from tests.lti_tool.demo_lms.conftest import World

ACCEPT = {"Accept": vocab.MEDIA_MEMBERSHIPS}


def _roster(world: World, query: str = "", **headers: str) -> httpx.Response:
    with world.tool.service(vocab.SCOPE_MEMBERSHIP) as client:
        url = f"{world.url}/lti/services/2/memberships{query}"
        return client.get(url, headers={**ACCEPT, **headers})


def test_the_roster_names_everybody_in_the_course(world: World) -> None:
    response = _roster(world)
    assert response.headers["Content-Type"] == vocab.MEDIA_MEMBERSHIPS
    assert response.json()["context"]["id"] == "2"
    members = response.json()["members"]
    assert [(member["user_id"], member["roles"]) for member in members] == [
        ("101", [vocab.LEARNER]),
        ("102", [vocab.LEARNER]),
        ("201", [vocab.INSTRUCTOR]),
    ]
    assert {member["status"] for member in members} == {"Active"}


def test_pages_lead_from_one_to_the_next_and_keep_the_filter(world: World) -> None:
    first = _roster(world, "?limit=1&role=Learner")
    following = first.links["next"]["url"]
    second = _roster(world, "?" + following.partition("?")[2])
    ids = [page.json()["members"][0]["user_id"] for page in (first, second)]
    assert ids == ["101", "102"]
    assert "next" not in second.links


def test_a_token_for_grades_opens_no_roster(world: World) -> None:
    with world.tool.service(*vocab.AGS_SCOPES) as client:
        response = client.get(f"{world.url}/lti/services/2/memberships", headers=ACCEPT)
    assert response.status_code == 403


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
def test_another_media_type_is_not_acceptable(world: World, accept: str) -> None:
    assert _roster(world, Accept=accept).status_code == 406
