"""From what a replay claimed to evidence, verdict and feedback: pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grading.author_tests.evidence import of_test
from grading.author_tests.records import PreparedTest
from grading.comparison import DifferenceKind, compare, render
from grading.evidence import Evidence, Locus, Weight
from grading.feedback import Wording, code, compose, wording
from grading.models import Verdict
from grading.names import blockers, names_of
from grading.prepared import Prepared
from grading.probes import PreparedProbe
from grading.verdict import CONFIRMED, decide
from notebooks.attempts.document import Cell
from notebooks.kernels.records import Answer, AskCall, CellFailure, ReplayResult

_MISSING = re.compile(r"name '(\w+)' is not defined")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known about a subtask besides the replay's claims."""

    subtask: str
    titles: Mapping[str, str]
    """Titles of all subtasks by id."""
    verdicts: Mapping[str, Verdict]
    """Standing verdicts of the attempt's subtasks."""
    cells: Sequence[Cell]
    """The cells that were replayed, in order."""
    wall_seconds: float
    locale: str = "en"
    for_person: bool = False
    """Whether a person has to look at it, too: it has a rubric."""


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
    feedback = compose(words, verdict, evidence, blocked_by=first)
    return Judgement(verdict, evidence, feedback, blocked)


def _evidence_of(
    words: Wording, situation: Situation, probes: Sequence[Prepared], result: ReplayResult
) -> tuple[Evidence, ...]:
    return (
        *_of_cells(words, situation, result),
        *_of_probes(words, situation, probes, result),
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
    answers: dict[str, Answer] = {}
    for answer in result.answers:
        answers.setdefault(answer.question_id, answer)
    replayed = {cell.id for cell in result.cells}
    cells_done = all(cell.id in replayed for cell in situation.cells)
    if result.outcome != "completed" and not cells_done:
        return []
    found = []
    for probe in probes:
        if isinstance(probe, PreparedTest):
            found.append(of_test(words, probe, answers))
            if result.outcome != "completed" and found[-1].outcome == "fail":
                break
            continue
        given = answers.get(probe.id)
        if given is None and result.outcome != "completed":
            message = _stop_message(words, situation, result, "probe", _subject(words, probe))
            found.append(_evidence(situation, probe, message, result.outcome))
            break
        found.append(_of_answer(words, situation, probe, given))
    return found


def _of_answer(
    words: Wording, situation: Situation, probe: PreparedProbe, answer: Answer | None
) -> Evidence:
    if answer is not None and answer.failure is not None:
        return _of_failure(words, situation, probe, answer.failure)
    if answer is None or answer.value is None:
        message = words.reason("unanswered", _subject(words, probe), {})
        return _evidence(situation, probe, message, "unanswered")
    difference = compare(probe.expected, answer.value, probe.tolerance)
    observed = render(answer.value)
    if difference is None:
        message = words.reason("agrees", _subject(words, probe), {})
        return _evidence(situation, probe, message, None, observed=observed)
    weight: Weight = "decides" if difference.decisive else "doubts"
    if difference.kind is DifferenceKind.PLACEHOLDER:
        message = words.reason("placeholder", _subject(words, probe), {})
        return _evidence(situation, probe, message, "placeholder")
    subject = _subject(words, probe, difference.where)
    message = words.reason(difference.kind.value, subject, difference.facts)
    return _evidence(
        situation, probe, message, difference.kind.value, observed=observed, weight=weight
    )


def _subject(words: Wording, probe: PreparedProbe, where: str = "") -> str:
    """Return how a sentence names what was asked, or a part of it; Markdown."""
    if probe.about is not None:
        return (
            words.text("subject", "part", whole=probe.about, where=where) if where else probe.about
        )
    if not where:
        return code(probe.asked)
    simple = re.fullmatch(r"[\w.\[\]'\"]+|\w+\([^()]*\)", probe.asked) is not None
    return code((probe.asked if simple else f"({probe.asked})") + where)


def _of_failure(
    words: Wording, situation: Situation, probe: PreparedProbe, failure: CellFailure
) -> Evidence:
    missing = _MISSING.search(failure.message) if failure.name == "NameError" else None
    if missing and missing[1] in probe.names:
        message = words.text("reason", "missing_name", name=missing[1])
        return _evidence(situation, probe, message, "missing_name")
    stubs = _placeholders(situation) & set(probe.names)
    if stubs:
        message = words.reason("placeholder", code(min(stubs)), {})
        return _evidence(situation, probe, message, "placeholder")
    called = isinstance(probe.ask, AskCall) and probe.about is None
    key = "raised_call" if called else "raised"
    message = words.reason(key, _subject(words, probe), {"name": failure.name[:80]})
    return _evidence(situation, probe, message, "raised")


def _placeholders(situation: Situation) -> set[str]:
    stubs: set[str] = set()
    for cell in situation.cells:
        names = names_of(cell.source)
        stubs = (stubs - set(names.bound)) | names.placeholders
    return stubs


def _evidence(  # noqa: PLR0913 - one argument for each property of a finding
    situation: Situation,
    probe: PreparedProbe,
    message: str,
    difference: str | None,
    *,
    observed: str | None = None,
    weight: Weight = "decides",
) -> Evidence:
    hidden = probe.reveal == "nothing"
    if hidden and difference is not None and difference not in {"missing_name", "placeholder"}:
        message = wording(situation.locale).reason(
            "differs", _subject(wording(situation.locale), probe), {}
        )
    failed = difference is not None
    return Evidence(
        id=probe.id,
        kind=probe.ask.kind,
        subtask=probe.subtask,
        probe=probe.id,
        asked=probe.asked,
        about=probe.about,
        locus=_locus(situation, probe),
        observed=None if hidden else observed,
        expected=render(probe.expected, limit=500),
        message=message,
        hint=probe.hint,
        difference="differs" if hidden and failed else difference,
        outcome="fail" if failed else "pass",
        origin=probe.origin,
        on_interface=probe.on_interface,
        weight=weight,
        failures=int(failed),
    )


def _locus(situation: Situation, probe: PreparedProbe) -> Locus | None:
    """Return where the subtask's own cells last bind a name that the probe reads."""
    found = None
    for cell in situation.cells:
        if cell.subtask != situation.subtask:
            continue
        bound = names_of(cell.source).bound
        lines = [bound[name] for name in probe.names if name in bound]
        if lines:
            found = Locus(cell=cell.id, line=max(lines))
    return found
