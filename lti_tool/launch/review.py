"""Where the review of a submission leads: to one student's work, from the grade book."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.launch.claims import Envelope, SubmissionReview
from lti_tool.launch.errors import NothingToReviewError, ReviewForbiddenError
from lti_tool.launch.placement import Placement, find_or_add_user
from lti_tool.launch.roles import course_role
from lti_tool.models import Assignment, CourseRole, LtiUser, Registration
from lti_tool.models.lti_user import learner_key
from notebooks.attempts.models import Attempt, AttemptMember


def find_work(
    session: Session, registration: Registration, envelope: Envelope, review: SubmissionReview
) -> Placement:
    """Return the work that somebody may look at: staff anybody's, a student only the own.

    Staff look on: what they see is the student's, and nothing that they press may change it. Raises
    ReviewForbiddenError or NothingToReviewError.
    """
    role = course_role(review.roles)
    if not role.is_staff and review.for_user != envelope.subject:
        raise ReviewForbiddenError("Another person's work, and the role is not one of staff")
    assignment = _assignment(session, registration, envelope, review)
    attempt = None if assignment is None else _attempt(session, assignment, review.for_user)
    if assignment is None or attempt is None:
        raise NothingToReviewError("The activity is unknown, or the person has not opened it")
    return Placement(
        user=find_or_add_user(session, registration.id, envelope.subject),
        assignment=assignment,
        attempt=attempt,
        role=CourseRole.OBSERVER if role.is_staff else role,
    )


def _assignment(
    session: Session, registration: Registration, envelope: Envelope, review: SubmissionReview
) -> Assignment | None:
    """Return the activity by its resource link, else by its column."""
    here = select(Assignment).where(
        Assignment.registration_id == registration.id,
        Assignment.deployment_id == envelope.deployment_id,
    )
    if review.resource_link_id is not None:
        return session.scalar(here.where(Assignment.resource_link_id == review.resource_link_id))
    if review.line_item_url is None:
        return None
    return session.scalar(here.where(Assignment.line_item_url == review.line_item_url).limit(1))


def _attempt(session: Session, assignment: Assignment, sub: str) -> Attempt | None:
    """Return somebody's graded work on an activity."""
    user_id = session.scalar(
        select(LtiUser.id).where(
            LtiUser.registration_id == assignment.registration_id, LtiUser.sub == sub
        )
    )
    if user_id is None:
        return None
    return session.scalar(
        select(Attempt)
        .join(AttemptMember, AttemptMember.attempt_id == Attempt.id)
        .where(
            AttemptMember.assignment_key == str(assignment.id),
            AttemptMember.learner_key == learner_key(user_id, graded=True),
            Attempt.graded,
        )
    )
