"""What every backend has to do for whoever words prompts; each is run through it."""

import asyncio
import json
from typing import Any

import pytest

from llm.errors import ModelError, RefusedError, TooLongError
from llm.model import Message, Model, Prompt, Sampling, Schema

VERDICTS = Schema(
    name="verdicts",
    definition={
        "type": "object",
        "properties": {
            "ids": {
                "type": "array",
                "items": {"type": "string", "enum": ["e-17", "e-42"]},
                "minItems": 1,
                "maxItems": 2,
            },
            "sure": {"type": "boolean"},
        },
        "required": ["ids", "sure"],
        "additionalProperties": False,
    },
)
"""No model answers this by chance."""


def prompt(text: str = "What is a median?", **changes: Any) -> Prompt:
    usual: dict[str, Any] = {
        "messages": (
            Message(role="system", content="You help students. Answer briefly."),
            Message(role="user", content=text),
        ),
        "max_tokens": 64,
        "sampling": Sampling(seed=7),
    }
    return Prompt(**{**usual, **changes})


class Contract:
    """Tests that are the same for every backend; `model` is a fixture of the class that derives."""

    async def test_an_answer_is_text_with_an_end_and_a_cost(self, model: Model) -> None:
        answer = await model.answer(prompt())
        assert answer.text
        assert answer.finish in {"stop", "length"}
        assert answer.usage.prompt > 5
        assert 0 < answer.usage.completion <= 64

    async def test_pieces_of_a_stream_make_the_answer(self, model: Model) -> None:
        stream = model.stream(prompt())
        pieces = [piece async for piece in stream]
        assert "".join(pieces) == stream.answer.text
        assert len(pieces) > 1
        assert stream.answer.usage.completion > 0

    async def test_an_answer_that_reaches_its_limit_says_so(self, model: Model) -> None:
        answer = await model.answer(prompt(max_tokens=1))
        assert (answer.finish, answer.usage.completion) == ("length", 1)

    @pytest.mark.parametrize("seed", range(5))
    async def test_an_answer_keeps_to_its_schema(self, model: Model, seed: int) -> None:
        asked = prompt(max_tokens=400, schema=VERDICTS, sampling=Sampling(seed=seed))
        found = json.loads((await model.answer(asked)).text)
        assert set(found) == {"ids", "sure"}
        assert set(found["ids"]) <= {"e-17", "e-42"}
        assert isinstance(found["sure"], bool)

    async def test_the_same_seed_says_the_same(self, model: Model) -> None:
        first, second = [(await model.answer(prompt())).text for _ in range(2)]
        assert first == second

    async def test_several_are_answered_at_a_time(self, model: Model) -> None:
        asked = [prompt(f"What is case {number}?") for number in range(8)]
        answers = await asyncio.gather(*(model.answer(one) for one in asked))
        assert len(answers) == 8
        assert all(answer.text for answer in answers)

    async def test_a_prompt_that_is_too_long_is_told_so(self, model: Model) -> None:
        with pytest.raises(RefusedError) as refused:
            await model.answer(prompt("word " * 40_000))
        if isinstance(refused.value, TooLongError):
            assert (refused.value.tokens or 0) > (refused.value.limit or 0)

    async def test_a_stream_that_nobody_reads_on_leaves_room_for_others(self, model: Model) -> None:
        stream = model.stream(prompt("Count to a thousand.", max_tokens=2000))
        async for _ in stream:
            break
        await stream.aclose()
        async with asyncio.timeout(30):
            assert (await model.answer(prompt())).text

    async def test_an_answer_is_not_read_before_its_end(self, model: Model) -> None:
        stream = model.stream(prompt())
        with pytest.raises(ModelError, match="not whole"):
            _ = stream.answer
        await stream.aclose()
