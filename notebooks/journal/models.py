"""Tables of the journal."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, utcnow


class JournalStream(Base):
    """One ordered stream of events, with its own counter."""

    __tablename__ = "journal_stream"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    last_seq: Mapped[int] = mapped_column(default=0)
    """Number of the newest event; taken by `UPDATE … RETURNING` in the writing transaction."""


class JournalEvent(Base):
    """One event: what happened, in the order in which it was committed."""

    __tablename__ = "journal_event"
    __table_args__ = (Index("ix_journal_event_subject", "stream_id", "subject"),)

    stream_id: Mapped[UUID] = mapped_column(
        ForeignKey("journal_stream.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True)
    """1, 2, 3 … within the stream, without a gap except where superseded output was compacted."""
    kind: Mapped[str]
    """What happened, as `thing.happened`, e.g. `run.output`."""
    subject: Mapped[str | None]
    """What it happened to (a run id), so that superseded events can be found."""
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
