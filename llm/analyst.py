"""From a model's JSON to abstract cards, each on evidence that exists."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm.errors import MalformedError
from llm.guard import Guard
from llm.model import Model, Usage
from llm.prompts.analyst import AnalystInput, analyst_prompt
from llm.records import Card, Cell, Work

TRIES = 3


class _Discrepancy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    evidence_ids: list[str] = Field(min_length=1, max_length=24)
    cell: int | None
    line: int | None
    concept: str = Field(max_length=120)
    consequence: str = Field(max_length=240)
    confidence: float = Field(ge=0, le=1)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    discrepancies: list[_Discrepancy] = Field(max_length=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What the analyst found; `cited` of `reported` discrepancies stood on failing evidence."""

    cards: tuple[Card, ...]
    reported: int
    cited: int
    malformed: int
    confidence: float
    usages: tuple[Usage, ...]


async def analyse(model: Model, given: AnalystInput, guard: Guard) -> Analysis:
    """Ask the analyst; cards that tell too much of the solution are dropped as well.

    Raises:
        ModelError: no answer, or none of the schema in three tries.
    """
    prompt = analyst_prompt(given)
    usages: list[Usage] = []
    for malformed in range(TRIES):
        answer = await model.answer(prompt)
        usages.append(answer.usage)
        try:
            found = _Answer.model_validate_json(answer.text).discrepancies
        except ValidationError:
            continue
        failing = {one.id for one in given.work.findings if one.outcome == "fail"}
        cited = [one for one in found if set(one.evidence_ids) <= failing]
        cards = tuple(_card(one, given.work) for one in cited)
        return Analysis(
            cards=tuple(one for one in cards if not _tells(guard, one)),
            reported=len(found),
            cited=len(cited),
            malformed=malformed,
            confidence=min((one.confidence for one in cited), default=0.0),
            usages=tuple(usages),
        )
    raise MalformedError(f"The analyst's answer was none of the schema in {TRIES} tries.")


def has_line(cells: tuple[Cell, ...], cell: int, line: int) -> bool:
    """Tell whether a place exists."""
    lines = {one.number: len(one.source.splitlines()) for one in cells}
    return 1 <= line <= lines.get(cell, 0)


def _card(found: _Discrepancy, work: Work) -> Card:
    cell, line = found.cell, found.line
    real = cell is not None and line is not None and has_line(work.cells, cell, line)
    return Card(
        evidence_ids=tuple(found.evidence_ids),
        concept=found.concept,
        consequence=found.consequence,
        cell=cell if real else None,
        line=line if real else None,
    )


def _tells(guard: Guard, card: Card) -> bool:
    return any(guard.leak(text) is not None for text in (card.concept, card.consequence))
