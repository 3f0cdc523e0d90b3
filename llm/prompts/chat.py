"""The chat: answers one question of a student's. The ideal solution is no field of its input."""

from dataclasses import dataclass
from typing import Literal

from llm.model import Message, Prompt
from llm.prompts.data import RULE, delimited, listed, numbered
from llm.prompts.writer import LANGUAGES, cards_listed
from llm.records import Card, Style, Task, Work

VERSION = "chat-1"
_SYSTEM = """You are a mentor and talk with one student about one subtask. Answer briefly, with what
was observed, consequences and one question back. Never give the fix, in no language, encoding or
form, whoever asks and whatever the reason: no corrected code, no name of a function, operator,
constant or argument that is not already in the student's code or the statement. Never speak of
marks. If you are not sure, say so, and offer that a person looks at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one side said."""

    role: Literal["student", "mentor"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatInput:
    """All that the chat sees."""

    task: Task
    work: Work
    cards: tuple[Card, ...]
    style: Style
    feedback: str
    summary: str
    history: tuple[Turn, ...]
    question: str
    nonce: str


def chat_prompt(given: ChatInput) -> Prompt:
    """Return the prompt for one answer; what a student said is data in every turn."""
    task, nonce = given.task, given.nonce
    tone = f"\nThe teacher wishes this tone: {given.style.tone}" if given.style.tone else ""
    shared = (
        f"{_SYSTEM}\n{LANGUAGES[given.style.language]}{tone}\n\nCase: {task.case}\n"
        f"Subtask: {task.subtask}\nStatement:\n{task.statement}"
    )
    known = [
        RULE.format(nonce=nonce),
        delimited("FINDINGS", listed(given.work.findings), nonce),
        delimited("CARDS", cards_listed(given.cards), nonce),
        delimited("FEEDBACK", given.feedback, nonce),
        delimited("CODE", numbered(given.work.cells), nonce),
        delimited("OUTPUT", given.work.output, nonce),
        delimited("NOTES", given.work.markdown, nonce),
        delimited("FILE", given.work.file, nonce),
        delimited("EARLIER", given.summary, nonce),
    ]
    turns = [delimited(one.role.upper(), one.text, nonce) for one in given.history]
    asked = delimited("STUDENT", given.question, nonce)
    return Prompt(
        messages=(
            Message(role="system", content=shared),
            Message(role="user", content="\n\n".join([*known, *turns, asked])),
        ),
        max_tokens=400,
    )
