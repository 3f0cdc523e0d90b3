"""The real engine on a tiny model of Qwen3's kind."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llm.client import ServerModel
from llm.engine import Engine, EngineError, Shape
from llm.errors import UnavailableError
from tests.llm.contract import Contract, prompt
from tests.llm.tiny_model import tiny_model


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    started = await Engine.started(tiny_model(), Shape(threads=1, slots=4, slot_tokens=2048))
    yield started
    await started.stop()


@pytest.fixture
async def model(engine: Engine) -> AsyncIterator[ServerModel]:
    async with engine.http() as http:
        yield ServerModel(http, engine.profile)


class TestContract(Contract):
    """The embedded engine keeps the contract."""


async def test_what_was_computed_before_is_not_computed_again(model: ServerModel) -> None:
    same = "A case that all students share. " * 20
    await model.answer(prompt(same + "One."))
    second = await model.answer(prompt(same + "Another."))
    assert second.usage.cached > second.usage.prompt / 2


async def test_log_probabilities_come_when_they_are_asked_for(model: ServerModel) -> None:
    answer = await model.answer(prompt(logprobs=True))
    assert answer.logprobs
    assert all(token.logprob <= 0 for token in answer.logprobs)
    assert (await model.answer(prompt())).logprobs == ()


async def test_nobody_gets_in_without_the_key(engine: Engine) -> None:
    async with engine.http() as http:
        body = {"messages": [{"role": "user", "content": "Hello"}]}
        refused = await http.post("/v1/chat/completions", json=body, headers={"Authorization": ""})
    assert refused.status_code == 401


async def test_an_engine_that_is_killed_in_mid_stream_ends_it_with_an_error(
    engine: Engine, model: ServerModel
) -> None:
    stream = model.stream(prompt("Count to a million.", max_tokens=2000))

    async def read_and_kill() -> None:
        async for _ in stream:
            if engine.alive:
                os.kill(engine.process.pid, signal.SIGKILL)
                await engine.process.wait()

    with pytest.raises(UnavailableError):
        await asyncio.wait_for(read_and_kill(), timeout=20)
    assert not engine.alive
    with pytest.raises(UnavailableError, match="No model's server answers"):
        await model.answer(prompt())


async def test_an_engine_ends_with_its_parent(engine: Engine) -> None:
    assert engine.process.stdin is not None
    engine.process.stdin.close()
    async with asyncio.timeout(10):
        assert await engine.process.wait() == 0


async def test_a_file_that_is_no_model_is_refused_with_the_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(EngineError, match=r"broken\.gguf cannot be loaded"):
        await Engine.started(broken)


async def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no model file .*nothing\.gguf"):
        await Engine.started(tmp_path / "nothing.gguf")


def test_the_tiny_model_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = (tiny_model(tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second
    assert len(first) < 1_000_000
