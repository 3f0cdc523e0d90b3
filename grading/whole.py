"""A whole notebook judged, every subtask in order, in as few replays as that takes."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from grading.confirmation import judged
from grading.judge import Judgement
from grading.prepared import Prepared
from grading.ready import ReadyCase
from grading.replays import Sweep, cells_for, questions_of, request_of, sweeps_for
from grading.situation import Situation
from grading.verdict import Verdict
from notebooks.attempts.document import Cell
from notebooks.cases.profile import Subtask
from notebooks.kernels.records import ReplayRequest, ReplayResult
from notebooks.kernels.replayer import Replayer


@dataclass(frozen=True, slots=True)
class Judged:
    """One subtask's judgement."""

    subtask: Subtask
    judgement: Judgement
    seconds: float
    """Wall time; a replay that several subtasks share is split evenly among them."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What a shared replay says of one subtask."""

    result: ReplayResult
    seconds: float


async def judge_notebook(
    case: ReadyCase, cells: Sequence[Cell], replayer: Replayer, *, wall_seconds: float
) -> tuple[Judged, ...]:
    """Judge every subtask of a notebook, in order; `wall_seconds` bounds each replay.

    Subtasks share a replay, in which each is asked when a replay of its own would end. One that
    does not come to its end says too little of whose fault that is: each of its subtasks is then
    replayed alone.

    Raises:
        KernelError: a replay could not be had.
    """
    profile = case.content.profile
    order = [subtask.id for subtask in profile.subtasks]
    shared: dict[str, _Claimed] = {}
    for sweep in sweeps_for(cells, order):
        if len(sweep.moments) > 1:
            result = await replayer.replay(_request(case, sweep, wall_seconds))
            if result.outcome == "completed":
                shared |= dict(_parts(case, sweep, cells, order, result))
    verdicts: dict[str, Verdict] = {}
    reuse_key = uuid4().hex
    found = []
    for subtask in profile.subtasks:
        began = time.monotonic()
        known = shared.get(subtask.id)
        judgement = await judge_subtask(
            case,
            subtask,
            cells,
            replayer,
            verdicts=verdicts,
            wall_seconds=wall_seconds,
            reuse_key=reuse_key,
            result=known.result if known is not None else None,
        )
        verdicts[subtask.id] = judgement.verdict
        before = known.seconds if known is not None else 0.0
        found.append(Judged(subtask, judgement, before + time.monotonic() - began))
    return tuple(found)


async def judge_subtask(  # noqa: PLR0913 - one keyword for each thing a judgement needs
    case: ReadyCase,
    subtask: Subtask,
    cells: Sequence[Cell],
    replayer: Replayer,
    *,
    verdicts: Mapping[str, Verdict],
    wall_seconds: float,
    reuse_key: str,
    result: ReplayResult | None = None,
) -> Judgement:
    """Judge one subtask of a notebook, whose replays share `reuse_key`.

    `verdicts` are those of earlier subtasks. `result` is a replay's that has passed it already.

    Raises:
        KernelError: a replay could not be had.
    """
    profile = case.content.profile
    probes = _asked(case, subtask.id)
    situation = Situation(
        subtask=subtask.id,
        titles={known.id: known.title for known in profile.subtasks},
        verdicts=verdicts,
        cells=cells_for(subtask.id, cells, [known.id for known in profile.subtasks]),
        wall_seconds=wall_seconds,
        locale=profile.locale,
        constraints=subtask.constraints,
        for_person=bool(subtask.rubric),
    )
    request = request_of(
        uuid4().hex, case.spec, situation.cells, probes, wall_seconds, reuse_key=reuse_key
    )
    return await judged(replayer.replay, request, situation, probes, result)


def _asked(case: ReadyCase, subtask: str) -> list[Prepared]:
    return [probe for probe in case.probes if probe.subtask == subtask]


def _request(case: ReadyCase, sweep: Sweep, wall_seconds: float) -> ReplayRequest:
    request = request_of(uuid4().hex, case.spec, sweep.cells, (), wall_seconds)
    questions = tuple(
        question.model_copy(update={"after": moment})
        for subtask, moment in sweep.moments.items()
        for probe in _asked(case, subtask)
        for question in questions_of(probe, sweep.cells)
    )
    return request.model_copy(update={"questions": questions})


def _parts(
    case: ReadyCase,
    sweep: Sweep,
    cells: Sequence[Cell],
    order: Sequence[str],
    result: ReplayResult,
) -> Iterator[tuple[str, _Claimed]]:
    """Yield for each subtask what a replay of its own would have said."""
    for subtask in sweep.moments:
        run = {cell.id for cell in cells_for(subtask, cells, order)}
        own = {
            question.id
            for probe in _asked(case, subtask)
            for question in questions_of(probe, sweep.cells)
        }
        update = {
            "cells": tuple(cell for cell in result.cells if cell.id in run),
            "answers": tuple(answer for answer in result.answers if answer.question_id in own),
        }
        part = result.model_copy(update=update)
        yield subtask, _Claimed(part, result.seconds / len(sweep.moments))
