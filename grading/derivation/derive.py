"""From an ideal solution to questions: one exploring replay, then drafts of probes.

A draft becomes a probe when the ideal has answered it, the same way every time (`preparation`).
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from grading.checks.records import Agrees
from grading.derivation import functions as calls
from grading.derivation.functions import borrowed
from grading.derivation.names import Answerable, answerable
from grading.derivation.objects import Description, describing, description, questions
from grading.derivation.recording import Call, calls_expression, calls_in, recorded
from grading.feedback import wording
from grading.names import root_names
from grading.prepared import Prepared
from grading.probes import LAST_SHOWN, OpenProbe, PreparedProbe, call_text
from grading.replays import Sweep, sweeps_for
from notebooks.attempts.document import Cell
from notebooks.cases.probes import Tolerance
from notebooks.cases.profile import Profile, Subtask
from notebooks.cases.settled import SettledAnswer
from notebooks.kernels.records import (
    AskCall,
    AskValue,
    KernelSpec,
    Question,
    ReplayCell,
    ReplayRequest,
    ReplayResult,
)
from notebooks.kernels.replayer import Replayer
from notebooks.kernels.values import Value

EXPLORE_SECONDS = 300.0
_HALF = 0.5 + 1e-6
"""Half of the last decimal that counts, with some binary dust."""


class Solved(Protocol):
    """What derivation needs of a case's content."""

    @property
    def profile(self) -> Profile:
        """The case's profile."""
        ...

    @property
    def solution(self) -> tuple[Cell, ...]:
        """The ideal solution's cells."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A probe that the ideal solution has still to answer; of a call, where it comes from."""

    probe: OpenProbe
    candidate: calls.Candidate | None = None


async def derive(
    content: Solved, replayer: Replayer, *, spec: KernelSpec, subtasks: Sequence[Subtask]
) -> tuple[Draft, ...]:
    """Return drafts of probes for some subtasks of a case; none where the ideal does not run.

    Raises:
        KernelError: no sandbox can be had.
    """
    wanted = {one.id: answerable(one, content.solution) for one in subtasks}
    order = [subtask.id for subtask in content.profile.subtasks]
    found = _Findings()
    for sweep in sweeps_for(content.solution, order):
        asked = [wanted[name] for name in sweep.moments if name in wanted]
        if asked:
            found.take(await replayer.replay(_request(sweep, asked, spec)))
    known = [
        (function, call)
        for one in wanted.values()
        for function in one.functions
        for call in found.calls(one.subtask, function.name)
    ]
    drafts = [
        draft
        for subtask in subtasks
        for draft in _drafts(wanted[subtask.id], content, found, known)
    ]
    return tuple(drafts)


def choose(drafts: Sequence[Draft], prepared: Sequence[Prepared]) -> tuple[Prepared, ...]:
    """Return what to keep: of each function's derived calls a few, of everything else all."""
    answered = {item.id: item for item in prepared if isinstance(item, PreparedProbe)}
    derived = {draft.probe.id for draft in drafts}
    kept = {item.id for item in prepared} - derived
    kept |= {draft.probe.id for draft in drafts if draft.candidate is None}
    for function in dict.fromkeys(_function(draft) for draft in drafts if draft.candidate):
        tried = [draft for draft in drafts if draft.candidate and _function(draft) == function]
        picked = set(
            calls.chosen(
                [
                    (draft.candidate, _expected(answered.get(draft.probe.id)))
                    for draft in tried
                    if draft.candidate is not None
                ]
            )
        )
        kept |= {draft.probe.id for draft in tried if draft.candidate in picked}
    return tuple(item for item in prepared if item.id in kept)


class _Findings:
    """What the exploring replays have answered, by question."""

    def __init__(self) -> None:
        self._answers: dict[str, Value | None] = {}

    def take(self, result: ReplayResult) -> None:
        self._answers |= {answer.question_id: answer.value for answer in result.answers}

    def value(self, subtask: str, name: str) -> Value | None:
        return self._answers.get(f"value/{subtask}/{name}")

    def described(self, subtask: str, name: str) -> Description | None:
        return description(self._answers.get(f"type/{subtask}/{name}"))

    def calls(self, subtask: str, function: str) -> tuple[Call, ...]:
        return calls_in(self._answers.get(f"calls/{subtask}/{function}"))


def _request(sweep: Sweep, asked: Sequence[Answerable], spec: KernelSpec) -> ReplayRequest:
    cells = recorded(sweep.cells)
    return ReplayRequest(
        replay_id=uuid4().hex,
        spec=spec,
        cells=tuple(ReplayCell(id=cell.id, source=cell.source) for cell in cells),
        questions=tuple(
            question for one in asked for question in _exploring(one, sweep.moments[one.subtask])
        ),
        wall_seconds=EXPLORE_SECONDS,
    )


def _exploring(one: Answerable, moment: str | None) -> Iterator[Question]:
    for name in one.values:
        ask = AskValue(expression=name)
        yield Question(id=f"value/{one.subtask}/{name}", ask=ask, after=moment)
        ask = AskValue(expression=describing(name))
        yield Question(id=f"type/{one.subtask}/{name}", ask=ask, after=moment)
    for function in one.functions:
        ask = AskValue(expression=calls_expression(function.name))
        # At the very end: calls that later subtasks make are calls, too.
        yield Question(id=f"calls/{one.subtask}/{function.name}", ask=ask)


def _drafts(
    one: Answerable,
    content: Solved,
    found: _Findings,
    known: Sequence[tuple[ast.FunctionDef, Call]],
) -> Iterator[Draft]:
    words = wording(content.profile.locale)
    number = 0

    def next_id() -> str:
        nonlocal number
        number += 1
        return f"{one.subtask}-auto-{number}"

    for name in one.values:
        asked = questions(
            name,
            found.value(one.subtask, name),
            found.described(one.subtask, name),
            one,
            content.solution,
        )
        for question in asked:
            about = words.text("derived", question.words, name=name) if question.words else None
            probe = _value_probe(
                next_id(), one, question.expression, about, on_interface=question.on_interface
            )
            yield Draft(_leniently(probe, one.answers.get(name)))
    for function in one.functions:
        own = found.calls(one.subtask, function.name)
        allowed, answer = one.arguments_of(function.name), one.answers.get(function.name)
        for candidate in calls.candidates(function, own, borrowed(function, known), allowed):
            probe = _call_probe(next_id(), one, function, candidate.call)
            yield Draft(_leniently(probe, answer), candidate)
    # Beside names that are asked for, what is shown is a matter of taste.
    if one.shows and not one.values and not one.functions:
        about = words.text("derived", "shown")
        yield Draft(_value_probe(next_id(), one, LAST_SHOWN, about, on_interface=False))


def _value_probe(
    probe_id: str, one: Answerable, expression: str, about: str | None, *, on_interface: bool
) -> OpenProbe:
    return OpenProbe(
        id=probe_id,
        subtask=one.subtask,
        ask=AskValue(expression=expression),
        asked=expression,
        about=about,
        names=tuple(sorted(root_names(expression) - {LAST_SHOWN})),
        origin="derived",
        on_interface=on_interface,
    )


def _call_probe(probe_id: str, one: Answerable, function: ast.FunctionDef, call: Call) -> OpenProbe:
    ask = AskCall(function=function.name, args=call.args, kwargs=dict(call.kwargs))
    return OpenProbe(
        id=probe_id,
        subtask=one.subtask,
        ask=ask,
        asked=call_text(ask),
        names=(function.name,),
        origin="derived",
    )


def _leniently(probe: OpenProbe, answer: SettledAnswer | None) -> OpenProbe:
    """Return a probe that lets pass what its author says is no part of the task."""
    if answer is None:
        return probe
    changes: dict[str, object] = {}
    if answer.decimals is not None:
        changes["tolerance"] = Tolerance(absolute=_HALF * 10.0**-answer.decimals)
    if answer.row_order is False:
        changes["check"] = Agrees(row_order=False)
    return probe.model_copy(update=changes)


def _function(draft: Draft) -> tuple[str, str]:
    ask = draft.probe.ask
    return draft.probe.subtask, ask.function if isinstance(ask, AskCall) else ""


def _expected(probe: PreparedProbe | None) -> Value | None:
    return None if probe is None else probe.expected
