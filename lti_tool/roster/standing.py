"""Who of a course has not begun an activity yet."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import String, and_, cast, func, select
from sqlalchemy.orm import Session

from lti_tool.models import Assignment, Course, CourseMember, CourseRole
from notebooks.attempts.models import Attempt, AttemptMember


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many students of the course have opened an activity."""

    students: int
    """In the course now."""
    begun: int
    """Of them, those who have opened the activity."""
    left: int
    """Who were in the course once, whether they had begun or not."""
    synced_at: datetime
    """When the roster was last read."""

    @property
    def not_begun(self) -> int:
        """Return how many students have never opened the activity."""
        return self.students - self.begun

    def as_json(self) -> dict[str, int | str]:
        """Return the figures as the JSON API tells them."""
        return {
            "students": self.students,
            "begun": self.begun,
            "not_begun": self.not_begun,
            "left": self.left,
            "synced_at": self.synced_at.isoformat(),
        }


def standing_of(session: Session, assignment_id: UUID) -> Standing | None:
    """Return how far an activity's course has come; None where no roster could be read yet."""
    assignment = session.get_one(Assignment, assignment_id)
    course = session.scalar(
        select(Course).where(
            Course.registration_id == assignment.registration_id,
            Course.deployment_id == assignment.deployment_id,
            Course.context_id == assignment.context_id,
        )
    )
    if course is None or course.synced_at is None:
        return None
    here = CourseMember.left_at.is_(None)
    row = session.execute(
        select(
            func.count().filter(here).label("students"),
            func.count(Attempt.id).filter(here).label("begun"),
            func.count().filter(CourseMember.left_at.is_not(None)).label("gone"),
        )
        .select_from(CourseMember)
        .outerjoin(
            AttemptMember,
            and_(
                AttemptMember.assignment_key == str(assignment_id),
                AttemptMember.learner_key == cast(CourseMember.user_id, String),
            ),
        )
        .outerjoin(Attempt, and_(Attempt.id == AttemptMember.attempt_id, Attempt.graded))
        .where(CourseMember.course_id == course.id, CourseMember.role == CourseRole.LEARNER)
    ).one()
    return Standing(
        students=row.students, begun=row.begun, left=row.gone, synced_at=course.synced_at
    )
