"""One feedback, from evidence to words: analyst, writer, guard; the template whenever they fail.

The caller has shown the template already. Nothing here holds a verdict or a score.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from llm.analyst import Analysis, analyse
from llm.errors import ModelError, TooSlowError
from llm.escalation import Features
from llm.guard import Guard, secret_of
from llm.guarded import Piece, Replaced, Spoken, speak
from llm.model import Model, Usage
from llm.prompts import analyst, writer
from llm.prompts.analyst import AnalystInput
from llm.prompts.data import fresh_nonce
from llm.prompts.writer import WriterInput, writer_prompt
from llm.records import Card, Style, Task, Work
from llm.writer import Remark, read_written

DEADLINE_SECONDS = 120.0
Reason = Literal["", "unavailable", "slow", "malformed", "leak", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a feedback is asked about."""

    task: Task
    ideal: str
    work: Work
    style: Style
    template: str
    """The feedback that needs no model, in the course's language."""
    uncertain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The finished feedback."""

    text: str
    remarks: tuple[Remark, ...]
    outcome: Literal["model", "template", "withheld"]
    """`withheld`: words were there, and told too much; `text` is the template then, too."""
    reason: Reason
    cards: tuple[Card, ...]
    features: Features
    usages: tuple[Usage, ...]
    prompts: tuple[str, ...] = (analyst.VERSION, writer.VERSION)


Event = Piece | Replaced | Done


async def feedback(
    model: Model, asked: Asked, *, guard: Guard | None = None, seconds: float = DEADLINE_SECONDS
) -> AsyncGenerator[Event, None]:
    """Yield pieces of a feedback, and `Done` last, in any case but cancellation.

    `guard`: of the conversation this belongs to. `seconds`: until the template has to do.
    """
    judge = guard or guard_of(asked)
    deadline = asyncio.get_running_loop().time() + seconds
    analysis: Analysis | None = None
    try:
        async with asyncio.timeout_at(deadline):
            analysis = await analyse(
                model,
                AnalystInput(
                    task=asked.task, ideal=asked.ideal, work=asked.work, nonce=fresh_nonce()
                ),
                judge,
            )
        given = WriterInput(
            task=asked.task,
            work=asked.work,
            cards=analysis.cards,
            style=asked.style,
            nonce=fresh_nonce(),
        )
        async with aclosing(speak(model, writer_prompt(given), judge)) as events:
            # Not around the loop: a time-out must not strike while the caller has the turn.
            while (event := await _next(events, deadline)) is not None:
                if isinstance(event, Spoken):
                    yield _done(asked, analysis, judge, event)
                    return
                yield event
    except (ModelError, TimeoutError) as error:
        yield Replaced("model")
        yield _fallen(asked, analysis, judge, _reason(error))


def guard_of(asked: Asked) -> Guard:
    """Return a guard for a conversation that begins."""
    messages = "\n".join(one.message for one in asked.work.findings)
    readable = f"{asked.task.statement}\n{asked.task.template}\n{messages}"
    secret = secret_of(
        asked.ideal, asked.work.code, readable=readable, interface=asked.task.interface
    )
    return Guard(secret)


async def _next(
    events: AsyncGenerator[Piece | Replaced | Spoken, None], deadline: float
) -> Piece | Replaced | Spoken | None:
    async with asyncio.timeout_at(deadline):
        return await anext(events, None)


def _done(asked: Asked, analysis: Analysis, guard: Guard, spoken: Spoken) -> Done:
    features = _features(asked, analysis, guard, len(spoken.stopped))
    usages = (*analysis.usages, *spoken.usages)
    known = f"{asked.task.statement}\n{asked.task.template}"
    if spoken.text is not None:
        written = read_written(spoken.text, asked.work.cells, known=known)
        if written.text:
            return Done(
                text=written.text,
                remarks=written.remarks,
                outcome="model",
                reason="",
                cards=analysis.cards,
                features=features,
                usages=usages,
            )
    return Done(
        text=asked.template,
        remarks=(),
        outcome="withheld",
        reason="leak",
        cards=analysis.cards,
        features=features,
        usages=usages,
    )


def _fallen(asked: Asked, analysis: Analysis | None, guard: Guard, reason: Reason) -> Done:
    return Done(
        text=asked.template,
        remarks=(),
        outcome="template",
        reason=reason,
        cards=() if analysis is None else analysis.cards,
        features=_features(asked, analysis, guard, 0),
        usages=() if analysis is None else analysis.usages,
    )


def _features(asked: Asked, analysis: Analysis | None, guard: Guard, stopped: int) -> Features:
    probes = [one.outcome for one in asked.work.findings if one.kind == "probe"]
    failed = probes.count("fail")
    if analysis is None:
        return Features(uncertain=asked.uncertain, guard_margin=guard.margin)
    return Features(
        uncertain=asked.uncertain,
        probe_agreement=max(failed, len(probes) - failed) / len(probes) if probes else None,
        citation_rate=analysis.cited / analysis.reported if analysis.reported else None,
        guard_margin=guard.margin,
        malformed=analysis.malformed,
        regenerated=stopped,
        confidence=analysis.confidence if analysis.cited else None,
    )


def _reason(error: ModelError | TimeoutError) -> Reason:
    if isinstance(error, TimeoutError | TooSlowError):
        return "slow"
    name = type(error).__name__
    if name == "MalformedError":
        return "malformed"
    return "refused" if name in {"RefusedError", "TooLongError"} else "unavailable"
