"""Expected answers: computed once per case, by the ideal solution in the case's environment."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from grading.author_tests.records import OpenTest, PreparedTest
from grading.author_tests.settling import ideal_questions, settle
from grading.author_tests.trust import taken_on_trust
from grading.checks.judging import narrowed, settled
from grading.claimed import Claims
from grading.derivation.given import with_calls
from grading.errors import CasePreparationError, ProbeError
from grading.prepared import Open, Prepared, open_items
from grading.probes import OpenProbe, PreparedProbe
from grading.replays import Sweep, questions_of, request_of, sweeps_for
from notebooks.attempts.document import Cell
from notebooks.cases.problems import Problem
from notebooks.cases.profile import Profile
from notebooks.kernels.records import KernelSpec, ReplayRequest, ReplayResult
from notebooks.kernels.replayer import Replayer

CIRCUMSTANCES: tuple[Mapping[str, object], ...] = (
    {"hash_seed": 0},
    {"hash_seed": 1, "elsewhere": True},
)
"""One replay of the ideal solution for each; an answer that varies between them cannot be
expected. A student's replay has the first."""

PREPARE_SECONDS = 300.0
"""Wall time of one replay of the ideal solution."""

_PROFILE = "case.yaml"
_MAX_TRACEBACK = 4000


def _unheard(_remark: str) -> None:
    """Take a remark that nobody wants to hear."""


class CaseLike(Protocol):
    """What preparation needs of a case's content."""

    @property
    def profile(self) -> Profile:
        """The case's profile."""
        ...

    @property
    def solution(self) -> tuple[Cell, ...]:
        """The ideal solution's cells."""
        ...

    @property
    def hidden(self) -> Mapping[str, Path]:
        """Files with right answers, which no sandbox ever has."""
        ...

    @property
    def solution_file(self) -> str:
        """What the author calls the file with the ideal solution."""
        ...

    @property
    def numbers(self) -> Mapping[str, int]:
        """Which cell of that file each cell id is, from 1."""
        ...


async def prepare(  # noqa: PLR0913 - one keyword for each thing it needs
    content: CaseLike,
    replayer: Replayer,
    *,
    spec: KernelSpec,
    derived: Sequence[OpenProbe] = (),
    wall_seconds: float = PREPARE_SECONDS,
    note: Callable[[str], None] = _unheard,
) -> tuple[Prepared, ...]:
    """Return the case's probes and tests with the answers that its ideal solution gives.

    A derived probe is left out where the author's own would be a problem: nobody asked for it.

    Each subtask's questions are asked when a student's replay of it would end, so that a name which
    a later subtask changes is asked for at the right moment; and more than once, so that what
    varies is known to vary. `note` hears once what an author should know of the replays themselves,
    and of tests that a student's process could lie about.

    Raises:
        CasePreparationError: with every problem found: a cell that fails (with its traceback), a
            probe that raises, varies, or answers with something that has no exact kind.
    """
    profile = content.profile
    try:
        hidden = {name: path.read_bytes() for name, path in content.hidden.items()}
        asked_for = open_items(profile, content.solution, hidden)
        called = await with_calls(asked_for, content.solution, replayer, spec=spec)
        opened: tuple[Open, ...] = (*called, *derived)
    except ProbeError as error:
        problem = Problem(_PROFILE, None, None, f"Probe `{error.probe}`: {error}")
        raise CasePreparationError((problem,)) from error
    order = [subtask.id for subtask in profile.subtasks]
    prepared: dict[str, Prepared] = {}
    remarks: set[str] = set()
    for sweep in sweeps_for(content.solution, order):
        asked = [probe for probe in opened if probe.subtask in sweep.moments]
        request = _request(sweep, asked, spec, wall_seconds)
        results = await asyncio.gather(
            *(replayer.replay(_under(request, each)) for each in CIRCUMSTANCES)
        )
        for remark in {result.note for result in results} - {"", *remarks}:
            remarks.add(remark)
            note(remark)
        problems = list(_of_cells(content, sweep.cells, results))
        if problems:  # what comes after a failing cell says nothing
            raise CasePreparationError(tuple(problems))
        rounds = [Claims(result, sweep.cells) for result in results]
        prepared |= {item.id: item for item in _answered(content, asked, rounds, problems)}
        if problems:
            raise CasePreparationError(tuple(problems))
    answered = tuple(prepared[probe.id] for probe in opened if probe.id in prepared)
    for item in answered:
        if isinstance(item, PreparedTest) and (check := taken_on_trust(item)) is not None:
            note(
                f"Test `{item.id}` runs `{check}` beside the student's code, which can lie about"
                " what comes of it: compare values there, or add a probe."
            )
    return answered


def _request(
    sweep: Sweep, asked: Sequence[Open], spec: KernelSpec, wall_seconds: float
) -> ReplayRequest:
    request = request_of(uuid4().hex, spec, sweep.cells, (), wall_seconds)
    questions = tuple(
        question.model_copy(update={"after": sweep.moments[item.subtask]})
        for item in asked
        for question in (
            ideal_questions(item) if isinstance(item, OpenTest) else questions_of(item, sweep.cells)
        )
    )
    return request.model_copy(update={"questions": questions})


def _under(request: ReplayRequest, circumstances: Mapping[str, object]) -> ReplayRequest:
    return request.model_copy(update={"replay_id": uuid4().hex, **circumstances})


def _of_cells(
    content: CaseLike, cells: Sequence[Cell], results: Sequence[ReplayResult]
) -> Iterator[Problem]:
    file, numbers = content.solution_file, content.numbers
    for result in results:
        claimed = {cell.id: cell for cell in result.cells}
        found = False
        for cell in cells:
            done = claimed.get(cell.id)
            if done is None:
                why = result.message or f"the replay ended as `{result.outcome}`"
                message = f"The ideal solution does not get beyond this cell: {why}."
                yield Problem(file, numbers[cell.id], None, message)
                return
            if not done.ok:
                found = True
                failure = done.failure
                text = f"{failure.name}: {failure.message}" if failure else "it failed"
                traceback = f"\n{failure.traceback[-_MAX_TRACEBACK:]}" if failure else ""
                message = f"The ideal solution fails: {text}{traceback}"
                line = failure.line if failure else None
                yield Problem(file, numbers[cell.id], line, message)
        if found:
            return


def _answered(
    content: CaseLike,
    asked: Sequence[Open],
    rounds: Sequence[Claims],
    problems: list[Problem],
) -> Iterator[Prepared]:
    imported = {subtask.id for subtask in content.profile.subtasks if subtask.alias}
    for item in asked:
        if isinstance(item, OpenTest):
            test, why = settle(item, [claims.answers for claims in rounds])
            if test is not None:
                yield test
            else:
                file = content.solution_file if item.subtask in imported else _PROFILE
                problems.append(Problem(file, None, None, f"Test `{item.id}`: {why}."))
            continue
        probe = narrowed(item, [claims.about(item) for claims in rounds])
        expected = settled(probe, [claims.about(probe) for claims in rounds])
        if not isinstance(expected, str):
            yield PreparedProbe(**_fields(probe), expected=expected)
        elif item.origin == "author":
            problems.append(_problem(item, expected))


def _fields(probe: OpenProbe) -> Mapping[str, object]:
    return {name: getattr(probe, name) for name in OpenProbe.model_fields}


def _problem(probe: OpenProbe, message: str) -> Problem:
    return Problem(_PROFILE, None, None, f"Probe `{probe.id}` ({probe.asked}): {message}.")
