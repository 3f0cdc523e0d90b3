"""Which cells a judgement replays and what it asks: the same plan for ideal and student."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grading.errors import UnknownSubtaskError
from grading.prepared import Open
from notebooks.attempts.document import Cell
from notebooks.kernels.records import (
    MAX_CHECKPOINTS,
    AskFigures,
    KernelSpec,
    Question,
    ReplayCell,
    ReplayRequest,
)


def cells_for(subtask: str, cells: Sequence[Cell], order: Sequence[str]) -> tuple[Cell, ...]:
    """Return the code cells to replay before a subtask's questions, in document order.

    Everything down to the subtask's last cell, without the cells of later subtasks and those
    that grading skips. `order` is the subtasks' order in the case.

    Raises:
        UnknownSubtaskError: the case has no such subtask.
    """
    if subtask not in order:
        raise UnknownSubtaskError(f"The case has no subtask `{subtask}`.")
    later = set(order[order.index(subtask) + 1 :])
    own = [position for position, cell in enumerate(cells) if cell.subtask == subtask]
    end = own[-1] + 1 if own else len(cells)
    return tuple(
        cell
        for cell in cells[:end]
        if cell.kind == "code" and cell.replay and cell.subtask not in later
    )


@dataclass(frozen=True, slots=True)
class Sweep:
    """One replay that passes the moments of several subtasks."""

    cells: tuple[Cell, ...]
    moments: Mapping[str, str | None]
    """Of each subtask: the cell after which it is judged; None for after all cells."""


def sweeps_for(cells: Sequence[Cell], order: Sequence[str]) -> tuple[Sweep, ...]:
    """Return replays in which every subtask is met as `cells_for` says, as few as possible.

    One is enough unless a cell of a later subtask stands above one of an earlier subtask.
    """
    sweeps: list[Sweep] = []
    for subtask in order:
        plan = cells_for(subtask, cells, order)
        last = sweeps[-1] if sweeps else None
        if last is not None and last.cells and plan[: len(last.cells)] == last.cells:
            sweeps.pop()
            end = last.cells[-1].id
            passed = {known: moment or end for known, moment in last.moments.items()}
            sweeps.append(Sweep(plan, {**passed, subtask: None}))
        else:
            sweeps.append(Sweep(plan, {subtask: None}))
    return tuple(sweeps)


def questions_of(item: Open, cells: Sequence[Cell]) -> tuple[Question, ...]:
    """Return what a replay of some cells is asked for a probe or test."""
    own = tuple(cell.id for cell in cells if cell.subtask == item.subtask)
    return tuple(
        question.model_copy(update={"ask": AskFigures(cells=own)})
        if isinstance(question.ask, AskFigures)
        else question
        for question in item.questions
    )


def request_of(  # noqa: PLR0913 - each is a part of the request
    replay_id: str,
    spec: KernelSpec,
    cells: Sequence[Cell],
    asked: Sequence[Open],
    wall_seconds: float,
    *,
    reuse_key: str | None = None,
) -> ReplayRequest:
    """Return the replay of some cells with the questions of some probes and tests.

    `reuse_key` names the work that the cells are of, an attempt say: its replays share the cells
    that begin them alike, up to the end of a subtask.
    """
    ends = {cell.subtask: cell.id for cell in cells if cell.subtask is not None}
    return ReplayRequest(
        replay_id=replay_id,
        spec=spec,
        cells=tuple(ReplayCell(id=cell.id, source=cell.source) for cell in cells),
        questions=tuple(question for item in asked for question in questions_of(item, cells)),
        wall_seconds=wall_seconds,
        checkpoints=tuple(ends.values())[-MAX_CHECKPOINTS:] if reuse_key is not None else (),
        reuse_key=reuse_key,
    )
