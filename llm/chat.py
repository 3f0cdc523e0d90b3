"""A conversation about one subtask: a bounded history, the guard over all of it, and a way out."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from llm.errors import ModelError
from llm.flow import Asked, guard_of
from llm.guarded import Piece, Replaced, Spoken, speak
from llm.model import Model, Usage
from llm.prompts.chat import ChatInput, Turn, chat_prompt
from llm.prompts.data import fresh_nonce
from llm.records import Card, Language

RECENT = 8
"""Turns that a prompt holds whole; of earlier ones, only their beginnings."""
_SUMMARY = 2000
_BEGINNING = 160
SECONDS = 90.0
NOT_SURE: dict[Language, str] = {
    "en": "I am not sure how to answer this without doing the task for you. "
    "Would you like a mentor to look at it?",
    "ru": "Я не знаю, как ответить на это, не решив задачу за вас. "
    "Хотите, чтобы на неё посмотрел наставник?",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The answer; `person`: one is offered, since there is no answer of the model's."""

    text: str
    person: bool
    reason: Literal["", "leak", "model", "off"]
    usages: tuple[Usage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation so far."""

    history: tuple[Turn, ...] = ()
    """Every turn, oldest first; all the mentor's turns count as said."""
    cards: tuple[Card, ...] = ()
    feedback: str = ""
    enabled: bool = True
    """The teacher's switch."""


async def chat(
    model: Model, asked: Asked, talk: Talk, question: str, *, seconds: float = SECONDS
) -> AsyncGenerator[Piece | Replaced | Said, None]:
    """Yield an answer to a question, and `Said` last; closing it stops the model."""
    sorry = NOT_SURE[asked.style.language]
    if not talk.enabled:
        yield Said(text=sorry, person=True, reason="off", usages=())
        return
    guard = guard_of(asked)
    for text in (talk.feedback, *(one.text for one in talk.history if one.role == "mentor")):
        guard.say(text)
    given = ChatInput(
        task=asked.task,
        work=asked.work,
        cards=talk.cards,
        style=asked.style,
        feedback=talk.feedback,
        summary=summary(talk.history),
        history=talk.history[-RECENT:],
        question=question,
        nonce=fresh_nonce(),
    )
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        async with aclosing(speak(model, chat_prompt(given), guard)) as events:
            while True:
                async with asyncio.timeout_at(deadline):
                    event = await anext(events)
                if isinstance(event, Spoken):
                    break
                yield event
    except (ModelError, TimeoutError):
        yield Replaced("model")
        yield Said(text=sorry, person=True, reason="model", usages=())
        return
    told = event.text
    yield Said(
        text=told or sorry,
        person=told is None,
        reason="" if told else "leak",
        usages=event.usages,
    )


def summary(history: Sequence[Turn]) -> str:
    """Return the beginnings of the turns that a prompt no longer holds, newest kept first."""
    lines = [f"{one.role}: {' '.join(one.text.split())[:_BEGINNING]}" for one in history[:-RECENT]]
    return "\n".join(lines)[-_SUMMARY:]
