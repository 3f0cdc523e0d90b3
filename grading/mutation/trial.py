"""Trying a case's probes on planted mistakes: which change anything, and which are noticed."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import uuid4

from grading.checks.records import Prints
from grading.comparison import compare
from grading.judge import judge
from grading.mutation.mutants import Mutant
from grading.prepared import Prepared
from grading.probes import PreparedProbe
from grading.replays import cells_for, request_of
from grading.situation import Situation
from grading.verdict import Verdict
from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.cases.profile import Profile
from notebooks.kernels.records import AskValue, KernelSpec, Question, ReplayResult
from notebooks.kernels.replayer import Replayer
from notebooks.kernels.values import Opaque, Value

TRIAL_SECONDS = 60.0
"""Wall time of one mutant's replay: a mistake may be a loop that does not end."""

_OBSERVED = "observed/"
_SHOWN = _OBSERVED + "_"


class Change(StrEnum):
    """What difference a mistake makes that can be observed from outside."""

    NOTHING = "nothing"
    DISPLAY = "display"
    """Only what cells show, where no question asks for that: a look at a table, a printed check."""
    ANSWER = "answer"


class Solved(Protocol):
    """What a trial needs of a case's content."""

    @property
    def profile(self) -> Profile:
        """The case's profile."""
        ...

    @property
    def solution(self) -> tuple[Cell, ...]:
        """The ideal solution's cells."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one mutant."""

    mutant: Mutant
    subtask: str
    """The subtask by whose probes it was judged."""
    changes: Change
    verdict: Verdict

    @property
    def caught(self) -> bool:
        """Tell whether the mistake is not simply approved."""
        return self.verdict is not Verdict.APPROVED


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that a trial works with, the same for all mutants."""

    content: Solved
    probes: Sequence[Prepared]
    replayer: Replayer
    spec: KernelSpec

    async def run(self, mutants: Sequence[Mutant], *, jobs: int) -> tuple[Tried, ...]:
        """Try mutants, `jobs` at a time; returned in their order.

        Raises:
            KernelError: no sandbox can be had.
        """
        ideals = {
            subtask.id: await self._replay(subtask.id, self.content.solution)
            for subtask in self.content.profile.subtasks
        }
        places = asyncio.Semaphore(jobs)

        async def one(mutant: Mutant) -> Tried:
            async with places:
                return await self._try(mutant, ideals)

        return tuple(await asyncio.gather(*map(one, mutants)))

    async def _try(self, mutant: Mutant, ideals: Mapping[str, ReplayResult]) -> Tried:
        subtask = mutant.subtask or self._next_subtask(mutant.cell)
        cells = tuple(
            cell.model_copy(update={"source": mutant.source}) if cell.id == mutant.cell else cell
            for cell in self.content.solution
        )
        result = await self._replay(subtask, cells)
        situation = self._situation(subtask, cells)
        probes = [probe for probe in self.probes if probe.subtask == subtask]
        # The same replay counts twice: a planted mistake needs no second look.
        judgement = await asyncio.to_thread(judge, situation, probes, result, result)
        changes = await asyncio.to_thread(_change, ideals[subtask], result, probes)
        return Tried(mutant, subtask, changes, judgement.verdict)

    async def _replay(self, subtask: str, cells: Sequence[Cell]) -> ReplayResult:
        asked = [one for one in self.probes if one.subtask == subtask]
        replayed = cells_for(subtask, cells, self._order)
        request = request_of(uuid4().hex, self.spec, replayed, asked, TRIAL_SECONDS)
        observers = tuple(_observers(subtask, self.content.solution))
        return await self.replayer.replay(
            request.model_copy(update={"questions": (*request.questions, *observers)})
        )

    def _situation(self, subtask: str, cells: Sequence[Cell]) -> Situation:
        return Situation(
            subtask=subtask,
            titles={one.id: one.title for one in self.content.profile.subtasks},
            verdicts=dict.fromkeys(self._order, Verdict.APPROVED),
            cells=cells_for(subtask, cells, self._order),
            wall_seconds=TRIAL_SECONDS,
            constraints=self.content.profile.subtask(subtask).constraints,
        )

    @property
    def _order(self) -> Sequence[str]:
        return [subtask.id for subtask in self.content.profile.subtasks]

    def _next_subtask(self, cell_id: str) -> str:
        """Return the subtask whose cells follow a cell that belongs to none."""
        later = False
        for cell in self.content.solution:
            later = later or cell.id == cell_id
            if later and cell.subtask is not None:
                return cell.subtask
        return self._order[-1]


def _observers(subtask: str, cells: Sequence[Cell]) -> Iterator[Question]:
    """Ask for everything that a subtask's cells bind, and for what its last line shows."""
    names = dict.fromkeys(
        name
        for cell in cells
        if cell.subtask == subtask and cell.kind == "code"
        for name in code.bound_names(code.parse(cell.source).body)
    )
    for name in (*names, "_"):
        yield Question(id=f"{_OBSERVED}{name}", ask=AskValue(expression=name))


def _change(ideal: ReplayResult, mutant: ReplayResult, probes: Sequence[Prepared]) -> Change:
    """Return what a mistake changes; without any question, what cells show is the only answer."""
    if mutant.outcome != "completed":
        return Change.ANSWER
    if [cell.ok for cell in ideal.cells] != [cell.ok for cell in mutant.cells]:
        return Change.ANSWER
    theirs = {answer.question_id: answer.value for answer in mutant.answers}
    unlike = {
        answer.question_id
        for answer in ideal.answers
        if answer.question_id not in theirs or _unlike(answer.value, theirs[answer.question_id])
    }
    if unlike - {_SHOWN}:
        return Change.ANSWER
    printed = [cell.stdout for cell in ideal.cells] != [cell.stdout for cell in mutant.cells]
    if not unlike and not printed:
        return Change.NOTHING
    asked = not probes or (printed and any(_asks_for_print(one) for one in probes))
    return Change.ANSWER if asked else Change.DISPLAY


def _asks_for_print(item: Prepared) -> bool:
    return isinstance(item, PreparedProbe) and isinstance(item.check, Prints)


def _unlike(ours: Value | None, theirs: Value | None) -> bool:
    if ours is None or theirs is None:
        return ours is not theirs
    if isinstance(ours, Opaque) or isinstance(theirs, Opaque):
        # An object says nothing of itself that can be trusted to be the same in two processes.
        return ours.t != theirs.t or getattr(ours, "type", "") != getattr(theirs, "type", "")
    return compare(ours, theirs) is not None
