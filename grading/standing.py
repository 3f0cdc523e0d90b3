"""Where an attempt stands: points, verdicts, newest validations, and its score's delivery."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from grading.evidence import Evidence, for_student
from grading.models import (
    DeliveryState,
    ScoreDelivery,
    SubtaskResult,
    Validation,
    ValidationState,
)
from grading.verdict import Verdict
from notebooks.attempts.service import get_attempt
from notebooks.cases.profile import Profile
from notebooks.outputs import render_markdown


@dataclass(frozen=True, slots=True)
class SubtaskStanding:
    """What one subtask has earned; `verdict` is None until it has been validated."""

    id: str
    title: str
    verdict: Verdict | None
    points: float
    max_points: float
    validation_id: UUID | None
    feedback: str
    """Markdown of the newest finished validation."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an attempt has earned, subtask by subtask in the case's order."""

    score: float
    max_score: float
    locale: str
    subtasks: tuple[SubtaskStanding, ...]
    clicked_at: datetime | None = None
    """The newest click that counts in it; None before the first."""


@dataclass(frozen=True, slots=True)
class ValidationView:
    """The newest validation of one subtask, as its student may see it."""

    validation_id: UUID
    subtask: str
    state: ValidationState
    verdict: Verdict | None
    points: float
    max_points: float
    evidence: tuple[dict[str, Any], ...]
    feedback_html: str
    clicked_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryStanding:
    """Where an attempt's score is on its way to the grade book."""

    state: DeliveryState
    score: float
    message: str
    """Why it is late or was refused, and what to do; empty when all goes well."""
    at: datetime | None
    """When it was sent; None until it is."""


def points_of(session: Session, attempt_id: UUID) -> Standing:
    """Return what an attempt has earned. Raises NotFoundError."""
    profile = Profile.model_validate(get_attempt(session, attempt_id).case_version.profile)
    rows = session.execute(
        select(SubtaskResult, Validation.feedback, Validation.clicked_at)
        .join(Validation, Validation.id == SubtaskResult.validation_id)
        .where(SubtaskResult.attempt_id == attempt_id)
        .execution_options(populate_existing=True)
    )
    results: dict[str, tuple[SubtaskResult | None, str]] = {}
    clicks: list[datetime] = []
    for result, feedback, clicked_at in rows:
        results[result.subtask] = (result, feedback)
        clicks.append(clicked_at)
    subtasks = []
    for subtask in profile.subtasks:
        earned, feedback = results.get(subtask.id, (None, ""))
        subtasks.append(
            SubtaskStanding(
                id=subtask.id,
                title=subtask.title,
                verdict=earned.verdict if earned is not None else None,
                points=earned.points if earned is not None else 0.0,
                max_points=subtask.points,
                validation_id=earned.validation_id if earned is not None else None,
                feedback=feedback,
            )
        )
    return Standing(
        score=sum(subtask.points for subtask in subtasks),
        max_score=sum(subtask.max_points for subtask in subtasks),
        locale=profile.locale,
        subtasks=tuple(subtasks),
        clicked_at=max(clicks, default=None),
    )


def delivery_of(session: Session, attempt_id: UUID) -> DeliveryStanding | None:
    """Return where an attempt's score stands, or None before there was one to send."""
    row = session.get(ScoreDelivery, attempt_id)
    if row is None:
        return None
    return DeliveryStanding(row.state, row.score, row.last_error, row.sent_at)


def latest_validations(session: Session, attempt_id: UUID) -> list[ValidationView]:
    """Return the newest validation of each subtask that has one. Raises NotFoundError."""
    standing = {subtask.id: subtask for subtask in points_of(session, attempt_id).subtasks}
    newest = session.scalars(
        select(Validation)
        .where(Validation.attempt_id == attempt_id, Validation.subtask.in_(standing))
        .ext(distinct_on(Validation.subtask))
        .order_by(Validation.subtask, Validation.clicked_at.desc())
        .execution_options(populate_existing=True)
    )
    return [view_of(validation, standing[validation.subtask]) for validation in newest]


def view_of(validation: Validation, subtask: SubtaskStanding) -> ValidationView:
    """Return a validation as its student may see it."""
    records = (Evidence.model_validate(item) for item in validation.evidence)
    return ValidationView(
        validation_id=validation.id,
        subtask=validation.subtask,
        state=validation.state,
        verdict=validation.verdict,
        points=subtask.points,
        max_points=subtask.max_points,
        evidence=tuple(for_student(record) for record in records),
        feedback_html=render_markdown(validation.feedback),
        clicked_at=validation.clicked_at,
        ended_at=validation.ended_at,
    )
