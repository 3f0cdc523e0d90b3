"""Where a verified launch leads: the person, the assignment with its case version, the attempt."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_tool.launch.claims import Envelope, ResourceLinkLaunch
from lti_tool.launch.errors import (
    CaseNotReadyError,
    CaseUnknownError,
    ChosenCaseUnknownError,
)
from lti_tool.launch.roles import course_role, is_test_user
from lti_tool.models import Assignment, ContentItem, CourseRole, LtiUser, Registration
from lti_tool.models.lti_user import learner_key
from notebooks.attempts.models import Attempt
from notebooks.attempts.service import open_attempt, request_kernel
from notebooks.cases.models import Case, CaseVersion
from notebooks.cases.service import latest_ready_version

CASE_PARAMETER = "case"
"""The custom parameter by which an activity names its case."""
ITEM_PARAMETER = "casebook_item"
"""The custom parameter by which an activity names what was chosen for it in the dialog."""


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
                **_origin(session, registration, launch),
            )
            .on_conflict_do_nothing(
                index_elements=["registration_id", "deployment_id", "resource_link_id"]
            )
        )
        assignment = session.scalars(query).one()
    _refresh(assignment, launch)
    return assignment


def _origin(
    session: Session, registration: Registration, launch: ResourceLinkLaunch
) -> dict[str, object]:
    """Return what a new assignment is made from: a choice of the dialog's, else a case by name."""
    named = launch.custom.get(ITEM_PARAMETER)
    if named is None:
        version = _case_version(session, launch.custom.get(CASE_PARAMETER))
        return {"title": launch.title or version.title, "case_version_id": version.id}
    item = _chosen(session, registration, named)
    if item.context_id is None:
        item.context_id = launch.context_id  # the dialog knew no course
    return {
        "title": launch.title or item.title,
        "case_version_id": item.case_version_id,
        "content_item_id": item.id,
        "asks_for_dates": launch.context_id not in {None, item.context_id},
    }


def _chosen(session: Session, registration: Registration, named: str) -> ContentItem:
    """Return a choice by its id, if it was given to this very platform."""
    try:
        item_id = UUID(named)
    except ValueError as error:
        raise ChosenCaseUnknownError(f"The custom parameter {ITEM_PARAMETER} is no id") from error
    item = session.get(ContentItem, item_id, with_for_update=True)
    if item is None or item.registration_id != registration.id:
        raise ChosenCaseUnknownError(f"The custom parameter {ITEM_PARAMETER} is not known here")
    return item


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


def _case_version(session: Session, slug: str | None) -> CaseVersion:
    if slug is None:
        raise CaseUnknownError(f"The activity has no custom parameter `{CASE_PARAMETER}`")
    version = latest_ready_version(session, slug)
    if version is not None:
        return version
    if session.scalar(select(Case.id).where(Case.slug == slug)) is None:
        raise CaseUnknownError("The custom parameter `case` names a case that is not here")
    raise CaseNotReadyError("The case has no version that is ready")
