"""Writing and reading the journal inside the caller's own transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.orm import Session

from config.database import utcnow
from notebooks.errors import NotFoundError
from notebooks.journal.models import JournalEvent, JournalStream

CHANNEL = "journal"
"""The NOTIFY channel; its payload is a stream's id and nothing else."""

OUTPUT_KINDS = ("run.output", "run.append", "run.clear")
"""Kinds that a newer run of the same cell makes worthless."""

MAX_READ = 1000
"""Events in one read, however many are asked for."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as readers see it; `seq` is its place in the stream and the SSE id."""

    stream_id: UUID
    seq: int
    kind: str
    payload: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event that is about to be written."""

    kind: str
    payload: Mapping[str, Any]
    subject: str | None = None


def create_stream(session: Session) -> UUID:
    """Add an empty stream and return its id."""
    stream = JournalStream(id=uuid4(), last_seq=0)
    session.add(stream)
    session.flush()
    return stream.id


def append(
    session: Session,
    stream_id: UUID,
    kind: str,
    payload: Mapping[str, Any],
    subject: str | None = None,
) -> int:
    """Add one event and return its number; readers see it when the transaction commits.

    The stream's row stays locked until then, so that numbers become visible in their own order.
    `subject` names what the event is about (a run id), for `compact`.
    """
    return append_all(session, stream_id, [Entry(kind=kind, payload=payload, subject=subject)])


def append_all(session: Session, stream_id: UUID, entries: Sequence[Entry]) -> int:
    """Add several events in their order, in one round trip each, and return the last number.

    Raises NotFoundError if there is no such stream.
    """
    last = session.scalar(
        update(JournalStream)
        .where(JournalStream.id == stream_id)
        .values(last_seq=JournalStream.last_seq + len(entries))
        .returning(JournalStream.last_seq)
        .execution_options(synchronize_session=False)
    )
    if last is None:
        raise NotFoundError(f"There is no journal stream {stream_id}.")
    if not entries:
        return last
    now = utcnow()
    first = last - len(entries) + 1
    session.execute(
        insert(JournalEvent),
        [
            {
                "stream_id": stream_id,
                "seq": seq,
                "kind": entry.kind,
                "subject": entry.subject,
                "payload": dict(entry.payload),
                "created_at": now,
            }
            for seq, entry in enumerate(entries, start=first)
        ],
    )
    session.execute(select(func.pg_notify(CHANNEL, str(stream_id))))
    return last


def read(session: Session, stream_id: UUID, after: int, limit: int) -> list[Event]:
    """Return up to `limit` events (at most `MAX_READ`) that follow number `after`, in order."""
    rows = session.execute(
        select(
            JournalEvent.stream_id,
            JournalEvent.seq,
            JournalEvent.kind,
            JournalEvent.payload,
            JournalEvent.created_at,
        )
        .where(JournalEvent.stream_id == stream_id, JournalEvent.seq > after)
        .order_by(JournalEvent.seq)
        .limit(min(limit, MAX_READ))
    )
    return [Event(*row) for row in rows]


def last_seq(session: Session, stream_id: UUID) -> int:
    """Return the number of the stream's newest event, 0 for an empty stream.

    A page that reads this first and its state afterwards, then follows the stream from here,
    may see an event twice but never misses one. Raises NotFoundError for an unknown stream.
    """
    found = session.scalar(select(JournalStream.last_seq).where(JournalStream.id == stream_id))
    if found is None:
        raise NotFoundError(f"There is no journal stream {stream_id}.")
    return found


def compact(
    session: Session,
    stream_id: UUID,
    subject: str,
    kinds: Collection[str] = OUTPUT_KINDS,
    *conditions: ColumnElement[bool],
) -> int:
    """Delete a subject's superseded events of these kinds and return how many there were.

    `conditions` on `JournalEvent` narrow them further. What follows in the stream keeps its
    numbers; readers only ever skip.
    """
    gone = session.execute(
        delete(JournalEvent)
        .where(
            JournalEvent.stream_id == stream_id,
            JournalEvent.subject == subject,
            JournalEvent.kind.in_(kinds),
            *conditions,
        )
        .returning(JournalEvent.seq)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
