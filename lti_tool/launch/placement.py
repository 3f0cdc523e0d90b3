"""Where a verified launch leads: the person, the assignment with its case version, the attempt."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_tool.launch.cases import follow_choice, made_from
from lti_tool.launch.claims import Envelope, ResourceLinkLaunch
from lti_tool.launch.roles import course_role, is_test_user
from lti_tool.models import Assignment, CourseRole, LtiUser, Registration
from lti_tool.models.lti_user import learner_key
from notebooks.attempts.models import Attempt
from notebooks.attempts.service import open_attempt, request_kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Who came, as what, and to which work."""

    user: LtiUser
    assignment: Assignment
    attempt: Attempt
    role: CourseRole


def place(
    session: Session, registration: Registration, envelope: Envelope, launch: ResourceLinkLaunch
) -> Placement:
    """Find or make everything that a launch leads to; safe against launches side by side.

    Raises ChosenCaseUnknownError, CaseUnknownError or CaseNotReadyError.
    """
    assignment = _assignment(session, registration, envelope, launch)
    user = find_or_add_user(session, registration.id, envelope.subject)
    role = course_role(launch.roles)
    graded = is_graded(role, launch.roles, subject=envelope.subject)
    attempt = open_attempt(
        session,
        assignment_key=str(assignment.id),
        learner_key=learner_key(user.id, graded=graded),
        case_version_id=assignment.case_version_id,
        graded=graded,
    )
    if role.may_work:
        request_kernel(session, attempt.id)
    return Placement(user=user, assignment=assignment, attempt=attempt, role=role)


def is_graded(role: CourseRole, roles: tuple[str, ...], *, subject: str | None) -> bool:
    """Tell whether a grade may ever be posted: for learners only, and for real ones."""
    return role is CourseRole.LEARNER and not is_test_user(roles) and subject is not None


def find_or_add_user(session: Session, registration_id: UUID, subject: str | None) -> LtiUser:
    """Return the person by (registration, sub); an anonymous one is somebody new each time."""
    sub = subject if subject is not None else f"anonymous:{uuid4()}"
    session.execute(
        insert(LtiUser)
        .values(registration_id=registration_id, sub=sub)
        .on_conflict_do_nothing(index_elements=["registration_id", "sub"])
    )
    return session.scalars(
        select(LtiUser).where(LtiUser.registration_id == registration_id, LtiUser.sub == sub)
    ).one()


def _assignment(
    session: Session, registration: Registration, envelope: Envelope, launch: ResourceLinkLaunch
) -> Assignment:
    """Return the resource link's assignment, made at its first launch, with what is new in this."""
    query = select(Assignment).where(
        Assignment.registration_id == registration.id,
        Assignment.deployment_id == envelope.deployment_id,
        Assignment.resource_link_id == launch.resource_link_id,
    )
    assignment = session.scalar(query)
    if assignment is None:
        session.execute(
            insert(Assignment)
            .values(
                registration_id=registration.id,
                deployment_id=envelope.deployment_id,
                resource_link_id=launch.resource_link_id,
                **made_from(session, registration, launch),
            )
            .on_conflict_do_nothing(
                index_elements=["registration_id", "deployment_id", "resource_link_id"]
            )
        )
        assignment = session.scalars(query).one()
    else:
        follow_choice(session, registration, assignment, launch)
    _refresh(assignment, launch)
    return assignment


def _refresh(assignment: Assignment, launch: ResourceLinkLaunch) -> None:
    """Take over what a launch says of its activity; what it is silent about stays.

    A line item is left out by platforms as soon as an activity has several: ours is still there.
    """
    assignment.title = launch.title or assignment.title
    assignment.context_id = launch.context_id or assignment.context_id
    assignment.context_title = launch.context_title or assignment.context_title
    if launch.grades is not None:
        assignment.line_item_url = launch.grades.line_item_url or assignment.line_item_url
        assignment.line_items_url = launch.grades.line_items_url
        assignment.scopes = list(launch.grades.scopes)
