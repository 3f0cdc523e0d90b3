import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg
import pytest

from config.database import Database
from notebooks.journal import subscription as subscriptions
from notebooks.journal.log import Entry, Event, append, append_all, create_stream
from notebooks.journal.models import JournalEvent, JournalStream
from notebooks.journal.subscription import Subscription
from notebooks.journal.tailer import Tailer

WRITERS = 8
EACH = 40
ROUNDS = 16


@pytest.fixture
def tailer(database_url: str) -> Iterator[Tailer]:
    tailer = Tailer(database_url)
    tailer.start()
    yield tailer
    tailer.stop()


def new_stream(database: Database) -> UUID:
    with database.transaction() as session:
        return create_stream(session)


def write(database: Database, stream_id: UUID, writer: int, count: int) -> None:
    for number in range(count):
        with database.transaction() as session:
            append(session, stream_id, "test.written", {"writer": writer, "number": number})


def take(subscription: Subscription, count: int, seconds: float = 20) -> list[Event]:
    events: list[Event] = []
    while len(events) < count and (batch := subscription.get(seconds)):
        events += batch
    return events


def read_in_pieces(tailer: Tailer, stream_id: UUID, count: int, connections: int) -> list[Event]:
    """Read `count` events as a browser would that loses its connection again and again."""
    dice = random.Random(stream_id.int)  # noqa: S311 - a repeatable test
    cuts = sorted(dice.sample(range(1, count), connections))
    events: list[Event] = []
    for cut in [*cuts, count]:
        with tailer.subscribe(stream_id, events[-1].seq if events else 0) as subscription:
            events += take(subscription, cut - len(events))[: cut - len(events)]
    return events


def assert_complete(events: list[Event], writers: dict[int, int]) -> None:
    """Nothing lost, nothing doubled, each writer's events in its own order."""
    assert [event.seq for event in events] == list(range(1, sum(writers.values()) + 1))
    for writer, count in writers.items():
        own = [event.payload["number"] for event in events if event.payload["writer"] == writer]
        assert own == list(range(count))


def test_eight_writers_to_one_stream_reach_a_reader_that_reconnects_ten_times(
    database: Database, tailer: Tailer
) -> None:
    stream_id = new_stream(database)
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        reader = pool.submit(read_in_pieces, tailer, stream_id, WRITERS * EACH, 10)
        writing = [pool.submit(write, database, stream_id, n, EACH) for n in range(WRITERS)]
        for done in writing:
            done.result(60)
        assert_complete(reader.result(60), dict.fromkeys(range(WRITERS), EACH))


def test_eight_writers_to_many_streams_reach_readers_that_reconnect_ten_times(
    database: Database, tailer: Tailer
) -> None:
    streams = [new_stream(database) for _ in range(WRITERS)]

    def write_round_robin(writer: int) -> None:
        for number in range(ROUNDS):
            for stream_id in random.Random(number).sample(streams, len(streams)):  # noqa: S311 - order only
                with database.transaction() as session:
                    append(session, stream_id, "x.y", {"writer": writer, "number": number})

    with ThreadPoolExecutor(2 * WRITERS) as pool:
        readers = [
            pool.submit(read_in_pieces, tailer, one, WRITERS * ROUNDS, 10) for one in streams
        ]
        for done in [pool.submit(write_round_robin, n) for n in range(WRITERS)]:
            done.result(60)
        for reader in readers:
            assert_complete(reader.result(60), dict.fromkeys(range(WRITERS), ROUNDS))


def test_an_event_arrives_well_before_the_next_poll(database: Database, database_url: str) -> None:
    tailer = Tailer(database_url, poll_seconds=60)
    tailer.start()
    stream_id = new_stream(database)
    with tailer.subscribe(stream_id, 0) as subscription:
        write(database, stream_id, 0, 1)
        assert len(take(subscription, 1, 5)) == 1
        write(database, stream_id, 0, 1)
        assert len(take(subscription, 1, 5)) == 1
    tailer.stop()


def test_a_missed_notification_costs_a_poll_and_nothing_else(
    database: Database, tailer: Tailer
) -> None:
    stream_id = new_stream(database)
    with tailer.subscribe(stream_id, 0) as subscription:
        with database.transaction() as session:
            session.get_one(JournalStream, stream_id).last_seq = 1
            session.add(JournalEvent(stream_id=stream_id, seq=1, kind="x.y", payload={}))
        assert [event.seq for event in subscription.get(5)] == [1]


def kill_listeners(postgres: str) -> int:
    with psycopg.connect(postgres, autocommit=True) as connection:
        query = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'casebook journal'"
        )
        return len(connection.execute(query).fetchall())


def test_a_terminated_connection_is_made_anew_without_loss(
    database: Database, tailer: Tailer, postgres: str
) -> None:
    stream_id = new_stream(database)
    with tailer.subscribe(stream_id, 0) as subscription:
        write(database, stream_id, 0, 3)
        before = take(subscription, 3)
        assert kill_listeners(postgres) == 1
        write(database, stream_id, 1, 3)
        after = take(subscription, 3, 10)
        assert_complete(before + after, {0: 3, 1: 3})


def test_writing_on_while_the_connection_is_cut_five_times_loses_nothing(
    database: Database, tailer: Tailer, postgres: str
) -> None:
    stream_id = new_stream(database)
    writer = threading.Thread(target=write, args=(database, stream_id, 0, 300))
    writer.start()
    with tailer.subscribe(stream_id, 0) as subscription:
        events: list[Event] = []
        for cut in range(1, 6):
            events += take(subscription, cut * 50 - len(events))
            kill_listeners(postgres)
        events += take(subscription, 300 - len(events))
    writer.join(30)
    assert_complete(events, {0: 300})


def test_a_rolled_back_event_is_never_seen(database: Database, tailer: Tailer) -> None:
    stream_id = new_stream(database)
    with tailer.subscribe(stream_id, 0) as subscription:
        with database.transaction() as session:
            append(session, stream_id, "test.undone", {})
            session.rollback()
        write(database, stream_id, 0, 1)
        assert [event.kind for event in take(subscription, 1)] == ["test.written"]


def test_a_long_stream_comes_in_pages_to_a_reader_who_takes_them(
    database: Database, tailer: Tailer
) -> None:
    stream_id = new_stream(database)
    with database.transaction() as session:
        append_all(session, stream_id, [Entry(kind="x.y", payload={})] * 2500)
    with tailer.subscribe(stream_id, 0) as subscription:
        events = take(subscription, 2500)
        assert [event.seq for event in events] == list(range(1, 2501))


def test_a_reader_that_never_reads_is_bounded_and_closed(
    database: Database, tailer: Tailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "STALL_SECONDS", 0.5)
    stream_id = new_stream(database)
    with database.transaction() as session:
        append_all(session, stream_id, [Entry(kind="x.y", payload={})] * 1500)
    with tailer.subscribe(stream_id, 0) as slow:
        wait_for(lambda: slow.closed)
        assert len(slow.get(0)) == subscriptions.QUEUE_LIMIT
        assert slow.get(0) == []


def test_stopping_closes_every_subscription(database: Database, database_url: str) -> None:
    tailer = Tailer(database_url)
    tailer.start()
    with tailer.subscribe(new_stream(database), 0) as subscription:
        tailer.stop()
        assert subscription.get(5) == []
        assert subscription.closed


def test_two_readers_at_different_places_each_get_their_own(
    database: Database, tailer: Tailer
) -> None:
    stream_id = new_stream(database)
    write(database, stream_id, 0, 10)
    with tailer.subscribe(stream_id, 0) as first, tailer.subscribe(stream_id, 7) as second:
        assert [event.seq for event in take(first, 10)] == list(range(1, 11))
        assert [event.seq for event in take(second, 3)] == [8, 9, 10]


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail(f"not so within {seconds} s")
