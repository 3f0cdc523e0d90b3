"""Gathering a stream of runner events into batches, so that a flood of output costs little."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from notebooks.kernels.records import Finished, RunEvent

BATCH_EVENTS = 64
BATCH_SECONDS = 0.05
"""The least time between two batches; the first event of a quiet run goes through at once."""

_BUFFER = 4 * BATCH_EVENTS


async def batches(events: AsyncIterator[RunEvent]) -> AsyncGenerator[list[RunEvent]]:
    """Yield the events in order, at most `BATCH_EVENTS` at a time, until the stream ends.

    At most `_BUFFER` events wait; then the stream is read no further until some were taken. An
    error of the stream is raised after the events that came before it. Close the generator when
    leaving it early (`contextlib.aclosing`).
    """
    waiting: asyncio.Queue[RunEvent | None] = asyncio.Queue()
    room = asyncio.Semaphore(_BUFFER)

    async def pump() -> None:
        async for event in events:
            await room.acquire()
            waiting.put_nowait(event)

    pumping = asyncio.create_task(pump())
    pumping.add_done_callback(lambda _: waiting.put_nowait(None))
    loop = asyncio.get_running_loop()
    not_before = 0.0
    try:
        while (first := await waiting.get()) is not None:
            if not isinstance(first.body, Finished):
                await asyncio.sleep(max(0.0, not_before - loop.time()))
            batch = [first]
            while len(batch) < BATCH_EVENTS and not waiting.empty():
                event = waiting.get_nowait()
                if event is None:
                    waiting.put_nowait(None)
                    break
                batch.append(event)
            for _ in batch:
                room.release()
            not_before = loop.time() + BATCH_SECONDS
            yield batch
        await pumping
    finally:
        pumping.cancel()
        await asyncio.wait([pumping])
        if isinstance(events, AsyncGenerator):
            await events.aclose()
