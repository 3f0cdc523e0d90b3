from uuid import uuid4

import pytest

from config.database import Database
from notebooks.errors import NotFoundError
from notebooks.journal.log import (
    MAX_READ,
    Entry,
    append,
    append_all,
    compact,
    create_stream,
    last_seq,
    read,
)


def test_numbers_are_given_per_stream_from_one(database: Database) -> None:
    with database.transaction() as session:
        first, second = create_stream(session), create_stream(session)
        assert last_seq(session, first) == 0
        assert append(session, first, "a.b", {"n": 1}) == 1
        assert append(session, first, "a.b", {"n": 2}) == 2
        assert append(session, second, "a.b", {"n": 3}) == 1
        assert last_seq(session, first) == 2


def test_a_batch_keeps_its_order_and_a_read_its_bounds(database: Database) -> None:
    with database.transaction() as session:
        stream = create_stream(session)
        entries = [Entry(kind="a.b", payload={"n": n}) for n in range(1, MAX_READ + 11)]
        assert append_all(session, stream, entries) == MAX_READ + 10
        assert append_all(session, stream, []) == MAX_READ + 10
        assert [event.payload["n"] for event in read(session, stream, 3, 2)] == [4, 5]
        assert len(read(session, stream, 0, 10_000_000)) == MAX_READ
        assert read(session, stream, MAX_READ + 10, 5) == []


def test_an_unknown_stream_is_named(database: Database) -> None:
    unknown = uuid4()
    with database.transaction() as session:
        with pytest.raises(NotFoundError, match=str(unknown)):
            append(session, unknown, "a.b", {})
        with pytest.raises(NotFoundError, match=str(unknown)):
            last_seq(session, unknown)


def test_compaction_takes_one_subjects_output_and_leaves_the_numbers(database: Database) -> None:
    with database.transaction() as session:
        stream = create_stream(session)
        for subject in ("one", "two"):
            for kind in ("run.started", "run.output", "run.append", "run.clear", "run.finished"):
                append(session, stream, kind, {}, subject)
        assert compact(session, stream, "one") == 3
        assert [(event.seq, event.kind) for event in read(session, stream, 0, 100)][:3] == [
            (1, "run.started"),
            (5, "run.finished"),
            (6, "run.started"),
        ]
        assert append(session, stream, "a.b", {}) == 11
