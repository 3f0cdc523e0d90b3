"""How long a student waits for a judgement of the assignment of `assignment`, cells included."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from config.settings import Settings
from grading.offline import read_student, ready_case
from grading.ready import ReadyCase
from grading.verdict import Verdict
from grading.whole import judge_subtask
from notebooks.attempts.document import Cell
from notebooks.kernels.replay.local import LocalReplayer
from tests.environments import shared_environments_dir

_FIRSTS = 3
_EDITS = 15


@dataclass(frozen=True, slots=True)
class Waits:
    """Waiting times in milliseconds."""

    preparation: float
    """Of making the case ready, its environment being there; once per case."""
    first: list[float] = field(default_factory=list)
    """For all subtasks, each validated in its turn, where no grading server runs yet."""
    last: list[float] = field(default_factory=list)
    """For the last subtask after an edit of its cell."""


class _Student:
    """An attempt, as its validations see it."""

    def __init__(self, case: ReadyCase, replayer: LocalReplayer, wall_seconds: float) -> None:
        self._case, self._replayer, self._wall_seconds = case, replayer, wall_seconds
        self._verdicts: dict[str, Verdict] = {}
        self._key = uuid4().hex

    async def validate(self, number: int, cells: tuple[Cell, ...]) -> None:
        """Validate a subtask, by its place in the case; it has to be approved."""
        subtask = self._case.content.profile.subtasks[number]
        judgement = await judge_subtask(
            self._case,
            subtask,
            cells,
            self._replayer,
            verdicts=self._verdicts,
            wall_seconds=self._wall_seconds,
            reuse_key=self._key,
        )
        assert judgement.verdict is Verdict.APPROVED, judgement.feedback
        self._verdicts[subtask.id] = judgement.verdict


async def measure_waits(case: Path, notebook: Path, state: Path) -> Waits:
    """Measure with a right solution."""
    settings = Settings(state_dir=state, environments_dir_override=shared_environments_dir())
    preparing = LocalReplayer(settings)
    began = time.perf_counter()
    try:
        ready = await ready_case(case, preparing, settings=settings, log=lambda _: None)
    finally:
        await preparing.close()
    waits = Waits(preparation=_since(began))
    cells = read_student(ready.content, notebook)
    assert not isinstance(cells, str), cells
    subtasks = len(ready.content.profile.subtasks)
    for turn in range(_FIRSTS):
        replayer = LocalReplayer(settings)
        student = _Student(ready, replayer, settings.replay_seconds)
        try:
            began = time.perf_counter()
            for number in range(subtasks):
                await student.validate(number, cells)
            waits.first.append(_since(began))
            for number in range(_EDITS if turn == _FIRSTS - 1 else 0):
                edited = _edited(cells, ready.content.profile.subtasks[-1].id, number)
                began = time.perf_counter()
                await student.validate(subtasks - 1, edited)
                waits.last.append(_since(began))
        finally:
            await replayer.close()
    return waits


def _edited(cells: tuple[Cell, ...], subtask: str, number: int) -> tuple[Cell, ...]:
    last = [cell.id for cell in cells if cell.subtask == subtask and cell.replay][-1]
    return tuple(
        cell.model_copy(update={"source": f"{cell.source}\n# {number}"})
        if cell.id == last
        else cell
        for cell in cells
    )


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
