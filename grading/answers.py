"""From what was claimed about one probe to evidence: the words, the place, what may be told."""

import ast
import re

from grading.checks.finding import Finding, Reply
from grading.checks.judging import found
from grading.checks.records import Draws, Keeps, Prints
from grading.comparison import render
from grading.evidence import Evidence, Locus
from grading.feedback import Wording, code, wording
from grading.names import names_of, plain_code
from grading.probes import LAST_SHOWN, PreparedProbe
from grading.situation import Situation
from notebooks.cases.expressions import READY_MADE
from notebooks.kernels.records import AskCall, AskValue
from notebooks.syntax import parse_module

_MISSING = re.compile(r"name '(\w+)' is not defined")
_BEFORE_ANY_ANSWER = frozenset({"missing_name", "placeholder"})


def answered(words: Wording, situation: Situation, probe: PreparedProbe, reply: Reply) -> Evidence:
    """Return the evidence of one probe from what a replay claimed about it."""
    finding = found(probe, reply)
    stub = _stub(situation, probe, reply)
    missing = None if finding.difference is None else _missing_name(probe, reply)
    if missing is not None:
        message = words.text("reason", "missing_name", name=missing)
        return evidence_of(situation, probe, message, Finding("missing_name"))
    if stub is not None:  # even where the exception is asked for: the template raises it, too
        message = words.reason("placeholder", code(stub), {})
        return evidence_of(situation, probe, message, Finding("placeholder"))
    if finding.difference is not None and _is_shown(probe) and _prints_last(situation):
        finding = Finding("printed_not_shown", weight="doubts")
    key = finding.difference or "agrees"
    called = isinstance(probe.check, Keeps) or isinstance(probe.ask, AskCall)
    if key == "raised" and called and probe.about is None:
        key = "raised_call"
    meant = subject(words, probe, finding.where)
    if isinstance(probe.check, Keeps):
        meant = _stated(words, probe, finding) or meant
    message = words.reason(key, meant, finding.facts)
    return evidence_of(situation, probe, message, finding)


def _stated(words: Wording, probe: PreparedProbe, finding: Finding) -> str | None:
    """Return how a sentence about a property names it, or the call that it is about."""
    if finding.difference == "property_broken":
        stated = finding.facts["property"]
        named = words.text("property", stated) if stated in READY_MADE else code(stated)
        return probe.about or named
    call = finding.facts.get("call")
    return None if call is None else code(call)


def _is_shown(probe: PreparedProbe) -> bool:
    return isinstance(probe.ask, AskValue) and probe.ask.expression == LAST_SHOWN


def _prints_last(situation: Situation) -> bool:
    """Tell whether the last line of the subtask's own cells prints, where it could have shown."""
    own = [cell for cell in situation.cells if cell.subtask == situation.subtask]
    try:
        body = parse_module(plain_code(own[-1].source)).body if own else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    match body[-1:]:
        case [ast.Expr(value=ast.Call(func=ast.Name(id="print")))]:
            return True
    return False


def _missing_name(probe: PreparedProbe, reply: Reply) -> str | None:
    failure = reply.answer.failure if reply.answer is not None else None
    if failure is None or failure.name != "NameError":
        return None
    missing = _MISSING.search(failure.message)
    return missing[1] if missing and missing[1] in probe.names else None


def _stub(situation: Situation, probe: PreparedProbe, reply: Reply) -> str | None:
    """Return a name of the probe's that is still the template's `...` where that made it fail."""
    if reply.answer is None or reply.answer.failure is None:
        return None
    stubs = _placeholders(situation) & set(probe.names)
    return min(stubs) if stubs else None


def subject(words: Wording, probe: PreparedProbe, where: str = "") -> str:
    """Return how a sentence names what was asked, or a part of it; Markdown."""
    if probe.about is None and isinstance(probe.check, Prints):
        return words.text("subject", "printed")
    if probe.about is not None:
        return (
            words.text("subject", "part", whole=probe.about, where=where) if where else probe.about
        )
    if probe.about is None and isinstance(probe.check, Draws):
        return words.text("subject", "figure")
    if not where:
        return code(probe.asked)
    simple = re.fullmatch(r"[\w.\[\]'\"]+|\w+\([^()]*\)", probe.asked) is not None
    return code((probe.asked if simple else f"({probe.asked})") + where)


def _placeholders(situation: Situation) -> set[str]:
    stubs: set[str] = set()
    for cell in situation.cells:
        names = names_of(cell.source)
        stubs = (stubs - set(names.bound)) | names.placeholders
    return stubs


def evidence_of(
    situation: Situation, probe: PreparedProbe, message: str, finding: Finding
) -> Evidence:
    """Return a finding about a probe as evidence; of a secret answer, only that it differs."""
    hidden = probe.reveal == "nothing"
    difference = finding.difference
    if hidden and difference is not None and difference not in _BEFORE_ANY_ANSWER:
        words = wording(situation.locale)
        message, difference = words.reason("differs", subject(words, probe), {}), "differs"
    failed = difference is not None
    return Evidence(
        id=probe.id,
        kind=probe.kind,
        subtask=probe.subtask,
        probe=probe.id,
        asked=probe.asked,
        about=probe.about,
        locus=_locus(situation, probe),
        observed=None if hidden else finding.observed,
        expected=render(probe.expected, limit=500),
        message=message,
        hint=probe.hint,
        difference=difference,
        outcome="fail" if failed else "pass",
        origin=probe.origin,
        on_interface=probe.on_interface,
        weight=finding.weight,
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
