"""How a course stands is for those who teach it."""

import pytest

from lti_tool.models import CourseRole
from tests.lti_tool.site import Site, json_of


@pytest.mark.parametrize("role", [CourseRole.INSTRUCTOR, CourseRole.ASSISTANT])
def test_staff_are_told_how_many_have_begun(site: Site, role: CourseRole) -> None:
    launched = site.launch(role=role)
    response = site.app.test_client().get("/api/roster", headers=launched.bearer)
    assert json_of(response) == {"learners": 0, "begun": 0, "not_begun": 0, "synced_at": None}


@pytest.mark.parametrize("role", [CourseRole.LEARNER, CourseRole.OBSERVER])
def test_nobody_else_is(site: Site, role: CourseRole) -> None:
    launched = site.launch(role=role)
    response = site.app.test_client().get("/api/roster", headers=launched.bearer)
    assert response.status_code == 403
