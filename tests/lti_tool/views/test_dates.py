"""When the work is due: told to everybody, set by staff alone."""

from typing import Any

import pytest

from lti_tool.models import Assignment, CourseRole
from tests.lti_tool.site import Launched, Site, json_of

DUE = "2026-12-03T18:00:00+01:00"


def _told(site: Site, launched: Launched) -> dict[str, Any]:
    dates: dict[str, Any] = json_of(
        site.app.test_client().get(launched.api, headers=launched.bearer)
    )["dates"]
    return dates


def _set(site: Site, launched: Launched, body: dict[str, object]) -> int:
    client = site.app.test_client()
    return client.put(f"{launched.api}/dates", json=body, headers=launched.bearer).status_code


def _copy(site: Site) -> None:
    """Let the activity have come with a copied course."""
    with site.database.transaction() as session:
        session.get_one(Assignment, site.assignment_id).asks_for_dates = True


def test_nothing_is_due_until_staff_say_so(site: Site) -> None:
    teacher, student = site.launch(role=CourseRole.ASSISTANT), site.launch()
    assert _told(site, student) == {"due_at": None, "may_set": False, "asked": False}
    assert _told(site, teacher) == {"due_at": None, "may_set": True, "asked": False}
    assert _set(site, teacher, {"due_at": DUE}) == 200
    assert _told(site, student)["due_at"] == "2026-12-03T17:00:00Z"


@pytest.mark.parametrize("due", [DUE, None])
def test_staff_of_a_copied_course_are_asked_until_they_answer(site: Site, due: str | None) -> None:
    _copy(site)
    teacher, student = site.launch(role=CourseRole.INSTRUCTOR), site.launch()
    assert _told(site, teacher)["asked"]
    assert not _told(site, student)["asked"]
    assert _set(site, teacher, {"due_at": due}) == 200
    assert not _told(site, teacher)["asked"]


@pytest.mark.parametrize("role", [CourseRole.LEARNER, CourseRole.OBSERVER])
def test_nobody_else_sets_it(site: Site, role: CourseRole) -> None:
    person = site.launch(role=role)
    assert _set(site, person, {"due_at": DUE}) == 403
    assert _told(site, person)["due_at"] is None


@pytest.mark.parametrize(
    "body", [{}, {"due_at": "tomorrow"}, {"due_at": "2026-12-03T18:00:00"}, {"due_at": DUE, "x": 1}]
)
def test_what_is_no_moment_is_refused(site: Site, body: dict[str, object]) -> None:
    assert _set(site, site.launch(role=CourseRole.INSTRUCTOR), body) == 422
