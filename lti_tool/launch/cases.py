"""Which case an activity leads to: one that was chosen in the dialog, or one that it names."""

from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.launch.claims import ResourceLinkLaunch
from lti_tool.launch.errors import (
    CaseNotReadyError,
    CaseUnknownError,
    ChosenCaseUnknownError,
)
from lti_tool.models import Assignment, ContentItem, Registration
from notebooks.attempts.service import begin_tryouts_anew, is_begun
from notebooks.cases.models import Case, CaseVersion
from notebooks.cases.service import latest_ready_version

CASE_PARAMETER = "case"
"""The custom parameter by which an activity names its case."""
ITEM_PARAMETER = "casebook_item"
"""The custom parameter by which an activity names what was chosen for it in the dialog."""

_log = structlog.get_logger(__name__)


def made_from(
    session: Session, registration: Registration, launch: ResourceLinkLaunch
) -> dict[str, object]:
    """Return what a new assignment is made from: a choice of the dialog's, else a case by name.

    Raises ChosenCaseUnknownError, CaseUnknownError or CaseNotReadyError.
    """
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


def follow_choice(
    session: Session, registration: Registration, assignment: Assignment, launch: ResourceLinkLaunch
) -> None:
    """Let an activity follow a choice that was made for it anew, until a student has begun.

    The staff's try-outs begin anew then. Later it stays what it is: no running homework changes.
    """
    named = launch.custom.get(ITEM_PARAMETER)
    if named is None or named == str(assignment.content_item_id):
        return
    if is_begun(session, str(assignment.id)):
        _log.warning("choice not followed", assignment=str(assignment.id))
        return
    item = _chosen(session, registration, named)
    assignment.content_item_id, assignment.title = item.id, item.title
    assignment.case_version_id = item.case_version_id
    begin_tryouts_anew(session, str(assignment.id))


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


def _case_version(session: Session, slug: str | None) -> CaseVersion:
    if slug is None:
        raise CaseUnknownError(f"The activity has no custom parameter `{CASE_PARAMETER}`")
    version = latest_ready_version(session, slug)
    if version is not None:
        return version
    if session.scalar(select(Case.id).where(Case.slug == slug)) is None:
        raise CaseUnknownError("The custom parameter `case` names a case that is not here")
    raise CaseNotReadyError("The case has no version that is ready")
