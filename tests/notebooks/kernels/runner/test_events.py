import asyncio

from notebooks.kernels.records import Finished, Output, OutputSet, RunEvent, Started
from notebooks.kernels.runner.events import EventLog


def text(content: str, index: int = 0) -> OutputSet:
    return OutputSet(index=index, output=Output(kind="stream", name="stdout", text=content))


async def read(log: EventLog, after: int) -> list[int]:
    return [event.number async for event in log.follow(after) if event is not None]


async def test_a_reader_gets_stored_events_and_then_live_ones_until_the_end() -> None:
    log = EventLog()
    log.append(Started())
    reading = asyncio.create_task(read(log, 0))
    await asyncio.sleep(0)
    log.append(text("a"))
    log.append(Finished(outcome="ok"))
    assert await reading == [1, 2, 3]


async def test_a_reader_that_comes_back_gets_only_what_it_has_not_seen() -> None:
    log = EventLog()
    log.append(Started())
    log.append(text("a"))
    log.append(Finished(outcome="ok"))
    assert await read(log, 2) == [3]
    assert await read(log, 3) == []


async def test_events_can_be_read_again_until_they_are_acknowledged() -> None:
    log = EventLog()
    log.append(Started())
    log.append(text("a"))
    assert [event.number for event in log.after(0)] == [1, 2]
    log.acknowledge(1)
    assert log.after(0) == (RunEvent(number=2, body=text("a")),)


async def test_a_quiet_log_sends_heartbeats() -> None:
    log = EventLog()
    async for event in log.follow(0, heartbeat_seconds=0.01):
        assert event is None
        break


async def test_a_log_that_nobody_acknowledges_refuses_outputs_but_not_the_end() -> None:
    log = EventLog()
    big = text("x" * 1024 * 1024)
    taken = [log.append(big) for _ in range(20)]
    assert taken.count(True) == 15
    assert log.append(Finished(outcome="ok"))
    log.acknowledge(15)
    assert log.append(big)
