from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from lti_tool.models.launch_session import CourseRole
from notebooks.kernels.records import CodePosition
from tests.lti_tool.site import RUNNER, Launched, Site, json_of

PLACE = {"code": "wine", "cursor": 4}


def ask(site: Site, launched: Launched, what: str, body: Any = PLACE) -> TestResponse:
    client = site.app.test_client()
    if what == "variables":
        return client.get(f"{launched.api}/variables", headers=launched.bearer)
    return client.post(f"{launched.api}/{what}", headers=launched.bearer, json=body)


@pytest.mark.parametrize(
    ("what", "answer", "empty"),
    [
        ("complete", {"matches": ["wine_data"], "start": 0, "end": 4},
         {"matches": [], "start": 0, "end": 0}),
        ("inspect", {"text": "A table."}, {"text": ""}),
        ("variables",
         {"variables": [{"name": "wine", "type": "DataFrame", "size": "3", "preview": ""}],
          "omitted": 2},
         {"variables": [], "omitted": 0}),
    ],
)  # fmt: skip
def test_the_kernel_answers_or_nothing_does(
    site: Site, what: str, answer: dict[str, Any], empty: dict[str, Any]
) -> None:
    launched = site.launch()
    found = ask(site, launched, what)
    assert (found.status_code, json_of(found)) == (200, answer)
    place = None if what == "variables" else CodePosition(code="wine", cursor=4)
    assert site.attendant.asked == [(RUNNER, str(launched.attempt_id), place)]
    site.attendant.away = True
    assert json_of(ask(site, launched, what)) == empty
    site.attendant.away, site.attendant.state = False, None
    assert json_of(ask(site, launched, what)) == empty


@pytest.mark.parametrize("what", ["complete", "inspect", "variables"])
def test_only_the_launch_of_the_attempt_may_ask(site: Site, what: str) -> None:
    launched, other = site.launch(), site.launch()
    client = site.app.test_client()
    method = client.get if what == "variables" else client.post
    assert method(f"{launched.api}/{what}").status_code == 401
    foreign = method(f"{launched.api}/{what}", headers=other.bearer, json=PLACE)
    assert foreign.status_code == 403
    nowhere = method(f"/api/attempts/{uuid4()}/{what}", headers=other.bearer, json=PLACE)
    assert nowhere.status_code == 403
    assert site.attendant.asked == []


def test_who_looks_on_sees_the_variables_and_asks_nothing_else(site: Site) -> None:
    observer = site.launch(role=CourseRole.OBSERVER)
    assert ask(site, observer, "variables").status_code == 200
    assert ask(site, observer, "complete").status_code == 403
    assert ask(site, observer, "inspect").status_code == 403


def test_a_cursor_beyond_the_code_stands_at_its_end(site: Site) -> None:
    ask(site, site.launch(), "complete", {"code": "ab", "cursor": 99})
    assert site.attendant.asked[0][2] == CodePosition(code="ab", cursor=2)


@pytest.mark.parametrize("body", [{"code": "a"}, {"code": 1, "cursor": 0}, {**PLACE, "cursor": -1}])
def test_a_place_that_is_none_is_refused(site: Site, body: dict[str, Any]) -> None:
    assert ask(site, site.launch(), "complete", body).status_code == 422
