"""When an activity's work is due: told to everybody, set by staff."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from lti_tool.models import Assignment, CourseRole
from lti_tool.workspace.records import DatesView
from notebooks.attempts.models import Attempt
from notebooks.attempts.service import get_attempt


def dates_of(session: Session, attempt: Attempt, role: CourseRole) -> DatesView:
    """Return when an attempt's work is due, as a person of this role is told."""
    assignment = session.get_one(Assignment, UUID(attempt.assignment_key))
    return DatesView(
        due_at=assignment.due_at,
        may_set=role.is_staff,
        asked=role.is_staff and assignment.asks_for_dates,
    )


def set_due(session: Session, attempt_id: UUID, due_at: datetime | None) -> None:
    """Set when the activity's work is due, for everybody; None says that it has no such date."""
    attempt = get_attempt(session, attempt_id)
    assignment = session.get_one(Assignment, UUID(attempt.assignment_key))
    assignment.due_at = due_at
    assignment.asks_for_dates = False
