import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from llm.client import PROFILES, Backend, Limits, ServerModel
from llm.errors import (
    MalformedError,
    ModelError,
    RefusedError,
    TooLongError,
    TooSlowError,
    UnavailableError,
)
from llm.model import Sampling, Usage
from tests.fakes.model_server import ModelServer, Turn, serving
from tests.llm.contract import VERDICTS, prompt

QUICK = Limits(connect=1, piece=0.5, whole=2, answer_bytes=20_000, tries=3, pause=0.01)


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with serving() as running:
        yield running


@pytest.fixture
async def model(server: ModelServer) -> AsyncIterator[ServerModel]:
    async with httpx.AsyncClient(base_url=server.origin, trust_env=False) as http:
        yield ServerModel(http, PROFILES[Backend.XLLAMACPP], model="qwen3", limits=QUICK)


async def read(model: ServerModel) -> str:
    return "".join([piece async for piece in model.stream(prompt())])


async def test_pieces_come_one_by_one_and_the_cost_at_the_end(model: ServerModel) -> None:
    stream = model.stream(prompt())
    pieces = [piece async for piece in stream]
    assert pieces == ["Which rows ", "does the median ", "look at?"]
    assert stream.answer.usage == Usage(prompt=40, cached=32, completion=9)


async def test_comments_and_empty_lines_between_events_say_nothing(
    model: ServerModel, server: ModelServer
) -> None:
    server.say(Turn(noise=b": ping\n\n\r\nevent: x\nid: 3\ndata:\n"))
    assert await read(model) == "Which rows does the median look at?"


async def test_what_is_asked_is_all_there(model: ServerModel, server: ModelServer) -> None:
    await model.answer(prompt(schema=VERDICTS, logprobs=True, sampling=Sampling(seed=3)))
    [asked] = server.asked
    assert [one["role"] for one in asked["messages"]] == ["system", "user"]
    sampling = ("temperature", "top_p", "top_k", "min_p", "presence_penalty", "seed")
    assert [asked[name] for name in sampling] == [0.7, 0.8, 20, 0, 0, 3]
    assert asked["response_format"]["json_schema"]["schema"] == VERDICTS.definition
    assert (asked["model"], asked["logprobs"], asked["cache_prompt"]) == ("qwen3", True, True)


async def test_a_backend_is_not_asked_for_what_it_does_not_know(server: ModelServer) -> None:
    async with httpx.AsyncClient(base_url=server.origin, trust_env=False) as http:
        await ServerModel(http, PROFILES[Backend.VLLM], limits=QUICK).answer(prompt())
    assert "cache_prompt" not in server.asked[0]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_cannot_now_is_asked_again(
    model: ServerModel, server: ModelServer, status: int
) -> None:
    busy = Turn(status=status, body=b'{"error": {"message": "Loading model"}}')
    server.say(busy, busy, Turn())
    assert await read(model)
    assert len(server.asked) == 3


async def test_a_server_is_given_the_time_that_it_asks_for(
    model: ServerModel, server: ModelServer
) -> None:
    server.say(Turn(status=429, body=b"{}", headers={"Retry-After": "1"}), Turn())
    began = time.monotonic()
    await model.answer(prompt())
    assert time.monotonic() - began >= 1


async def test_a_server_that_never_can_is_given_up(model: ServerModel, server: ModelServer) -> None:
    server.say(Turn(status=503, body=b'{"error": {"message": "Loading model"}}'))
    with pytest.raises(UnavailableError, match="503: Loading model"):
        await model.answer(prompt())
    assert len(server.asked) == QUICK.tries


async def test_a_refusal_is_told_at_once(model: ServerModel, server: ModelServer) -> None:
    server.say(Turn(status=400, body=b'{"error": {"message": "bad schema"}}'))
    with pytest.raises(RefusedError, match="400: bad schema"):
        await model.answer(prompt())
    assert len(server.asked) == 1


async def test_a_prompt_that_does_not_fit_is_told_with_both_numbers(
    model: ServerModel, server: ModelServer
) -> None:
    error = {"type": "exceed_context_size_error", "message": "m", "n_prompt_tokens": 9, "n_ctx": 8}
    server.say(Turn(status=400, body=json.dumps({"error": error}).encode()))
    with pytest.raises(TooLongError) as refused:
        await model.answer(prompt())
    assert (refused.value.tokens, refused.value.limit) == (9, 8)


@pytest.mark.parametrize("died", [0, 1, 2])
async def test_a_stream_that_breaks_off_is_no_answer_and_is_not_begun_again(
    model: ServerModel, server: ModelServer, died: int
) -> None:
    server.say(Turn(dies_after=died))
    with pytest.raises(UnavailableError):
        await read(model)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body",
    [b"data: {not json\n\n", b"data: [1]\n\n", b'data: {"choices": 3}\n\n'],
)
async def test_a_stream_of_nonsense_is_malformed(
    model: ServerModel, server: ModelServer, body: bytes
) -> None:
    server.say(Turn(body=body))
    with pytest.raises(MalformedError):
        await read(model)


async def test_an_error_in_mid_stream_is_told(model: ServerModel, server: ModelServer) -> None:
    server.say(Turn(body=b'data: {"error": {"message": "out of memory"}}\n\n'))
    with pytest.raises(UnavailableError, match="out of memory"):
        await read(model)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"choices": []}'])
async def test_a_whole_answer_of_nonsense_is_malformed(
    model: ServerModel, server: ModelServer, body: bytes
) -> None:
    server.say(Turn(body=body))
    with pytest.raises(MalformedError):
        await model.answer(prompt())


@pytest.mark.parametrize("whole", [False, True], ids=["stream", "whole"])
async def test_a_slow_model_is_given_up(
    model: ServerModel, server: ModelServer, *, whole: bool
) -> None:
    server.say(Turn(pause=5))
    with pytest.raises(TooSlowError):
        await (model.answer(prompt()) if whole else read(model))


async def test_a_model_that_never_stops_is_stopped(model: ServerModel, server: ModelServer) -> None:
    server.say(Turn(endless=True))
    with pytest.raises(MalformedError, match="never stops"):
        await read(model)


async def test_a_model_that_goes_on_slowly_for_ever_runs_out_of_time(
    model: ServerModel, server: ModelServer
) -> None:
    server.say(Turn(endless=True, pause=0.2))
    with pytest.raises(TooSlowError):
        await read(model)


async def test_whoever_stops_reading_hangs_up(model: ServerModel, server: ModelServer) -> None:
    server.say(Turn(endless=True, pause=0.01))
    stream = model.stream(prompt())
    async for _ in stream:
        break
    await stream.aclose()
    await asyncio.wait_for(server.hung_up.wait(), timeout=5)


async def test_many_streams_can_be_left_at_once(model: ServerModel, server: ModelServer) -> None:
    """As one by one, without two tasks that close the same one."""
    server.say(Turn(endless=True, pause=0.01))
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))

    async def leave() -> None:
        stream = model.stream(prompt())
        async for _ in stream:
            break
        await stream.aclose()

    await asyncio.gather(*(leave() for _ in range(8)))
    gc.collect()
    await asyncio.sleep(0.05)
    assert failed == []


async def test_a_cancelled_reader_hangs_up(model: ServerModel, server: ModelServer) -> None:
    server.say(Turn(endless=True, pause=0.01))
    reading = asyncio.create_task(read(model))
    await asyncio.sleep(0.2)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.wait_for(server.hung_up.wait(), timeout=5)


async def test_nobody_listening_is_told_after_a_few_tries() -> None:
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9", trust_env=False) as http:
        model = ServerModel(http, PROFILES[Backend.XLLAMACPP], limits=QUICK)
        with pytest.raises(UnavailableError, match="No model's server answers"):
            await model.answer(prompt())


def test_every_backend_has_a_profile_that_says_what_it_cannot() -> None:
    assert set(PROFILES) == set(Backend)
    told: list[Any] = [sentence for profile in PROFILES.values() for sentence in profile.cannot]
    assert all(sentence.endswith(".") for sentence in told)
    assert issubclass(TooLongError, ModelError)
