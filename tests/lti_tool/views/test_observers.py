"""Somebody whose role only lets them look on."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from lti_tool.models.launch_session import CourseRole
from notebooks.journal import log
from tests.lti_tool.site import Site, json_of

READING = {"GET", "HEAD", "OPTIONS"}


def _changing(site: Site) -> Iterator[tuple[str, str]]:
    """Yield every method and path below an attempt that is not for reading alone."""
    for rule in site.app.url_map.iter_rules():
        if rule.rule.startswith("/api/attempts/"):
            for method in (rule.methods or set()) - READING:
                yield method, rule.rule.partition("<uuid:attempt_id>")[2]


def test_whatever_changes_something_is_refused_in_plain_words(site: Site) -> None:
    launched = site.launch(role=CourseRole.OBSERVER)
    client = site.app.test_client()
    calls = list(_changing(site))
    assert ("POST", "/runs") in calls
    for method, path in calls:
        response = client.open(f"{launched.api}{path}", method=method, headers=launched.bearer)
        assert (response.status_code, json_of(response)["code"]) == (403, "read_only"), path
        assert "read this work, not change, run or validate it" in json_of(response)["error"]
    assert site.attendant.stopped == []
    with site.database.transaction() as session:
        assert log.read(session, launched.stream_id, 0, 10) == []


def test_reading_goes_on(site: Site) -> None:
    launched = site.launch(role=CourseRole.OBSERVER)
    client = site.app.test_client()
    state = client.get(launched.api, headers=launched.bearer)
    assert (state.status_code, json_of(state)["role"]) == (200, "observer")
    assert client.get(f"{launched.api}/events.json", headers=launched.bearer).status_code == 200


@pytest.mark.parametrize("role", CourseRole)
def test_a_kernel_is_made_ready_for_those_who_may_use_it(site: Site, role: CourseRole) -> None:
    launched = site.launch(role=role)
    page = site.app.test_client().get(launched.page, query_string={"ticket": launched.ticket})
    assert page.status_code == 200
    with site.database.transaction() as session:
        waiting = session.scalar(text("SELECT count(*) FROM procrastinate_jobs"))
    assert waiting == (0 if role is CourseRole.OBSERVER else 1)
