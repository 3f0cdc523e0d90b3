"""The cases that somebody may choose from: everybody's, and uploads of theirs or their course."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from lti_tool.models import Dialog, UploadedCase
from notebooks.cases.models import BuildState, Case, CaseVersion
from notebooks.cases.profile import Profile

MOST_SHOWN = 50
"""Cases on one page; the others are found by searching."""
SEARCH_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A built version of a case, as a teacher sees it in the list."""

    version_id: UUID
    title: str
    points: float
    """What its subtasks are worth together; the default maximum of its column."""
    subtasks: tuple[str, ...]
    """Their titles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What was found, and how much there is."""

    offers: tuple[Offer, ...]
    """By title, at most `MOST_SHOWN`."""
    found: int
    total: int


def look(session: Session, dialog: Dialog, search: str = "") -> Shelf:
    """Return the newest built version of each case whose title or short name holds `search`."""
    newest = (
        select(CaseVersion.id)
        .join(Case, Case.id == CaseVersion.case_id)
        .outerjoin(UploadedCase, UploadedCase.case_id == Case.id)
        .where(CaseVersion.state == BuildState.READY, _may_see(dialog))
        .ext(distinct_on(CaseVersion.case_id))
        .order_by(CaseVersion.case_id, CaseVersion.number.desc())
        .subquery()
    )
    every = select(CaseVersion).where(CaseVersion.id.in_(select(newest.c.id)))
    wanted = search.strip()[:SEARCH_LENGTH]
    matches = every.join(Case, Case.id == CaseVersion.case_id).where(_matches(wanted))
    rows = session.scalars(
        matches.order_by(func.lower(CaseVersion.title), CaseVersion.id).limit(MOST_SHOWN)
    )
    return Shelf(
        offers=tuple(map(_offer, rows)),
        found=session.scalar(select(func.count()).select_from(matches.subquery())) or 0,
        total=session.scalar(select(func.count()).select_from(every.subquery())) or 0,
    )


def take(session: Session, dialog: Dialog, version_ids: Collection[UUID]) -> Sequence[Offer]:
    """Return those of the versions that are built and may be chosen, in the order of asking."""
    rows = session.scalars(
        select(CaseVersion)
        .outerjoin(UploadedCase, UploadedCase.case_id == CaseVersion.case_id)
        .where(
            CaseVersion.id.in_(version_ids),
            CaseVersion.state == BuildState.READY,
            _may_see(dialog),
        )
    )
    found = {row.id: _offer(row) for row in rows}
    return [found[version_id] for version_id in version_ids if version_id in found]


def _may_see(dialog: Dialog) -> ColumnElement[bool]:
    """Return the condition on a case: nobody uploaded it, or they did, or their course."""
    own = or_(UploadedCase.case_id.is_(None), UploadedCase.user_id == dialog.user_id)
    if dialog.context_id is None:
        return own
    here = and_(
        UploadedCase.registration_id == dialog.registration_id,
        UploadedCase.deployment_id == dialog.deployment_id,
        UploadedCase.context_id == dialog.context_id,
    )
    return or_(own, here)


def _matches(wanted: str) -> ColumnElement[bool]:
    if not wanted:
        return true()
    return or_(
        CaseVersion.title.icontains(wanted, autoescape=True),
        Case.slug.icontains(wanted, autoescape=True),
    )


def _offer(version: CaseVersion) -> Offer:
    profile = Profile.model_validate(version.profile)
    return Offer(
        version_id=version.id,
        title=version.title,
        points=sum(subtask.points for subtask in profile.subtasks),
        subtasks=tuple(subtask.title for subtask in profile.subtasks),
    )
