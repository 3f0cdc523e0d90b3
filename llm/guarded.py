"""Asking a model for words a student reads: streamed through the guard, again if it leaks."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from llm.guard import Guard, Sentences
from llm.model import Model, Prompt, Usage

TRIES = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that may be shown, in order."""

    text: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was shown of this answer is taken back: another one begins."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The end: the whole text, or None if all tries told too much."""

    text: str | None
    usages: tuple[Usage, ...]
    stopped: tuple[str, ...]
    """Why the guard stopped a try, for the log."""


async def speak(
    model: Model, prompt: Prompt, guard: Guard
) -> AsyncGenerator[Piece | Replaced | Spoken, None]:
    """Yield what may be shown of an answer. What was shown of a stopped one stays counted.

    Raises:
        ModelError: there is no answer; what was shown is to be taken back.
    """
    usages: list[Usage] = []
    stopped: list[str] = []
    for _ in range(TRIES):
        sentences = Sentences(guard)
        stream = model.stream(prompt)
        try:
            async with aclosing(stream):
                async for raw in stream:
                    for text in sentences.feed(raw):
                        yield Piece(text)
                    if sentences.held is not None:
                        break
        finally:
            await stream.aclose()
        if sentences.held is None:
            usages.append(stream.answer.usage)
            for text in sentences.end():
                yield Piece(text)
        if sentences.held is None and sentences.released.strip():
            yield Spoken(text=sentences.released, usages=tuple(usages), stopped=tuple(stopped))
            return
        reason = "empty" if sentences.held is None else sentences.held.reason
        stopped.append(reason)
        yield Replaced(reason)
        prompt = replace(prompt, sampling=replace(prompt.sampling, seed=len(stopped)))
    yield Spoken(text=None, usages=tuple(usages), stopped=tuple(stopped))
