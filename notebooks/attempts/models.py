"""Tables of attempts, documents and runs."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, utcnow
from notebooks.cases.models import CaseVersion


class Attempt(Base):
    """One piece of work on one assignment; the schema allows several members."""

    __tablename__ = "attempt"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    assignment_key: Mapped[str] = mapped_column(index=True)
    """Opaque to notebooks; the LTI tool's assignment id."""
    case_version_id: Mapped[UUID] = mapped_column(ForeignKey("case_version.id"))
    stream_id: Mapped[UUID] = mapped_column(ForeignKey("journal_stream.id"))
    graded: Mapped[bool] = mapped_column(default=True)
    """False for a teacher's or test user's try-out: its score goes nowhere."""
    runner_url: Mapped[str | None]
    """The runner that holds this attempt's kernel."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    case_version: Mapped[CaseVersion] = relationship()


class AttemptMember(Base):
    """A learner who works on an attempt."""

    __tablename__ = "attempt_member"
    __table_args__ = (UniqueConstraint("assignment_key", "learner_key"),)

    attempt_id: Mapped[UUID] = mapped_column(
        ForeignKey("attempt.id", ondelete="CASCADE"), primary_key=True
    )
    learner_key: Mapped[str] = mapped_column(primary_key=True)
    """Opaque to notebooks; the LTI tool's user id."""
    assignment_key: Mapped[str]
    """Repeats the attempt's, so that one learner has one attempt per assignment."""


class Document(Base):
    """The current cells of an attempt."""

    __tablename__ = "document"

    attempt_id: Mapped[UUID] = mapped_column(
        ForeignKey("attempt.id", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(default=1)
    """Grows by one with every save; a save names the revision that it changes."""
    cells: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """`notebooks.attempts.document.Cell` records in order."""
    saved_at: Mapped[datetime] = mapped_column(default=utcnow)


class DocumentVersion(Base):
    """A past state of a document, kept for the history."""

    __tablename__ = "document_version"

    attempt_id: Mapped[UUID] = mapped_column(
        ForeignKey("attempt.id", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(primary_key=True)
    cells: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    saved_at: Mapped[datetime]


class RunState(StrEnum):
    """Where a run stands; the last six are final and equal the runner's outcomes."""

    QUEUED = "queued"
    RUNNING = "running"
    OK = "ok"
    ERROR = "error"
    STOPPED = "stopped"
    TIMEOUT = "timeout"
    DIED = "died"
    LOST = "lost"


class Run(Base):
    """One execution of one cell in the attempt's own kernel."""

    __tablename__ = "run"
    __table_args__ = (
        Index(
            "uq_run_one_running",
            "attempt_id",
            unique=True,
            postgresql_where=text("state = 'running'"),
        ),
        CheckConstraint("last_event >= 0", name="last_event"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    attempt_id: Mapped[UUID] = mapped_column(
        ForeignKey("attempt.id", ondelete="CASCADE"), index=True
    )
    cell_id: Mapped[str]
    source: Mapped[str]
    position: Mapped[int]
    """Order of the clicks within the attempt: 1, 2, 3 …"""
    state: Mapped[RunState] = mapped_column(default=RunState.QUEUED)
    claimed_by: Mapped[int | None] = mapped_column(BigInteger)
    """Id of the job that executes it; a retried job has the same id and re-attaches."""
    last_event: Mapped[int] = mapped_column(default=0)
    """Number of the newest runner event that is stored; re-attaching goes on after it."""
    message: Mapped[str] = mapped_column(default="")
    """Why it ended, in words for the student; empty when it went well."""
    execution_count: Mapped[int | None]
    queued_at: Mapped[datetime] = mapped_column(default=utcnow)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class RunOutput(Base):
    """One output of a run, bounded and sanitised."""

    __tablename__ = "run_output"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    output: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """A `notebooks.kernels.records.Output`, after sanitising."""
