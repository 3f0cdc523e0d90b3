from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from config.database import utcnow
from config.settings import Settings
from lti_tool.app import create_app
from lti_tool.models.launch_session import LaunchSession
from tests.lti_tool.site import Site, json_of


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer nonsense", "Bearer a.b.c", "Basic dTpw", "Token x=y"],
)
def test_without_a_token_of_ours_the_api_asks_for_a_relaunch(
    site: Site, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = site.app.test_client().get(site.launch().api, headers=headers)
    assert response.status_code == 401
    assert json_of(response)["code"] == "session_expired"
    assert "open the activity again" in json_of(response)["error"]


def test_an_old_token_is_refused_though_its_launch_still_stands(
    site: Site, web_settings: Settings
) -> None:
    launched = site.launch()
    impatient = create_app(
        web_settings.model_copy(update={"token_seconds": -1}),
        attendant=site.attendant,
        static_folder=site.wiring.static_folder,
    )
    response = impatient.test_client().get(launched.api, headers=launched.bearer)
    assert (response.status_code, json_of(response)["code"]) == (401, "session_expired")


def test_a_fresh_token_of_a_launch_that_has_ended_is_refused(site: Site) -> None:
    launched = site.launch(age=timedelta(hours=2), lasts=timedelta(hours=1))
    response = site.app.test_client().get(launched.api, headers=launched.bearer)
    assert response.status_code == 401


def test_a_deleted_launch_ends_its_token_at_once(site: Site) -> None:
    launched = site.launch()
    with site.database.transaction() as session:
        session.delete(session.get_one(LaunchSession, launched.session_id))
    response = site.app.test_client().get(launched.api, headers=launched.bearer)
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PUT", "/document"),
        ("POST", "/runs"),
        ("POST", "/stop"),
        ("POST", "/validations"),
        ("GET", "/events"),
        ("GET", "/events.json"),
    ],
)
def test_another_attempt_is_refused_whether_or_not_it_exists(
    site: Site, method: str, path: str
) -> None:
    mine, other = site.launch(), site.launch()
    client = site.app.test_client()
    answers = [
        client.open(f"{api}{path}", method=method, headers=mine.bearer)
        for api in (other.api, f"/api/attempts/{uuid4()}")
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert json_of(answers[0]) == json_of(answers[1])


def test_a_name_that_is_no_id_is_not_found(site: Site) -> None:
    response = site.app.test_client().get("/api/attempts/1", headers=site.launch().bearer)
    assert (response.status_code, json_of(response)["code"]) == (404, "not_found")


def test_renewing_gives_a_token_that_holds(site: Site) -> None:
    launched = site.launch()
    client = site.app.test_client()
    renewed = json_of(client.post("/api/session/renew", headers=launched.bearer))
    bearer = {"Authorization": f"Bearer {renewed['token']}"}
    assert client.get(launched.api, headers=bearer).status_code == 200
    left = datetime.fromisoformat(renewed["expires_at"]) - utcnow()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


def test_renewing_promises_nothing_beyond_the_end_of_the_launch(site: Site) -> None:
    launched = site.launch(lasts=timedelta(minutes=10))
    renewed = json_of(site.app.test_client().post("/api/session/renew", headers=launched.bearer))
    left = datetime.fromisoformat(renewed["expires_at"]) - utcnow()
    assert left <= timedelta(minutes=10)


def test_renewing_needs_a_session(site: Site) -> None:
    assert site.app.test_client().post("/api/session/renew").status_code == 401
