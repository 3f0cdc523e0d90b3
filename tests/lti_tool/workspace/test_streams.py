from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from uuid import uuid4

import pytest

from lti_tool.errors import StreamLimitError
from lti_tool.workspace.streams import HEARTBEAT, RECONNECT, EventStream, StreamSlots, encode
from notebooks.journal.log import Event


def _event(seq: int, **payload: object) -> Event:
    return Event(uuid4(), seq, "run.output", payload, datetime.now(UTC))


class Canned:
    """A source that gives one batch per call, then closes."""

    def __init__(self, *batches: list[Event]) -> None:
        self._batches = list(batches)
        self.left = False

    @property
    def closed(self) -> bool:
        return not self._batches

    def get(self, timeout: float) -> list[Event]:
        assert timeout > 0
        return self._batches.pop(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.left = True


@contextmanager
def _stream(slots: StreamSlots, source: Canned, seconds: float = 9) -> Iterator[EventStream]:
    stream = EventStream(slots, lambda: source, seconds=seconds, heartbeat_seconds=1)
    yield stream
    stream.close()


def test_an_event_is_three_lines_whatever_its_text() -> None:
    wire = encode(_event(7, text="a\nid: 9\r\n\n<é>\u2028"))
    assert wire == (
        'id: 7\nevent: run.output\ndata: {"text":"a\\nid: 9\\r\\n\\n<é>\u2028"}\n\n'.encode()
    )


def test_a_stream_begins_at_once_and_beats_while_nothing_happens() -> None:
    one = _event(1)
    with _stream(StreamSlots(1), Canned([], [one], [])) as stream:
        assert list(stream) == [RECONNECT, HEARTBEAT, encode(one), HEARTBEAT]


def test_a_stream_whose_time_is_over_ends() -> None:
    with _stream(StreamSlots(1), Canned([_event(1)]), seconds=0) as stream:
        assert list(stream) == [RECONNECT]


def test_closing_gives_the_slot_back_once_even_if_nothing_was_read() -> None:
    slots, source = StreamSlots(2), Canned([])
    with _stream(slots, source) as stream:
        assert slots.taken == 1
        stream.close()
    assert slots.taken == 0
    assert source.left


def test_the_cap_refuses_one_more_without_subscribing() -> None:
    slots = StreamSlots(1)
    with _stream(slots, Canned([])), pytest.raises(StreamLimitError):
        EventStream(slots, pytest.fail, seconds=1, heartbeat_seconds=1)
    assert slots.taken == 0


def test_a_failing_subscription_gives_its_slot_back() -> None:
    slots = StreamSlots(1)

    def fail() -> Canned:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        EventStream(slots, fail, seconds=1, heartbeat_seconds=1)
    assert slots.taken == 0
