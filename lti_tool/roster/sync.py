"""Bringing a course's roster up to date: read it whole, then write it down at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_tool.launch.roles import course_role, is_test_user
from lti_tool.models import Course, CourseMember, LtiUser, Registration, RegistrationState
from lti_tool.services.members import Member

BATCH = 1000
"""Rows of one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a roster is read."""

    registration: Registration
    url: str


def source_of(session: Session, course_id: UUID) -> Source | None:
    """Return where a course's roster is; None if the course or its registration is no more."""
    course = session.get(Course, course_id)
    if course is None:
        return None
    registration = session.get_one(Registration, course.registration_id)
    if registration.state != RegistrationState.ACTIVE:
        return None
    return Source(registration=registration, url=course.memberships_url)


def keep(session: Session, course_id: UUID, members: Sequence[Member], *, now: datetime) -> None:
    """Write a whole roster down: newcomers are added, leavers marked, returners unmarked.

    Members get their identity here, whether they ever open the tool or not. A pretended student is
    nobody's student and left out.
    """
    course = session.get_one(Course, course_id, with_for_update=True)
    present = {
        member.user_id: course_role(member.roles)
        for member in members
        if member.active and not is_test_user(member.roles)
    }
    users = _users(session, course.registration_id, sorted(present))
    for some in _batches(sorted(users)):
        statement = insert(CourseMember).values(
            [{"course_id": course_id, "user_id": users[sub], "role": present[sub]} for sub in some]
        )
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["course_id", "user_id"],
                set_={"role": statement.excluded.role, "left_at": None},
            )
        )
    session.execute(
        update(CourseMember)
        .where(
            CourseMember.course_id == course_id,
            CourseMember.left_at.is_(None),
            CourseMember.user_id.not_in(users.values()),
        )
        .values(left_at=now)
        .execution_options(synchronize_session=False)
    )
    course.synced_at = now


def _users(session: Session, registration_id: UUID, subs: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of people by their `sub`, made where they are new."""
    found: dict[str, UUID] = {}
    for some in _batches(subs):
        session.execute(
            insert(LtiUser)
            .values([{"registration_id": registration_id, "sub": sub} for sub in some])
            .on_conflict_do_nothing(index_elements=["registration_id", "sub"])
        )
        rows = session.execute(
            select(LtiUser.sub, LtiUser.id).where(
                LtiUser.registration_id == registration_id, LtiUser.sub.in_(some)
            )
        )
        found.update((row.sub, row.id) for row in rows)
    return found


def _batches(subs: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(subs), BATCH):
        yield subs[start : start + BATCH]
