"""What a launch says of its course, and whether the course's roster is to be read now."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.queue import Queue, defer
from lti_tool.launch.claims import Envelope, ResourceLinkLaunch
from lti_tool.models import Course, CourseRole, Registration

SYNC_ROSTER: Final = "roster:sync_roster"
AT_MOST_EVERY: Final = timedelta(minutes=10)
"""How often the staff's launches may have one course's roster read."""


def note_course(  # noqa: PLR0913 - what came, from whom, as what, and when
    session: Session,
    registration: Registration,
    envelope: Envelope,
    launch: ResourceLinkLaunch,
    *,
    role: CourseRole,
    now: datetime,
) -> None:
    """Keep where the course's roster is, and have it read if it is time to.

    That is at the first launch of all, and at one of staff from time to time: it is they who want
    to know who has not begun.
    """
    if launch.context_id is None or launch.memberships_url is None:
        return
    course = _course(session, registration, envelope, launch.context_id, launch.memberships_url)
    if course.memberships_url != launch.memberships_url:
        course.memberships_url = launch.memberships_url
    if not is_due(course.asked_at, role=role, now=now):
        return
    asked = session.scalar(
        update(Course)
        .where(Course.id == course.id, Course.asked_at.is_not_distinct_from(course.asked_at))
        .values(asked_at=now)
        .returning(Course.id)
    )
    if asked is not None:
        defer(
            session,
            SYNC_ROSTER,
            queue=Queue.ROSTERS,
            args={"course_id": str(course.id)},
            queueing_lock=f"roster-{course.id}",
        )


def is_due(asked_at: datetime | None, *, role: CourseRole, now: datetime) -> bool:
    """Tell whether a launch in this role is to have the roster read."""
    return asked_at is None or (role.is_staff and asked_at <= now - AT_MOST_EVERY)


def _course(
    session: Session, registration: Registration, envelope: Envelope, context_id: str, url: str
) -> Course:
    """Return the context's course, made at its first launch.

    A row that is there already is not written: all of a class would queue for it.
    """
    query = select(Course).where(
        Course.registration_id == registration.id,
        Course.deployment_id == envelope.deployment_id,
        Course.context_id == context_id,
    )
    course = session.scalar(query)
    if course is not None:
        return course
    session.execute(
        insert(Course)
        .values(
            registration_id=registration.id,
            deployment_id=envelope.deployment_id,
            context_id=context_id,
            memberships_url=url,
        )
        .on_conflict_do_nothing(index_elements=["registration_id", "deployment_id", "context_id"])
    )
    return session.scalars(query).one()
