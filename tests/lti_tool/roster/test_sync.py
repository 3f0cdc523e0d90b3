"""A course's roster in the database, after one reading and the next."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from config.database import Base, Database, utcnow
from lti_tool.models import (
    Assignment,
    Course,
    CourseMember,
    CourseRole,
    LtiUser,
    Registration,
    RegistrationState,
)
from lti_tool.models.lti_user import learner_key
from lti_tool.roster.standing import standing_of
from lti_tool.roster.tasks import RETRY_SECONDS, Registrar
from lti_tool.vocab import TEST_USER_ROLE
from notebooks.attempts.service import open_attempt
from tests.fakes.platform import CANARY_HOST, CANARY_NAME, Fault, Platform
from tests.lti_tool.factories import INSTRUCTOR, LEARNER


def _members(database: Database) -> dict[str, tuple[CourseRole, bool]]:
    """Return the role of everybody who was ever seen, and whether they are still there."""
    with database.transaction() as session:
        rows = session.execute(
            select(LtiUser.sub, CourseMember.role, CourseMember.left_at).join(
                CourseMember, CourseMember.user_id == LtiUser.id
            )
        )
        return {row.sub: (row.role, row.left_at is None) for row in rows}


def _waiting(database: Database) -> list[dict[str, object]]:
    with database.transaction() as session:
        rows = session.execute(
            text("SELECT args FROM procrastinate_jobs WHERE queue_name = 'rosters'")
        )
        return [row.args for row in rows]


def _open(database: Database, assignment_id: UUID, sub: str) -> None:
    with database.transaction() as session:
        assignment = session.get_one(Assignment, assignment_id)
        user = session.scalars(select(LtiUser).where(LtiUser.sub == sub)).one()
        open_attempt(
            session,
            assignment_key=str(assignment.id),
            learner_key=learner_key(user.id, graded=True),
            case_version_id=assignment.case_version_id,
            graded=True,
        )


def test_members_are_kept_with_their_role_and_without_their_names(
    registrar: Registrar, database: Database, platform: Platform, course_id: UUID
) -> None:
    platform.enrol("s1", LEARNER)
    platform.enrol("s2", "Learner")
    platform.enrol("t1", INSTRUCTOR)
    registrar.sync(course_id)
    assert _members(database) == {
        "s1": (CourseRole.LEARNER, True),
        "s2": (CourseRole.LEARNER, True),
        "t1": (CourseRole.INSTRUCTOR, True),
    }
    with database.transaction() as session:
        stored = str([session.execute(t.select()).all() for t in Base.metadata.sorted_tables])
    assert "s1" in stored
    assert CANARY_NAME not in stored
    assert CANARY_HOST not in stored


def test_leavers_are_marked_and_come_back_unmarked(
    registrar: Registrar, database: Database, platform: Platform, course_id: UUID
) -> None:
    platform.enrol("s1", LEARNER)
    platform.enrol("s2", LEARNER)
    registrar.sync(course_id)
    platform.roster.pop()
    registrar.sync(course_id)
    assert _members(database)["s2"] == (CourseRole.LEARNER, False)
    platform.enrol("s2", INSTRUCTOR)
    registrar.sync(course_id)
    assert _members(database)["s2"] == (CourseRole.INSTRUCTOR, True)


def test_who_is_listed_as_inactive_has_left(
    registrar: Registrar, database: Database, platform: Platform, course_id: UUID
) -> None:
    platform.enrol("s1", LEARNER)
    platform.enrol("s2", LEARNER)
    registrar.sync(course_id)
    platform.roster[1]["status"] = "INACTIVE"
    registrar.sync(course_id)
    assert _members(database)["s2"] == (CourseRole.LEARNER, False)


def test_a_pretended_student_is_on_no_roster(
    registrar: Registrar, database: Database, platform: Platform, course_id: UUID
) -> None:
    platform.enrol("s1", LEARNER)
    platform.enrol("preview", LEARNER, TEST_USER_ROLE)
    registrar.sync(course_id)
    assert set(_members(database)) == {"s1"}


def test_students_who_never_opened_the_activity_are_counted(
    registrar: Registrar,
    database: Database,
    platform: Platform,
    course_id: UUID,
    assignment_id: UUID,
) -> None:
    for number in range(4):
        platform.enrol(f"s{number}", LEARNER)
    platform.enrol("t1", INSTRUCTOR)
    registrar.sync(course_id)
    _open(database, assignment_id, "s0")
    _open(database, assignment_id, "s3")
    platform.roster = [entry for entry in platform.roster if entry["user_id"] != "s3"]
    registrar.sync(course_id)
    with database.transaction() as session:
        standing = standing_of(session, assignment_id)
    assert standing is not None
    assert (standing.students, standing.begun, standing.not_begun, standing.left) == (3, 1, 2, 1)


def test_without_a_roster_nothing_is_said_of_who_has_not_begun(
    database: Database, assignment_id: UUID, course_id: UUID
) -> None:
    with database.transaction() as session:
        assert session.get_one(Course, course_id).synced_at is None
        assert standing_of(session, assignment_id) is None


@pytest.mark.parametrize("path", ["/token", "/members"])
def test_a_failure_that_may_pass_is_tried_again_later(
    registrar: Registrar, database: Database, platform: Platform, course_id: UUID, path: str
) -> None:
    platform.enrol("s1", LEARNER)
    platform.faults = [Fault(path, drop=True)]
    registrar.sync(course_id)
    assert _waiting(database) == [{"course_id": str(course_id), "tries": 1}]
    registrar.sync(course_id, tries=1)
    assert set(_members(database)) == {"s1"}


def test_a_roster_that_cannot_be_had_for_an_hour_is_left(
    registrar: Registrar, database: Database, platform: Platform, course_id: UUID
) -> None:
    platform.faults = [Fault("/members")]
    registrar.sync(course_id, tries=len(RETRY_SECONDS))
    assert _waiting(database) == []


def test_a_refused_roster_marks_nobody_as_gone_and_is_not_tried_again(
    registrar: Registrar, database: Database, platform: Platform, course_id: UUID
) -> None:
    platform.enrol("s1", LEARNER)
    registrar.sync(course_id)
    platform.roster.clear()
    registrar.sync(course_id)
    platform.faults = [Fault("/members", status=403)]
    registrar.sync(course_id)
    assert _members(database) == {"s1": (CourseRole.LEARNER, True)}
    assert _waiting(database) == []


def test_a_platform_that_asked_to_slow_down_is_left_alone(
    registrar: Registrar, database: Database, platform: Platform, course_id: UUID
) -> None:
    with database.transaction() as session:
        session.scalars(select(Registration)).one().paused_until = utcnow() + timedelta(minutes=1)
    registrar.sync(course_id)
    assert platform.seen == []
    assert _waiting(database) == [{"course_id": str(course_id), "tries": 0}]


def test_a_disabled_registration_is_asked_for_nothing(
    registrar: Registrar, database: Database, platform: Platform, course_id: UUID
) -> None:
    with database.transaction() as session:
        session.scalars(select(Registration)).one().state = RegistrationState.DISABLED
    registrar.sync(course_id)
    assert platform.seen == []
    assert _waiting(database) == []
