"""A model that says what a test tells it to, piece by piece; and a subtask to ask it about."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from llm.errors import ModelError
from llm.flow import Asked
from llm.model import Answer, Prompt, Usage
from llm.records import Cell, Finding, Style, Task, Work

NOTHING = '{"discrepancies": []}'


class _Stream:
    def __init__(self, said: str | ModelError, pause: float) -> None:
        self._said = said
        self._pause = pause

    async def __aiter__(self) -> AsyncIterator[str]:
        if isinstance(self._said, ModelError):
            yield "It begins well. And "
            raise self._said
        for at in range(0, len(self._said), 7):
            await asyncio.sleep(self._pause)
            yield self._said[at : at + 7]

    @property
    def answer(self) -> Answer:
        return Answer(text=str(self._said), finish="stop", usage=Usage(completion=1))

    async def aclose(self) -> None:
        return None


class Scripted:
    """Answers and streams in turn; the last of each is repeated. `asked`: the prompts it got."""

    def __init__(
        self,
        *streams: str | ModelError,
        answers: Sequence[str | ModelError] = (NOTHING,),
        pause: float = 0,
    ) -> None:
        self._streams = list(streams)
        self._answers = list(answers)
        self._pause = pause
        self.asked: list[Prompt] = []

    async def answer(self, request: Prompt) -> Answer:
        self.asked.append(request)
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(said, ModelError):
            raise said
        return Answer(text=said, finish="stop", usage=Usage(completion=1))

    def stream(self, request: Prompt) -> _Stream:
        self.asked.append(request)
        said = self._streams.pop(0) if len(self._streams) > 1 else self._streams[0]
        return _Stream(said, self._pause)


IDEAL = "clean = df.dropna(subset=['age'])\nmean_age = clean['age'].median()"
CODE = "mean_age = df['age'].mean()"
FINDING = Finding(
    id="e-1", kind="probe", outcome="fail", message="`mean_age` differs.", cell=1, line=1
)


def asked(**changes: Any) -> Asked:
    work = {"cells": (Cell(number=1, source=CODE),), "findings": (FINDING,)}
    work |= {name: changes.pop(name) for name in list(changes) if name in Work.__slots__}
    return Asked(
        task=Task(case="Ages", subtask="One", statement="Compute mean_age of df."),
        ideal=IDEAL,
        work=Work(**work),  # type: ignore[arg-type]
        style=changes.pop("style", Style()),
        template="What does `mean_age` hold?",
        **changes,
    )
