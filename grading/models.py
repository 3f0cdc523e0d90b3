"""Tables of judgement: expected answers, validations, points and score deliveries."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow
from grading.verdict import Verdict


class ValidationState(StrEnum):
    """Where a validation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Casebook's own fault (a sandbox could not be had): the student may press again."""


class PreparedCase(Base):
    """What the ideal solution answered: computed once, when the case version is built."""

    __tablename__ = "prepared_case"

    case_version_id: Mapped[UUID] = mapped_column(
        ForeignKey("case_version.id", ondelete="CASCADE"), primary_key=True
    )
    probes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Probes and tests with the ideal's answers (`grading.prepared.PreparedItems`)."""
    prepared_at: Mapped[datetime] = mapped_column(default=utcnow)


class Validation(Base):
    """The judgement of one subtask; document and time are frozen at the click."""

    __tablename__ = "validation"
    __table_args__ = (
        Index(
            "uq_validation_one_open",
            "attempt_id",
            "subtask",
            unique=True,
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    attempt_id: Mapped[UUID] = mapped_column(
        ForeignKey("attempt.id", ondelete="CASCADE"), index=True
    )
    subtask: Mapped[str]
    revision: Mapped[int]
    """The document's revision at the click."""
    cells: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """The document at the click."""
    state: Mapped[ValidationState] = mapped_column(default=ValidationState.QUEUED)
    verdict: Mapped[Verdict | None]
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """`grading.evidence.Evidence` records."""
    feedback: Mapped[str] = mapped_column(default="")
    """Markdown for the student."""
    clicked_at: Mapped[datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[datetime | None]


class SubtaskResult(Base):
    """The standing of one subtask of an attempt: its newest finished validation."""

    __tablename__ = "subtask_result"

    attempt_id: Mapped[UUID] = mapped_column(
        ForeignKey("attempt.id", ondelete="CASCADE"), primary_key=True
    )
    subtask: Mapped[str] = mapped_column(primary_key=True)
    validation_id: Mapped[UUID] = mapped_column(ForeignKey("validation.id", ondelete="CASCADE"))
    verdict: Mapped[Verdict]
    points: Mapped[float]
    """Earned so far; an approved subtask keeps its points when validated again."""


class DeliveryState(StrEnum):
    """Where an attempt's score stands on its way out."""

    PENDING = "pending"
    SENT = "sent"
    REFUSED = "refused"
    """The platform said no for good; `last_error` says why and what to do."""
    OVERRIDDEN = "overridden"
    """The grade book holds a grade of somebody else's, which is left alone."""


class ScoreDelivery(Base):
    """The score of one attempt on its way to the grade book; one row, always the newest score."""

    __tablename__ = "score_delivery"

    attempt_id: Mapped[UUID] = mapped_column(
        ForeignKey("attempt.id", ondelete="CASCADE"), primary_key=True
    )
    wanted_rev: Mapped[int] = mapped_column(default=1)
    """Grows with every change of points or comment."""
    sent_rev: Mapped[int] = mapped_column(default=0)
    """The newest revision that the platform is known to hold."""
    score: Mapped[float]
    max_score: Mapped[float]
    comment: Mapped[str]
    """Plain text, key facts first."""
    facts: Mapped[str] = mapped_column(default="")
    """Points and verdicts in short; a comment with other words for the same facts is no version."""
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every change of the facts."""
    told_version: Mapped[int] = mapped_column(default=0)
    """The newest version whose comment the platform is known to have taken."""
    tried_version: Mapped[int] = mapped_column(default=0)
    """The newest version that was handed out for sending."""
    tried_since: Mapped[datetime | None]
    """The first timestamp under which that version was handed out."""
    unsettled_since: Mapped[datetime | None]
    """Since when words of the comment are still being written; None if they are final."""
    clicked_at: Mapped[datetime | None]
    """The student's last click that counts in this score."""
    sent_share: Mapped[float | None]
    """Share of the maximum that the platform took last; None before the first."""
    tried_shares: Mapped[list[float]] = mapped_column(JSONB, default=list)
    """Shares that may have arrived since, newest last: what the grade book may show of ours."""
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.PENDING)
    sent_timestamp: Mapped[datetime | None]
    """The last timestamp that was sent; the next one is later."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    """Not to be tried before this moment."""
    leased_until: Mapped[datetime | None]
    """A worker is sending it until then; no row lock is held during HTTP."""
    last_error: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime] = mapped_column(default=utcnow)

    @property
    def sent_at(self) -> datetime | None:
        """When the score that the platform holds was sent; None while a newer one is wanted."""
        return self.sent_timestamp if self.state is DeliveryState.SENT else None
