"""What a model and this machine can do together: loaded, tried, measured, and said in words."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from llm.client.server import Limits, ServerModel
from llm.engine.options import Shape
from llm.engine.process import Engine
from llm.errors import ModelError
from llm.model import Answer, Message, Model, Prompt, Sampling, Schema

TRIES = 4
"""Answers that have to keep to a schema."""
_ANSWER_TOKENS, _FEEDBACK_TOKENS = 64, 300
_NEW_TOKENS = 400
"""What of a student's prompt is computed anew: their code and what was found about it."""
_PATIENT, _QUICK = 60.0, 15.0
_FILLER = "The table has one row for each wine and one column for each measurement. "
_CODES = ("e-1847", "e-2906", "e-3315")
_SCHEMA = Schema(
    name="check",
    definition={
        "type": "object",
        "properties": {
            "codes": {
                "type": "array",
                "items": {"type": "string", "enum": list(_CODES)},
                "minItems": 1,
                "maxItems": 3,
            },
            "sure": {"type": "boolean"},
        },
        "required": ["codes", "sure"],
        "additionalProperties": False,
    },
)
"""No model answers this by chance, so that whoever does was held to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was measured; speeds in tokens per second."""

    load_seconds: float
    schema_kept: int
    """Of `TRIES` answers: those that kept to the schema."""
    prompt_speed: float
    """Of a prompt that was never seen before."""
    cached_share: float
    """Share of a prompt that was not computed again for the second student."""
    speed: float
    """Of one answer alone."""
    speed_together: float
    """Of as many answers as there are slots, in all."""
    slots: int

    @property
    def usable(self) -> bool:
        """Whether feedback can be built on it, however slowly."""
        return self.schema_kept == TRIES and self.speed > 0

    @property
    def feedback_seconds(self) -> float:
        """How long one student waits for a feedback while nobody else does."""
        return _NEW_TOKENS / self.prompt_speed + _FEEDBACK_TOKENS / self.speed

    @property
    def feedback_per_minute(self) -> float:
        """How many feedbacks are written in a minute while many wait."""
        together = _FEEDBACK_TOKENS / self.speed_together + _NEW_TOKENS / self.prompt_speed
        return 60 / together


async def check(model: Path, shape: Shape) -> Findings:
    """Load a model and try it.

    Raises:
        EngineError: it cannot be loaded.
        ModelError: it does not answer.
    """
    began = time.monotonic()
    engine = await Engine.started(model, shape)
    try:
        loaded = time.monotonic() - began
        async with engine.http() as http:
            asked = ServerModel(http, engine.profile, limits=Limits(piece=600, whole=1800))
            return await _try(asked, loaded, shape.slots)
    finally:
        await engine.stop()


async def _try(model: Model, loaded: float, slots: int) -> Findings:
    kept = [await _keeps_schema(model, seed) for seed in range(TRIES)]
    first, seconds = await _timed(model, [_long(1)])
    second, _ = await _timed(model, [_long(2)])
    alone, alone_seconds = await _timed(model, [_short(0)])
    together, together_seconds = await _timed(model, [_short(seed) for seed in range(slots)])
    usage = second[0].usage
    return Findings(
        load_seconds=loaded,
        schema_kept=sum(kept),
        prompt_speed=(first[0].usage.prompt - first[0].usage.cached) / seconds,
        cached_share=usage.cached / usage.prompt if usage.prompt else 0.0,
        speed=_written(alone) / alone_seconds,
        speed_together=_written(together) / together_seconds,
        slots=slots,
    )


async def _keeps_schema(model: Model, seed: int) -> bool:
    question = "Which codes fit? Name at least one, and whether you are sure."
    asked = _prompt(question, tokens=400, seed=seed, schema=_SCHEMA)
    try:
        found = json.loads((await model.answer(asked)).text)
        return set(found["codes"]) <= set(_CODES) and isinstance(found["sure"], bool)
    except (ModelError, ValueError, KeyError, TypeError):
        return False


async def _timed(model: Model, prompts: list[Prompt]) -> tuple[list[Answer], float]:
    began = time.monotonic()
    answers = await asyncio.gather(*(model.answer(one) for one in prompts))
    return list(answers), time.monotonic() - began


def _long(student: int) -> Prompt:
    """Return a prompt whose beginning all students share, and which asks for hardly an answer."""
    return _prompt(f"{_FILLER * 30}\nStudent {student}: is the index right?", tokens=1, seed=0)


def _short(seed: int) -> Prompt:
    return _prompt("Explain in a paragraph what a median is.", tokens=_ANSWER_TOKENS, seed=seed)


def _prompt(text: str, *, tokens: int, seed: int, schema: Schema | None = None) -> Prompt:
    return Prompt(
        messages=(
            Message(role="system", content="You help students of data science."),
            Message(role="user", content=text),
        ),
        max_tokens=tokens,
        sampling=Sampling(seed=seed),
        schema=schema,
    )


def _written(answers: list[Answer]) -> int:
    return sum(answer.usage.completion for answer in answers)


def sentences(found: Findings) -> Iterator[str]:
    """Yield what an operator has to know."""
    yield f"The model was loaded in {found.load_seconds:.0f} s."
    if found.schema_kept == TRIES:
        yield f"All of {TRIES} answers kept to their schema."
    else:
        yield (
            f"Only {found.schema_kept} of {TRIES} answers kept to their schema: feedback cannot be "
            "built on this model."
        )
    yield (
        f"It reads {found.prompt_speed:.0f} and writes {found.speed:.1f} tokens a second; "
        f"{found.speed_together:.1f} when {found.slots} answers are written at a time."
    )
    yield (
        f"{found.cached_share:.0%} of a prompt that another student's began like "
        "was not computed again."
    )
    yield _meaning(found)


def _meaning(found: Findings) -> str:
    if not found.usable:
        return "Choose another model."
    facts = (
        f"One student waits about {found.feedback_seconds:.0f} s for a feedback; "
        f"{found.feedback_per_minute:.1f} are written in a minute"
    )
    if found.feedback_seconds > _PATIENT:
        return f"{facts}. That is enough to try it out, not for a class: use a GPU, or a server."
    if found.feedback_seconds > _QUICK:
        return f"{facts}. That serves a small group; a class that works at once needs a GPU."
    return f"{facts}. That serves a class."
