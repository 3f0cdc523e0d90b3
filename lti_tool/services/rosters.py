"""Rosters of courses: when they are read, what is kept of them, and who has not begun.

A sync is wanted by a launch, at most once in a while for each course. What it cannot read changes
nothing; the next launch after that while wants it again.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.database import utcnow
from config.queue import Queue, defer
from lti_tool.launch.roles import course_role
from lti_tool.models import Assignment, Course, CourseMember, CourseRole, LtiUser, Registration
from lti_tool.models.lti_user import learner_key
from lti_tool.services.client import ServiceClient
from lti_tool.services.errors import ServiceError
from lti_tool.services.members import Member, read_members
from notebooks.attempts.models import AttemptMember

SYNC_ROSTER: Final = "lti:sync_roster"
REST: Final = timedelta(minutes=10)
"""How long a course's roster is left alone after it was wanted."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many of a course's learners have opened an assignment."""

    learners: int
    """Learners who are in the course now."""
    begun: int
    """Of them: those who have work in this assignment."""
    synced_at: datetime | None
    """When the roster was last read; None where the platform tells none."""


def want_roster(
    session: Session,
    *,
    registration_id: UUID,
    deployment_id: str,
    context_id: str,
    memberships_url: str,
) -> bool:
    """Have a course's roster read soon, unless it was wanted a while ago; returns whether it is."""
    named = {
        "registration_id": registration_id,
        "deployment_id": deployment_id,
        "context_id": context_id,
    }
    session.execute(
        insert(Course)
        .values(**named, memberships_url=memberships_url)
        .on_conflict_do_update(
            index_elements=list(named), set_={"memberships_url": memberships_url}
        )
    )
    now = utcnow()
    course_id = session.scalar(
        update(Course)
        .where(
            *(getattr(Course, name) == value for name, value in named.items()),
            (Course.asked_at.is_(None)) | (Course.asked_at <= now - REST),
        )
        .values(asked_at=now)
        .returning(Course.id)
    )
    if course_id is None:
        return False
    return defer(
        session,
        SYNC_ROSTER,
        queue=Queue.ROSTERS,
        args={"course_id": str(course_id)},
        queueing_lock=f"roster-{course_id}",
    )


def sync(
    client: ServiceClient,
    transaction: Callable[[], AbstractContextManager[Session]],
    course_id: UUID,
) -> None:
    """Read a course's roster and keep it; no connection is held while the platform is asked."""
    with transaction() as session:
        course = session.get(Course, course_id)
        if course is None:
            return
        registration = session.get_one(Registration, course.registration_id)
        url = course.memberships_url
    try:
        members = read_members(client, registration, url)
    except ServiceError as error:
        _log.warning("roster not read", course=str(course_id), reason=str(error))
        return
    with transaction() as session:
        keep(session, course_id, members, now=utcnow())
    _log.info("roster read", course=str(course_id), members=len(members))


def keep(
    session: Session, course_id: UUID, members: Mapping[str, Member], *, now: datetime
) -> None:
    """Take a whole roster over: newcomers come in, leavers are marked, who is back is in again."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(str(course_id)))))
    present = [member for member in members.values() if member.active]
    if present:
        rows = [
            {"course_id": course_id, "sub": one.sub, "role": course_role(one.roles)}
            for one in present
        ]
        arriving = insert(CourseMember)
        session.execute(
            arriving.on_conflict_do_update(
                index_elements=["course_id", "sub"],
                set_={"role": arriving.excluded.role, "left_at": None},
            ),
            rows,
        )
    session.execute(
        update(CourseMember)
        .where(
            CourseMember.course_id == course_id,
            CourseMember.left_at.is_(None),
            CourseMember.sub.not_in([one.sub for one in present]),
        )
        .values(left_at=now)
    )
    session.execute(update(Course).where(Course.id == course_id).values(synced_at=now))


def standing(session: Session, assignment_id: UUID) -> Standing:
    """Return how many learners of an assignment's course are in it, and have begun."""
    assignment = session.get_one(Assignment, assignment_id)
    course = session.scalar(
        select(Course).where(
            Course.registration_id == assignment.registration_id,
            Course.deployment_id == assignment.deployment_id,
            Course.context_id == assignment.context_id,
        )
    )
    if course is None:
        return Standing(learners=0, begun=0, synced_at=None)
    learners = session.execute(
        select(CourseMember.sub, LtiUser.id)
        .outerjoin(
            LtiUser,
            (LtiUser.sub == CourseMember.sub) & (LtiUser.registration_id == course.registration_id),
        )
        .where(
            CourseMember.course_id == course.id,
            CourseMember.role == CourseRole.LEARNER,
            CourseMember.left_at.is_(None),
        )
    ).all()
    keys = [learner_key(user_id, graded=True) for _, user_id in learners if user_id is not None]
    begun = session.scalar(
        select(func.count())
        .select_from(AttemptMember)
        .where(
            AttemptMember.assignment_key == str(assignment_id), AttemptMember.learner_key.in_(keys)
        )
    )
    return Standing(learners=len(learners), begun=begun or 0, synced_at=course.synced_at)
