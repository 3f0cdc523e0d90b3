"""The one entry to all checks: what the ideal must claim, and what was found in a student's."""

from collections.abc import Sequence

from grading.checks import agreement, drawing, filing, keeping, printing, raising, scoring
from grading.checks.finding import Finding, Reply
from grading.checks.records import Agrees, Draws, Keeps, Prints, Raises, Scores, ScoresFile
from grading.comparison import compare
from grading.probes import OpenProbe, PreparedProbe
from notebooks.kernels.records import AskCall
from notebooks.kernels.values import Str, Value

_VARIES = (
    "the ideal solution gives another answer each time; set a seed, or ask for "
    "something that does not vary"
)


def narrowed(probe: OpenProbe, replies: Sequence[Reply]) -> OpenProbe:
    """Return a probe without the variations that the ideal refuses, in whichever replay."""
    if not isinstance(probe.check, Keeps):
        return probe
    check = keeping.narrowed(probe.check, [reply.answers for reply in replies])
    return probe.model_copy(update={"check": check})


def settled(probe: OpenProbe, replies: Sequence[Reply]) -> Value | str:
    """Return what the ideal answers each time, or why that cannot be expected of anybody."""
    values = []
    for reply in replies:
        value = _ideal(probe, reply)
        if isinstance(value, str):
            return value
        values.append(value)
    first = values[0]
    if isinstance(
        probe.check, Scores | ScoresFile | Keeps
    ):  # it may vary, as long as it is good each time
        return first
    if isinstance(probe.check, Prints):
        varied = printing.varies([reply.printed for reply in replies], probe.tolerance)
        return _VARIES if varied else first
    in_order = _in_order(probe)
    if any(compare(first, one, probe.tolerance, in_order=in_order) is not None for one in values):
        return _VARIES
    return first


def _ideal(  # noqa: PLR0911 - one return per kind
    probe: OpenProbe, reply: Reply
) -> Value | str:
    match probe.check:
        case Agrees():
            return agreement.ideal(reply.answer)
        case Raises() as check:
            return raising.ideal(check, reply.answer)
        case Draws() as check:
            value = agreement.ideal(reply.answer)
            return value if isinstance(value, str) else drawing.ideal(check, value)
        case Scores() as check:
            value = agreement.ideal(reply.answer)
            return value if isinstance(value, str) else scoring.ideal(check, value)
        case Prints():
            return printing.ideal(reply.printed)
        case ScoresFile() as check:
            return filing.ideal(check, reply.answer)
        case Keeps() as check:
            return keeping.ideal(check, reply.answers, probe.tolerance)


def found(  # noqa: PLR0911 - one return per kind
    probe: PreparedProbe, reply: Reply
) -> Finding:
    """Return what a reply shows; nothing but a typed difference of it gets out."""
    if isinstance(probe.check, Prints) and isinstance(probe.expected, Str):
        return printing.found(probe.check, probe.expected.v, reply.printed, probe.tolerance)
    if isinstance(probe.check, Keeps):
        return keeping.found(probe.check, reply.answers, probe.tolerance)
    if isinstance(probe.check, ScoresFile):
        return filing.found(probe.check, reply.answer)
    answer = reply.answer
    if answer is None or (answer.value is None and answer.failure is None):
        return Finding("unanswered")
    if isinstance(probe.check, Raises):
        return raising.found(probe.check, answer)
    if answer.value is None:
        name = answer.failure.name[:80] if answer.failure is not None else "Exception"
        return Finding("raised", facts={"name": name})
    return _of_value(probe, answer.value)


def _of_value(probe: PreparedProbe, value: Value) -> Finding:
    match probe.check:
        case Draws() as check:
            return drawing.found(check, probe.expected, value, probe.tolerance)
        case Scores() as check:
            return scoring.found(check, value)
        case _:
            called = isinstance(probe.ask, AskCall)
            return agreement.found(
                probe.expected, value, probe.tolerance, called=called, in_order=_in_order(probe)
            )


def _in_order(probe: OpenProbe) -> bool:
    return not isinstance(probe.check, Agrees) or probe.check.row_order
