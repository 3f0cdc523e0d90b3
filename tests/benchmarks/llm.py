"""The llm process beside the bare engine: the same model, prompts and client, one after the other.

By default on the tiny model of the tests, which is so fast that a token's way costs more than the
token; CASEBOOK_BENCH_MODEL names a larger GGUF file, whose figures then say what a class would see.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx

from config.roles import Role
from config.tls import ClientContexts
from llm.client import PROFILES, Backend, Limits, ServerModel
from llm.engine import Engine, Shape
from llm.model import Message, Prompt, Sampling
from tests.benchmarks.report import Figure, print_report
from tests.llm.serving import serving
from tests.llm.tiny_model import tiny_model

_ROUNDS = 7
_TOKENS = 256
_SLOT_TOKENS = 2048
_CASE = "The table has one row for each wine and one column for each measurement. " * 25
"""What all students of a case share: about 500 tokens of a real vocabulary."""


def _prompt(text: str, *, tokens: int) -> Prompt:
    return Prompt(
        messages=(Message(role="system", content=_CASE), Message(role="user", content=text)),
        max_tokens=tokens,
        sampling=Sampling(seed=1),
    )


async def _speed(model: ServerModel, together: int) -> float:
    """Return tokens per second of streamed answers; those of the tiny model end by themselves."""

    async def one(number: int) -> int:
        stream = model.stream(_prompt(f"Question {number}", tokens=_TOKENS))
        async for _ in stream:
            pass
        return stream.answer.usage.completion

    began, written = time.monotonic(), 0
    while time.monotonic() - began < 1.0:
        written += sum(await asyncio.gather(*(one(number) for number in range(together))))
    return written / (time.monotonic() - began)


async def _first_piece(model: ServerModel, prompt: Prompt) -> float:
    """Return milliseconds until the first piece of an answer."""
    began = time.monotonic()
    stream = model.stream(prompt)
    async for _ in stream:
        break
    waited = (time.monotonic() - began) * 1000
    await stream.aclose()
    return waited


async def _cold(model: ServerModel) -> float:
    asked = _prompt("Why?", tokens=8)
    fresh = Message(role="system", content=f"{uuid4().hex} {_CASE}")
    return await _first_piece(model, Prompt(messages=(fresh, asked.messages[1]), max_tokens=8))


async def _cached(model: ServerModel, together: int) -> float:
    prompts = [_prompt(f"{uuid4().hex}: why?", tokens=8) for _ in range(together)]
    return statistics.median(
        await asyncio.gather(*(_first_piece(model, prompt) for prompt in prompts))
    )


async def _measure(model: ServerModel) -> dict[str, float]:
    await model.answer(_prompt("Warm up.", tokens=8))
    return {
        "tokens_per_second_1": await _speed(model, 1),
        "tokens_per_second_4": await _speed(model, 4),
        "ttft_cold_ms_1": await _cold(model),
        "ttft_cached_ms_1": await _cached(model, 1),
        "ttft_cached_ms_4": await _cached(model, 4),
    }


@asynccontextmanager
async def _bare(file: Path, threads: int) -> AsyncIterator[ServerModel]:
    engine = await Engine.started(file, Shape(threads=threads, slot_tokens=_SLOT_TOKENS))
    try:
        async with engine.http() as http:
            yield ServerModel(http, engine.profile, limits=Limits(piece=600, whole=1800))
    finally:
        await engine.stop()


@asynccontextmanager
async def _ours(file: Path, threads: int, state: Path) -> AsyncIterator[ServerModel]:
    with serving(state, file, threads=threads, slot_tokens=_SLOT_TOKENS) as settings:
        context = ClientContexts(settings.certificates_dir / Role.WORKER).get()
        async with httpx.AsyncClient(
            base_url=settings.llm_url, verify=context, trust_env=False
        ) as http:
            limits = Limits(piece=600, whole=1800)
            yield ServerModel(http, PROFILES[Backend.XLLAMACPP], limits=limits)


async def measure(file: Path, threads: int, state: Path) -> list[Figure]:
    """Return every figure, medians of alternating rounds."""
    sides: list[list[Mapping[str, float]]] = [[], []]
    async with _ours(file, threads, state) as ours, _bare(file, threads) as bare:
        for _ in range(_ROUNDS):
            for side, model in zip(sides, (ours, bare), strict=True):
                side.append(await _measure(model))
    medians = [
        {name: round(statistics.median(one[name] for one in side), 1) for name in side[0]}
        for side in sides
    ]
    units = {name: "1/s" if name.startswith("tokens") else "ms" for name in medians[0]}
    return [
        Figure(name, medians[0][name], units[name], _ROUNDS, "bare engine", medians[1][name])
        for name in units
    ]


def main() -> None:
    """Measure and print."""
    given = os.environ.get("CASEBOOK_BENCH_MODEL")
    file = Path(given) if given else tiny_model()
    threads = max((os.cpu_count() or 2) - 1, 1) if given else 1
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(file, threads, Path(folder) / "state"))
    print(f"model {file.name}, {threads} threads")
    print_report(figures)


if __name__ == "__main__":
    main()
