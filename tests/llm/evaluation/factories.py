"""Items to judge, and judges who say what a test tells them to."""

import json
from collections.abc import Callable
from typing import Any

from llm.evaluation.items import Item
from llm.model import Answer, Prompt, Stream
from llm.records import Finding

SHARED = Finding(id="e-1", kind="probe", outcome="fail", message="`mean_age` differs.")


def item(number: int = 1, **changes: Any) -> Item:
    usual: dict[str, Any] = {
        "id": f"item-{number}",
        "task": f"task-{number % 5}",
        "statement": "Compute mean_age.",
        "code": "mean_age = df['age'].mean()",
        "ideal": "mean_age = df['age'].dropna().median()",
        "findings": (SHARED,),
        "issues": ("missing ages are not left out", "the mean is not the median"),
        "feedback": "What does every row of `age` hold?",
    }
    return Item(**{**usual, **changes})


class Judge:
    """A model that answers prompts by a function of their text."""

    def __init__(self, says: Callable[[str], str]) -> None:
        self._says = says
        self.asked: list[Prompt] = []

    async def answer(self, request: Prompt) -> Answer:
        self.asked.append(request)
        return Answer(text=self._says(request.messages[-1].content), finish="stop")

    def stream(self, request: Prompt) -> Stream:
        raise NotImplementedError(request)


def holds(value: object) -> str:
    return json.dumps({"quote": "every row", "holds": value})


def better(which: str) -> str:
    return json.dumps({"quote": "every row", "better": which})
