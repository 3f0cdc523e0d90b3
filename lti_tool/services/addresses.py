"""From an attempt to the place of its score in a grade book."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Assignment, LtiUser, Registration, RegistrationState
from lti_tool.models.lti_user import user_of_learner_key
from lti_tool.services.delivery import Address
from notebooks.attempts.models import Attempt, AttemptMember


def address_of(session: Session, attempt_id: UUID) -> Address | None:
    """Return where an attempt's score goes.

    None if it goes nowhere: a try-out, or a registration that is no longer active.
    """
    row = session.execute(
        select(Attempt.assignment_key, AttemptMember.learner_key)
        .join(AttemptMember, AttemptMember.attempt_id == Attempt.id)
        .where(Attempt.id == attempt_id, Attempt.graded)
        .order_by(AttemptMember.learner_key)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    assignment = session.get(Assignment, UUID(row.assignment_key))
    user = session.get(LtiUser, user_of_learner_key(row.learner_key))
    if assignment is None or user is None:
        return None
    registration = session.get_one(Registration, assignment.registration_id)
    if registration.state != RegistrationState.ACTIVE:
        return None
    return Address(
        registration=registration,
        assignment_id=assignment.id,
        line_item_url=assignment.line_item_url,
        scopes=frozenset(assignment.scopes),
        user_id=user.sub,
    )
