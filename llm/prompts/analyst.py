"""The analyst: sees the ideal solution, and answers in JSON that no student reads."""

from dataclasses import dataclass

from llm.guard.tokens import bare
from llm.model import Message, Prompt, Sampling, Schema
from llm.prompts.data import RULE, delimited, listed
from llm.records import Cell, Task, Work

VERSION = "analyst-1"
SCHEMA = Schema(
    name="discrepancies",
    definition={
        "type": "object",
        "properties": {
            "discrepancies": {
                "type": "array",
                "maxItems": 6,
                "items": {
                    "type": "object",
                    "properties": {
                        "evidence_ids": {
                            "type": "array",
                            "items": {"type": "string"},
                            "minItems": 1,
                        },
                        "cell": {"type": ["integer", "null"]},
                        "line": {"type": ["integer", "null"]},
                        "concept": {"type": "string", "maxLength": 120},
                        "consequence": {"type": "string", "maxLength": 240},
                        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                    },
                    "required": [
                        "evidence_ids",
                        "cell",
                        "line",
                        "concept",
                        "consequence",
                        "confidence",
                    ],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["discrepancies"],
        "additionalProperties": False,
    },
)
_SYSTEM = """You compare a student's work on one subtask with the ideal solution.
Report only discrepancies that explain findings with outcome fail, each citing their ids in
evidence_ids. Another way to the same result is no discrepancy. In concept and consequence, name the
kind of misunderstanding and what follows from it, in plain words: no code, no name, constant or
operator of the ideal solution, no correction. Without a failing finding, report none.
Code is shown as CELL:LINE | TEXT. Answer with JSON of the schema alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalystInput:
    """All that the analyst sees."""

    task: Task
    ideal: str
    work: Work
    nonce: str


def analyst_prompt(given: AnalystInput) -> Prompt:
    """Return the prompt: what all students share stands first, comments are left out."""
    task, work = given.task, given.work
    shared = (
        f"{_SYSTEM}\n\nCase: {task.case}\nSubtask: {task.subtask}\nStatement:\n{task.statement}\n\n"
        f"Ideal solution:\n{given.ideal}"
    )
    cells = tuple(Cell(number=one.number, source=bare(one.source)) for one in work.cells)
    parts = [
        RULE.format(nonce=given.nonce),
        delimited("FINDINGS", listed(work.findings), given.nonce),
        delimited("CODE", _numbered(cells), given.nonce),
    ]
    return Prompt(
        messages=(
            Message(role="system", content=shared),
            Message(role="user", content="\n\n".join(parts)),
        ),
        max_tokens=900,
        sampling=Sampling(temperature=0.3),
        schema=SCHEMA,
    )


def _numbered(cells: tuple[Cell, ...]) -> str:
    return "\n".join(
        f"{cell.number}:{at} | {line}"
        for cell in cells
        for at, line in enumerate(cell.source.splitlines(), 1)
        if line.strip()
    )
