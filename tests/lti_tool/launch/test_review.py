"""Reviews of submissions: who may look at whose work, and as what."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from config.database import Database
from lti_tool.models import CourseRole, LaunchSession
from tests.fakes.platform import Platform
from tests.lti_tool.factories import AGS_CLAIM, CLAIM, INSTRUCTOR, LEARNER, Launch

LINK = f"{CLAIM}resource_link"
MENTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor"


@pytest.fixture
def begun(begin: Callable[[], Launch], database: Database) -> LaunchSession:
    """The launch by which student-1 has begun the activity."""
    assert begin().post().status_code == 303
    with database.transaction() as session:
        return session.scalars(select(LaunchSession)).one()


def _review(launch: Launch, role: str, *, sub: str, of: str = "student-1") -> Launch:
    launch.claims.update(
        {
            "sub": sub,
            f"{CLAIM}message_type": "LtiSubmissionReviewRequest",
            f"{CLAIM}roles": [role],
            f"{CLAIM}for_user": {"user_id": of, "name": "Canaria"},
        }
    )
    return launch


def _newest(database: Database) -> LaunchSession:
    with database.transaction() as session:
        return session.scalars(
            select(LaunchSession).order_by(LaunchSession.created_at.desc()).limit(1)
        ).one()


def test_a_teacher_looks_at_the_work_of_a_student_and_may_change_nothing(
    begin: Callable[[], Launch], database: Database, begun: LaunchSession
) -> None:
    assert _review(begin(), INSTRUCTOR, sub="teacher").post().status_code == 303
    opened = _newest(database)
    assert (opened.attempt_id, opened.role) == (begun.attempt_id, CourseRole.OBSERVER)
    assert opened.user_id != begun.user_id


def test_a_student_opens_the_own_work_and_may_go_on(
    begin: Callable[[], Launch], database: Database, begun: LaunchSession
) -> None:
    assert _review(begin(), LEARNER, sub="student-1").post().status_code == 303
    opened = _newest(database)
    assert (opened.attempt_id, opened.role) == (begun.attempt_id, CourseRole.LEARNER)


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize("role", [LEARNER, MENTOR, "urn:unknown#Role"])
def test_nobody_but_staff_looks_at_the_work_of_others(
    begin: Callable[[], Launch], role: str
) -> None:
    response = _review(begin(), role, sub="student-2").post()
    assert response.status_code == 403
    assert response.text.startswith("review_forbidden")


@pytest.mark.usefixtures("begun")
def test_work_that_was_never_begun_is_not_begun_by_looking(
    begin: Callable[[], Launch], database: Database
) -> None:
    response = _review(begin(), INSTRUCTOR, sub="teacher", of="student-2").post()
    assert (response.status_code, response.text.partition(":")[0]) == (404, "nothing_to_review")
    with database.transaction() as session:
        assert len(session.scalars(select(LaunchSession)).all()) == 1


def test_an_activity_is_found_by_its_column_where_no_link_is_named(
    begin: Callable[[], Launch], database: Database, begun: LaunchSession
) -> None:
    launch = _review(begin(), INSTRUCTOR, sub="teacher")
    del launch.claims[LINK]
    assert launch.post().status_code == 303
    assert _newest(database).attempt_id == begun.attempt_id


@pytest.mark.usefixtures("begun")
def test_another_column_leads_nowhere(begin: Callable[[], Launch], platform: Platform) -> None:
    launch = _review(begin(), INSTRUCTOR, sub="teacher")
    del launch.claims[LINK]
    launch.claims[AGS_CLAIM]["lineitem"] = f"{platform.origin}/lineitems/9/lineitem"
    assert launch.post().status_code == 404


@pytest.mark.usefixtures("begun")
def test_a_review_has_to_say_whose_work_it_is(begin: Callable[[], Launch]) -> None:
    launch = _review(begin(), INSTRUCTOR, sub="teacher")
    del launch.claims[f"{CLAIM}for_user"]
    assert launch.post().status_code == 400
