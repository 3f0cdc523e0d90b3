"""The demo LMS tells who is in its course."""

import httpx
import pytest

from lti_tool.demo_lms import vocab
from tests.lti_tool.demo_lms.conftest import World
from tests.lti_tool.demo_lms.tool_double import TLS

LIST = {"Accept": vocab.MEDIA_MEMBERSHIPS}


def members(world: World, query: str = "", **headers: str) -> httpx.Response:
    token = world.tool.ask_token(vocab.SCOPE_MEMBERSHIP).json()["access_token"]
    sent = {"Authorization": f"Bearer {token}", **LIST, **headers}
    url = f"{world.url}/lti/services/2/memberships{query}"
    return httpx.get(url, headers=sent, verify=TLS, trust_env=False)


def test_everybody_in_the_course_is_listed_with_their_role(world: World) -> None:
    response = members(world)
    assert response.headers["Content-Type"] == vocab.MEDIA_MEMBERSHIPS
    listed = {one["user_id"]: one["roles"] for one in response.json()["members"]}
    assert listed == {
        "101": [vocab.LEARNER],
        "102": [vocab.LEARNER],
        "201": [vocab.INSTRUCTOR],
    }


def test_pages_are_linked(world: World) -> None:
    first = members(world, "?limit=2")
    assert len(first.json()["members"]) == 2
    token = world.tool.ask_token(vocab.SCOPE_MEMBERSHIP).json()["access_token"]
    following = httpx.get(
        first.links["next"]["url"],
        headers={"Authorization": f"Bearer {token}", **LIST},
        verify=TLS,
        trust_env=False,
    )
    assert [one["user_id"] for one in following.json()["members"]] == ["201"]


@pytest.mark.parametrize("role", ["Learner", vocab.LEARNER.replace("#", "%23")])
def test_a_role_narrows_the_list(world: World, role: str) -> None:
    assert len(members(world, f"?role={role}").json()["members"]) == 2


def test_another_media_type_is_refused(world: World) -> None:
    assert members(world, Accept="application/json").status_code == 406


def test_a_token_for_grades_does_not_do(world: World) -> None:
    token = world.tool.ask_token(vocab.SCOPE_SCORE).json()["access_token"]
    assert members(world, Authorization=f"Bearer {token}").status_code == 403
