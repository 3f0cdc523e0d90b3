"""How far the course has come, told to its staff alone."""

import pytest

from config.database import utcnow
from lti_tool.models import Assignment, Course, CourseMember, CourseRole, LaunchSession, LtiUser
from tests.lti_tool.site import Launched, Site, json_of


def _enrol(site: Site, *launches: Launched) -> None:
    """Put these people and a student who never came on the roster of the activity's course."""
    with site.database.transaction() as session:
        assignment = session.get_one(Assignment, site.assignment_id)
        assignment.context_id = "course-1"
        course = Course(
            registration_id=assignment.registration_id,
            deployment_id=assignment.deployment_id,
            context_id="course-1",
            memberships_url="http://127.0.0.1:8000/members",
            synced_at=utcnow(),
        )
        absent = LtiUser(registration_id=assignment.registration_id, sub="never-came")
        session.add_all([course, absent])
        session.flush()
        here = [session.get_one(LaunchSession, launch.session_id).user_id for launch in launches]
        for user_id in (absent.id, *here):
            session.add(CourseMember(course_id=course.id, user_id=user_id, role=CourseRole.LEARNER))


def test_staff_learn_how_many_students_have_not_begun(site: Site) -> None:
    teacher, student = site.launch(role=CourseRole.ASSISTANT), site.launch()
    _enrol(site, student)
    response = site.app.test_client().get(f"{teacher.api}/standing", headers=teacher.bearer)
    standing = json_of(response)["standing"]
    assert standing.pop("synced_at")
    assert standing == {"students": 2, "begun": 1, "not_begun": 1, "left": 0}


def test_without_a_roster_staff_are_told_that_nothing_is_known(site: Site) -> None:
    teacher = site.launch(role=CourseRole.INSTRUCTOR)
    response = site.app.test_client().get(f"{teacher.api}/standing", headers=teacher.bearer)
    assert json_of(response) == {"standing": None}


@pytest.mark.parametrize("role", [CourseRole.LEARNER, CourseRole.OBSERVER])
def test_nobody_else_is_told(site: Site, role: CourseRole) -> None:
    person = site.launch(role=role)
    response = site.app.test_client().get(f"{person.api}/standing", headers=person.bearer)
    assert (response.status_code, json_of(response)["code"]) == (403, "staff_only")
