"""A feedback by the real engine: the words are nonsense, the way of them is not."""

import os
import signal
from collections.abc import AsyncIterator

import pytest

from llm.client import Limits, ServerModel
from llm.client.server import ServerStream
from llm.engine import Engine, Shape
from llm.flow import Done, Event, feedback
from llm.model import Answer, Prompt, Stream
from tests.llm.scripted import asked
from tests.llm.tiny_model import tiny_model


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    started = await Engine.started(tiny_model(), Shape(threads=1, slots=2, slot_tokens=4096))
    yield started
    await started.stop()


@pytest.fixture
async def model(engine: Engine) -> AsyncIterator[ServerModel]:
    async with engine.http() as http:
        yield ServerModel(http, engine.profile, limits=Limits(tries=1))


async def test_a_feedback_ends_with_words_of_the_model_or_with_the_template(
    model: ServerModel,
) -> None:
    given = asked()
    events: list[Event] = [event async for event in feedback(model, given)]
    done = events[-1]
    assert isinstance(done, Done)
    assert done.text
    assert done.outcome == "model" or done.text == given.template
    assert sum(usage.prompt for usage in done.usages) > 100


async def test_an_engine_that_is_killed_in_mid_stream_leaves_the_template_and_says_why(
    engine: Engine, model: ServerModel
) -> None:
    given = asked()
    done = None
    async for event in feedback(_Killing(model, engine), given):
        done = event
    assert isinstance(done, Done)
    assert (done.outcome, done.reason, done.text) == ("template", "unavailable", given.template)


class _Killing:
    """A model whose engine is killed once the first words of a stream have come."""

    def __init__(self, model: ServerModel, engine: Engine) -> None:
        self._model = model
        self._engine = engine

    async def answer(self, request: Prompt) -> Answer:
        return await self._model.answer(request)

    def stream(self, request: Prompt) -> Stream:
        return _Cut(self._model.stream(request), self._engine)


class _Cut:
    def __init__(self, stream: ServerStream, engine: Engine) -> None:
        self._stream = stream
        self._engine = engine

    async def __aiter__(self) -> AsyncIterator[str]:
        async for piece in self._stream:
            if self._engine.alive:
                os.kill(self._engine.process.pid, signal.SIGKILL)
                await self._engine.process.wait()
            yield piece

    @property
    def answer(self) -> Answer:
        return self._stream.answer

    async def aclose(self) -> None:
        await self._stream.aclose()
