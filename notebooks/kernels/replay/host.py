"""Drives a replay: order by order, death and time noticed, whatever kind of sandbox it has."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from notebooks.kernels.records import (
    Answer,
    CellResult,
    KernelSpec,
    Question,
    ReplayOutcome,
    ReplayRequest,
    ReplayResult,
)
from notebooks.kernels.replay.dialogue import DiedError, NonsenseError
from notebooks.kernels.replay.openers import Opened, Opener
from notebooks.kernels.sandboxes.base import Sandbox, describe_death
from notebooks.kernels.values import Opaque

_MAX_ANSWERS_BYTES = 64 * 1024 * 1024
_OOM_COUNTER_SECONDS = 0.05
_EXIT_SECONDS = 1.0


@dataclass(slots=True)
class _Claims:
    """What a replay has said so far."""

    cells: list[CellResult] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    uncopied: list[str] = field(default_factory=list)
    """The cells after which no copy could be made and asked."""


async def replay(opener: Opener, request: ReplayRequest) -> ReplayResult:
    """Run the cells in a sandbox, ask the questions, and return what was claimed.

    Where a process cannot be copied, as one with threads, the questions after a cell are asked in
    a replay of their own that ends with that cell.

    Raises:
        SandboxError: A sandbox could not be started.
    """
    result, uncopied = await _replay_once(opener, request)
    for cell in uncopied:
        if result.outcome != "completed":
            break
        part, _ = await _replay_once(opener, _up_to(cell, request))
        result = result.model_copy(
            update={
                "outcome": part.outcome,
                "message": part.message,
                "answers": result.answers + part.answers,
                "seconds": result.seconds + part.seconds,
            }
        )
    return result


def _up_to(cell: str, request: ReplayRequest) -> ReplayRequest:
    end = next(n for n, replayed in enumerate(request.cells, start=1) if replayed.id == cell)
    questions = (question for question in request.questions if question.after == cell)
    return request.model_copy(
        update={
            "cells": request.cells[:end],
            "questions": tuple(q.model_copy(update={"after": None}) for q in questions),
        }
    )


async def _replay_once(
    opener: Opener, request: ReplayRequest
) -> tuple[ReplayResult, Sequence[str]]:
    """Return what was claimed, and the cells after which no copy could be made and asked."""
    began = time.monotonic()
    claims = _Claims()
    outcome: ReplayOutcome = "completed"
    message = ""
    async with opener.open(_limited(request)) as opened:
        try:
            async with asyncio.timeout(request.wall_seconds):
                await _converse(opened, request, claims)
        except TimeoutError:
            outcome = "timeout"
            message = f"The notebook ran longer than {request.wall_seconds:g} seconds."
        except NonsenseError as error:
            outcome, message = "protocol", str(error)
        except DiedError:
            outcome, message = "died", await _describe_death(opened.sandbox, request.spec)
        opened.well = outcome == "completed"
    result = ReplayResult(
        outcome=outcome,
        message=message,
        cells=tuple(claims.cells),
        answers=tuple(claims.answers),
        seconds=time.monotonic() - began,
        reused_cells=len(opened.done),
        note=opened.note,
    )
    return result, claims.uncopied


async def _converse(opened: Opened, request: ReplayRequest, claims: _Claims) -> None:
    dialogue = opened.dialogue
    await opened.ready()
    claims.cells.extend(opened.done)
    questions = defaultdict[str | None, list[Question]](list)
    for question in request.questions:
        questions[question.after].append(question)
    left = _MAX_ANSWERS_BYTES

    async def ask(those: list[Question]) -> None:
        nonlocal left
        groups = [list(group) for _, group in groupby(those, key=lambda one: one.branch)]
        for number, group in enumerate(groups, start=1):
            # Nobody comes after the last ones to see what they did.
            last = number == len(groups)
            apart = group[0].branch is not None and not last and await dialogue.branch()
            for question in group:
                answer, size = await dialogue.ask(question)
                left -= size
                claims.answers.append(answer if left > 0 else _too_large(answer))
            if apart:
                await dialogue.join()

    for cell in request.cells[len(opened.done) :]:
        claims.cells.append(await dialogue.run(cell))
        if cell.id in request.checkpoints:
            await opened.passed(claims.cells)
        if cell.id not in questions:
            continue
        if await dialogue.branch():
            await ask(questions[cell.id])
            await dialogue.join()
        else:
            claims.uncopied.append(cell.id)
    await ask(questions[None])


def _limited(request: ReplayRequest) -> ReplayRequest:
    """Return the request with no more CPU time than its wall time can use."""
    limits = request.spec.limits
    seconds = min(limits.cpu_seconds, math.ceil(request.wall_seconds) + 1)
    spec = request.spec.model_copy(
        update={"limits": limits.model_copy(update={"cpu_seconds": seconds})}
    )
    return request.model_copy(update={"spec": spec})


async def _describe_death(sandbox: Sandbox, spec: KernelSpec) -> str:
    try:
        async with asyncio.timeout(_EXIT_SECONDS):
            await sandbox.wait()
    except TimeoutError:
        sandbox.kill()
    exit_code = await sandbox.wait()
    # The process may be gone a moment before the group's counter shows why.
    await asyncio.sleep(_OOM_COUNTER_SECONDS)
    return describe_death(
        exit_code=exit_code,
        out_of_memory=sandbox.out_of_memory(),
        memory_bytes=spec.limits.memory_bytes,
    )


def _too_large(answer: Answer) -> Answer:
    if answer.value is None:
        return answer
    return Answer(
        question_id=answer.question_id, value=Opaque(type=answer.value.t, reason="too large")
    )
