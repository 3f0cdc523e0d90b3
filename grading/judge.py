"""From what a replay claimed to evidence, verdict and feedback: pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from grading.answers import answered, evidence_of, subject
from grading.author_tests.evidence import of_test
from grading.author_tests.records import PreparedTest
from grading.checks.finding import Finding
from grading.claimed import Claims
from grading.constraints import constrained
from grading.evidence import Evidence, Locus
from grading.feedback import Wording, compose, wording
from grading.names import blockers
from grading.prepared import Prepared
from grading.situation import Situation
from grading.verdict import CONFIRMED, Verdict, decide
from notebooks.attempts.document import Cell
from notebooks.kernels.records import CellFailure, ReplayResult

_MAX_MESSAGE = 300
SETTLED = frozenset({Verdict.APPROVED, Verdict.UNCERTAIN})
"""Verdicts on which the next subtask may build."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is found about one subtask."""

    verdict: Verdict
    evidence: tuple[Evidence, ...]
    feedback: str
    """Markdown for the student."""
    blocked_by: tuple[tuple[str, str], ...] = ()
    """Subtasks that have to be approved first, each with a name that is taken from it."""

    @property
    def unconfirmed(self) -> bool:
        """Tell whether a second replay would decide: a derived question failed once."""
        return self.verdict is Verdict.UNCERTAIN and any(
            item.outcome == "fail"
            and item.origin == "derived"
            and item.on_interface
            and item.weight == "decides"
            and item.failures < CONFIRMED
            for item in self.evidence
        )

    @property
    def passed(self) -> frozenset[str]:
        """Return the ids of what agreed."""
        return frozenset(item.id for item in self.evidence if item.outcome == "pass")


def judge(
    situation: Situation,
    probes: Sequence[Prepared],
    result: ReplayResult,
    again: ReplayResult | None = None,
) -> Judgement:
    """Judge one subtask by its probes and tests and by what a clean replay claimed.

    `again` is a second replay of the same: what fails in both is confirmed, what fails in one of
    them only is in doubt.
    """
    words = wording(situation.locale)
    settled = {subtask for subtask, verdict in situation.verdicts.items() if verdict in SETTLED}
    blocked = blockers(situation.subtask, situation.cells, settled)
    asked = [probe for probe in probes if probe.subtask == situation.subtask]
    evidence = _evidence_of(words, situation, asked, result)
    if again is not None:
        evidence = _confirmed(evidence, _evidence_of(words, situation, asked, again))
    verdict = decide(
        evidence, blocked_by=[owner for owner, _ in blocked], for_person=situation.for_person
    )
    first = (situation.titles.get(blocked[0][0], blocked[0][0]), blocked[0][1]) if blocked else None
    feedback = compose(words, verdict, evidence, blocked_by=first, for_person=situation.for_person)
    return Judgement(verdict, evidence, feedback, blocked)


def _evidence_of(
    words: Wording, situation: Situation, probes: Sequence[Prepared], result: ReplayResult
) -> tuple[Evidence, ...]:
    return (
        *_of_cells(words, situation, result),
        *_of_probes(words, situation, probes, result),
        *constrained(words, situation, situation.constraints),
    )


def _confirmed(first: Sequence[Evidence], second: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return the findings of two replays as one: each failure counted, each contradiction noted."""
    others = {item.id: item for item in second}
    merged = []
    for item in first:
        other = others.pop(item.id, None)
        worse = other if other is not None and other.outcome == "fail" else item
        failures = item.failures + (other.failures if other is not None else 0)
        agreed = other is not None and other.outcome == item.outcome
        weight = worse.weight if agreed or worse.weight == "informs" else "doubts"
        merged.append(worse.model_copy(update={"failures": failures, "weight": weight}))
    for item in others.values():
        doubtful = "informs" if item.weight == "informs" else "doubts"
        merged.append(item.model_copy(update={"weight": doubtful}))
    return tuple(merged)


def _of_cells(words: Wording, situation: Situation, result: ReplayResult) -> list[Evidence]:
    done = {cell.id: cell for cell in result.cells}
    found = []
    for cell in situation.cells:
        claimed = done.get(cell.id)
        if claimed is None:
            if result.outcome != "completed":
                found.append(_stopped_in(words, situation, cell, result))
            break
        if not claimed.ok:
            found.append(_failed(words, situation, cell, claimed.failure))
    return found


def _failed(
    words: Wording, situation: Situation, cell: Cell, failure: CellFailure | None
) -> Evidence:
    failure = failure or CellFailure(name="Exception", message="")
    facts = {
        "name": failure.name[:_MAX_MESSAGE],
        "message": failure.message.strip()[:_MAX_MESSAGE] or "…",
    }
    own = cell.subtask == situation.subtask
    key = "cell_failed" if own else "earlier_failed"
    if own and failure.line is not None:
        key, facts["line"] = "cell_failed_line", str(failure.line)
    return Evidence(
        id=f"run-{cell.id}",
        kind="run",
        subtask=situation.subtask,
        locus=Locus(cell=cell.id, line=failure.line),
        observed=f"{facts['name']}: {facts['message']}",
        message=words.text("reason", key, **facts),
        difference="cell_failed",
        outcome="fail",
        weight="decides" if own else "informs",
        failures=1,
    )


def _stopped_in(words: Wording, situation: Situation, cell: Cell, result: ReplayResult) -> Evidence:
    own = cell.subtask == situation.subtask
    return Evidence(
        id="replay",
        kind="replay",
        subtask=situation.subtask,
        locus=Locus(cell=cell.id),
        message=_stop_message(words, situation, result, "cell", ""),
        difference=result.outcome,
        outcome="fail",
        weight="decides" if own else "doubts",
        failures=1,
    )


def _stop_message(
    words: Wording, situation: Situation, result: ReplayResult, place: str, subject: str
) -> str:
    kind = "protocol" if result.outcome == "protocol" else f"{result.outcome}_{place}"
    facts = {"seconds": f"{situation.wall_seconds:g}"}
    return words.reason(kind, subject or "…", facts)


def _of_probes(
    words: Wording, situation: Situation, probes: Sequence[Prepared], result: ReplayResult
) -> list[Evidence]:
    claims = Claims(result, situation.cells)
    replayed = {cell.id for cell in result.cells}
    cells_done = all(cell.id in replayed for cell in situation.cells)
    if result.outcome != "completed" and not cells_done:
        return []
    found = []
    for probe in probes:
        if isinstance(probe, PreparedTest):
            found.append(of_test(words, probe, claims.answers))
            if result.outcome != "completed" and found[-1].outcome == "fail":
                break
            continue
        reply = claims.about(probe)
        unheard = None in reply.answers
        if unheard and result.outcome != "completed":
            message = _stop_message(words, situation, result, "probe", subject(words, probe))
            found.append(evidence_of(situation, probe, message, Finding(result.outcome)))
            break
        found.append(answered(words, situation, probe, reply))
    return found
