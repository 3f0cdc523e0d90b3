"""The writer: words for a student. The ideal solution is no field of its input."""

from collections.abc import Sequence
from dataclasses import dataclass

from llm.model import Message, Prompt
from llm.prompts.data import RULE, delimited, listed, numbered
from llm.records import Card, Style, Task, Work

VERSION = "writer-1"
_SYSTEM = """You are a mentor in a data-science course and write to one student about one subtask.
Write 80 to 160 words. Tell what was observed and what follows from it, and ask questions that lead
the student to the cause. Never give the fix: no corrected code, no name of a function, operator,
constant or argument that is not already in the student's code or the statement.
First write remarks on the idea, as one or two short paragraphs. Then, if a line matters, write one
remark a line, each beginning with its place in brackets as in [2:3]. Nothing else.
If findings do not say enough, say that you are not sure and that a person can help."""
_LEVELS = {
    1: "Hint level 1: only point to what was observed and ask one question.",
    2: "Hint level 2: also name the kind of misunderstanding.",
    3: "Hint level 3: also name the place, and the idea to read up on.",
}
LANGUAGES = {"en": "Answer in English.", "ru": "Answer in Russian."}


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterInput:
    """All that the writer sees."""

    task: Task
    work: Work
    cards: tuple[Card, ...]
    style: Style
    nonce: str


def writer_prompt(given: WriterInput) -> Prompt:
    """Return the prompt for a feedback."""
    task, work, style = given.task, given.work, given.style
    shared = [_SYSTEM, _LEVELS[style.hint_level], LANGUAGES[style.language]]
    if style.tone:
        shared.append(f"The teacher wishes this tone: {style.tone}")
    shared.append(f"Case: {task.case}\nSubtask: {task.subtask}\nStatement:\n{task.statement}")
    parts = [
        RULE.format(nonce=given.nonce),
        delimited("FINDINGS", listed(work.findings), given.nonce),
        delimited("CARDS", cards_listed(given.cards), given.nonce),
        delimited("CODE", numbered(work.cells), given.nonce),
    ]
    return Prompt(
        messages=(
            Message(role="system", content="\n\n".join(shared)),
            Message(role="user", content="\n\n".join(parts)),
        ),
        max_tokens=500,
    )


def cards_listed(cards: Sequence[Card]) -> str:
    """Return cards one a line."""
    lines = []
    for card in cards:
        place = "" if card.cell is None else f" at {card.cell}:{card.line or 1}"
        ids = ", ".join(card.evidence_ids)
        lines.append(f"{card.concept}{place} ({ids}): {card.consequence}")
    return "\n".join(lines)
