import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest

from llm.errors import UnavailableError
from llm.flow import Done, feedback
from llm.guarded import Piece
from tests.llm.scripted import NOTHING, Scripted, asked

GOOD = (
    "The value differs from what the task speaks of.\nWhat does every row hold?\n"
    "[1:1] Look here.\n[9:1] No such place.\n"
)


def cards(**changes: Any) -> str:
    usual = {
        "evidence_ids": ["e-1"],
        "cell": 1,
        "line": 1,
        "concept": "rows that say nothing",
        "consequence": "they count all the same",
        "confidence": 0.9,
    }
    return json.dumps({"discrepancies": [{**usual, **changes}]})


async def run(model: Scripted, **options: Any) -> tuple[str, Done]:
    shown, last = "", None
    async for event in feedback(model, asked(), **options):
        shown = shown + event.text if isinstance(event, Piece) else shown
        last = event
    assert isinstance(last, Done)
    return shown, last


async def test_a_good_answer_is_shown_with_remarks_on_lines_that_exist() -> None:
    shown, done = await run(Scripted(GOOD, answers=[cards()]))
    assert shown == GOOD
    assert done.outcome == "model"
    assert [(one.cell, one.line) for one in done.remarks] == [(1, 1)]
    assert "[1:1]" not in done.text
    assert len(done.cards) == 1
    assert done.features.citation_rate == 1


@pytest.mark.parametrize("ids", [["e-2"], ["e-1", "lint-7"]])
async def test_what_cites_unknown_evidence_is_dropped(ids: list[str]) -> None:
    _, done = await run(Scripted(GOOD, answers=[cards(evidence_ids=ids)]))
    assert done.cards == ()
    assert done.features.citation_rate == 0


async def test_a_card_that_names_the_solution_is_dropped() -> None:
    model = Scripted(GOOD, answers=[cards(concept="call dropna first")])
    _, done = await run(model)
    assert done.cards == ()
    assert not any("dropna" in one.content for one in model.asked[-1].messages)


async def test_the_writer_never_sees_the_ideal_solution() -> None:
    model = Scripted(GOOD, answers=[cards()])
    await run(model)
    analyst, writer = model.asked
    assert "dropna" in analyst.messages[0].content
    assert not any("dropna" in one.content or "median" in one.content for one in writer.messages)


async def test_a_leak_is_stopped_and_another_answer_taken() -> None:
    shown, done = await run(Scripted("Hello there. Call dropna first. Bye.", GOOD))
    assert "dropna" not in shown
    assert done.outcome == "model"
    assert done.features.regenerated == 1


async def test_a_model_that_always_leaks_ends_in_the_template() -> None:
    shown, done = await run(Scripted("Use the median instead of the mean."))
    assert shown == ""
    assert (done.outcome, done.reason) == ("withheld", "leak")
    assert done.text == asked().template


async def test_a_dying_model_ends_in_the_template() -> None:
    _, done = await run(Scripted(UnavailableError("gone")))
    assert (done.outcome, done.reason, done.text) == ("template", "unavailable", asked().template)


async def test_a_slow_model_ends_in_the_template_within_the_deadline() -> None:
    _, done = await run(Scripted(GOOD * 50, pause=0.05), seconds=0.2)
    assert (done.outcome, done.reason) == ("template", "slow")


async def test_a_malformed_analysis_is_asked_for_three_times() -> None:
    model = Scripted(GOOD, answers=["no JSON"])
    _, done = await run(model)
    assert (done.outcome, done.reason) == ("template", "malformed")
    assert len(model.asked) == 3
    _, done = await run(Scripted(GOOD, answers=["no JSON", NOTHING]))
    assert (done.outcome, done.features.malformed) == ("model", 1)


async def test_closing_stops_the_model() -> None:
    async with aclosing(feedback(Scripted(GOOD, pause=0.001), asked())) as events:
        assert isinstance(await anext(events), Piece)
    await asyncio.sleep(0)
    with pytest.raises(StopAsyncIteration):
        await anext(events)
