"""Whether what is stated of a function's results holds of those that came back.

The results are claims like every other answer; what is stated of them is worked out here, where no
student's code runs.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from grading.checks.finding import Finding
from grading.checks.records import GivenCall, Keeps
from grading.comparison import render
from grading.comparison.nodes import UnreadableError
from grading.properties.budget import Budget, TooMuchError
from grading.properties.evaluate import UnfitError, holds
from grading.properties.planning import Form, asks
from grading.properties.ready_made import PREDICATES, Seen, Terms
from grading.properties.things import Thing, thing
from notebooks.cases.expressions import RESULT
from notebooks.cases.probes import Tolerance
from notebooks.kernels.records import Answer, AskCall
from notebooks.kernels.values import NoneValue, Opaque, Str, Value

Answers = Sequence[Answer | None]

_SHOWN = 60
_ELLIPSIS = "builtins.ellipsis"
_HUGE = 1e15
"""Numbers beyond which a variation is taken to be none that the function is meant for."""


def questions(check: Keeps) -> tuple[tuple[GivenCall, Form, AskCall], ...]:
    """Return what is asked for a check: of which call, in which form, and the question itself."""
    return tuple(
        (call, form, ask)
        for call in check.calls
        for form, ask in asks(check.function, call.args, check.holds)
    )


def call_shown(function: str, args: Sequence[Value]) -> str:
    """Return a call in the words of Python, its arguments cut where they are long."""
    return f"{function}({', '.join(render(one, limit=_SHOWN) for one in args)})"


def narrowed(check: Keeps, rounds: Sequence[Answers]) -> Keeps:
    """Return a check without the variations that the ideal cannot be asked, in whichever replay."""
    refused: set[int] = set()
    for answers in rounds:
        for (call, _, _), answer in zip(questions(check), answers, strict=True):
            if answer is None or answer.value is None or not _sane(answer.value):
                refused.add(call.number)
    kept = [call for call in check.calls if not (call.varied and call.number in refused)]
    return check.model_copy(update={"calls": tuple(kept)})


def ideal(check: Keeps, answers: Answers, tolerance: Tolerance) -> Value | str:
    """Return what is stated, or why it cannot be expected of anybody."""
    if not check.calls:
        return "there is no call to ask: write arguments into `given`"
    finding = found(check, answers, tolerance)
    if finding.difference is not None:
        return _why(finding)
    seen = _seen(check, answers)
    if isinstance(seen, Finding):
        return _why(seen)
    terms = Terms(tolerance, Budget())
    for name in check.holds:
        if all(_says(check, name, one, seen, terms) is None for one in seen):
            return f"`{name}` says nothing of the arguments that are given; give it others"
    return Str(v="; ".join(check.holds))


def _why(finding: Finding) -> str:
    facts = finding.facts
    match finding.difference:
        case "raised":
            return f"`{facts['call']}` of the ideal solution raises {facts['name']}"
        case "property_broken":
            return (
                f"`{facts['property']}` does not hold of the ideal solution: `{facts['call']}` "
                f"returns {facts['observed']}; narrow `given` or `where`, or state something else"
            )
        case _:
            told = f"`{facts['call']}` of " if "call" in facts else ""
            return f"{told}the ideal solution gives no answer that a property can speak of"


def found(check: Keeps, answers: Answers, tolerance: Tolerance) -> Finding:
    """Return the first call of which something does not hold, as a counterexample."""
    seen = _seen(check, answers)
    if isinstance(seen, Finding):
        return seen
    terms = Terms(tolerance, Budget())
    for one in seen:
        for name in check.holds:
            try:
                broken = _says(check, name, one, seen, terms) is False
            except TooMuchError:
                return _finding("too_large", check, one.args)
            if broken:
                return _broken(check, name, one)
    return Finding()


def _seen(check: Keeps, answers: Answers) -> list[Seen] | Finding:
    """Return what was seen of each call, or the first reason for which that cannot be told."""
    values: dict[int, dict[Form, Value]] = {call.number: {} for call in check.calls}
    for (call, form, _), answer in zip(questions(check), answers, strict=True):
        args = call.args
        if answer is None or (answer.value is None and answer.failure is None):
            return _finding("unanswered", check, args)
        if answer.value is None:
            name = answer.failure.name[:80] if answer.failure is not None else "Exception"
            return _finding("raised", check, args, name=name)
        if isinstance(answer.value, Opaque) and answer.value.type == _ELLIPSIS:
            return _finding("placeholder", check, args)
        values[call.number][form] = answer.value
    made = []
    for call in check.calls:
        try:
            given = tuple(map(thing, call.args))
            result = thing(values[call.number][Form.PLAIN])
        except UnreadableError as error:
            kind = "too_large" if error.too_large else "unreadable_plain"
            return _finding(kind, check, call.args)
        made.append(Seen(call.args, values[call.number], given, result))
    return made


def _says(check: Keeps, name: str, seen: Seen, every: Sequence[Seen], terms: Terms) -> bool | None:
    """Return whether something holds of a call; None if it says nothing of this one.

    Raises:
        TooMuchError: its answer is too large to tell.
    """
    predicate = PREDICATES.get(name)
    try:
        if predicate is not None:
            return predicate(seen, every, terms)
        names = _by_name(check, seen.given) | {RESULT: seen.result}
        return holds(name, names, terms.tolerance, terms.budget)
    except TooMuchError:
        raise
    except (UnfitError, TypeError, ValueError, ArithmeticError, LookupError):
        return False  # a result of which it cannot be said does not have it


def _by_name(check: Keeps, given: Sequence[Thing]) -> dict[str, Thing]:
    return dict(zip(check.names, given, strict=False))


def fits(check: Keeps, args: Sequence[Value]) -> bool:
    """Tell whether arguments are such that a call with them may be asked, as `where` says."""
    if check.where is None:
        return True
    try:
        names = _by_name(check, [thing(one) for one in args])
        return holds(check.where, names, Tolerance(), Budget())
    except (UnfitError, TooMuchError, UnreadableError):
        return False


def _broken(check: Keeps, name: str, seen: Seen) -> Finding:
    plain = seen.answers[Form.PLAIN]
    kind = "returned_nothing" if isinstance(plain, NoneValue) else "property_broken"
    observed = render(plain, limit=_SHOWN)
    return _finding(kind, check, seen.args, observed=observed, property=name)


def _finding(kind: str, check: Keeps, args: Sequence[Value], **facts: str) -> Finding:
    call = call_shown(check.function, args)
    observed = facts.get("observed")
    shown = None if observed is None else f"{call} → {observed}"
    return Finding(kind, facts={"call": call, **facts}, observed=shown)


def _sane(value: Value) -> bool:
    """Tell whether an answer is one that the author's function is likely meant to give."""
    try:
        return all(_moderate(one) for one in _parts(thing(value)))
    except UnreadableError:
        return False


def _moderate(number: complex) -> bool:
    size = abs(number)
    return math.isfinite(size) and size < _HUGE


def _parts(made: Thing) -> Iterator[float | complex]:
    if isinstance(made, np.ndarray):
        yield from made.ravel().tolist()
    elif isinstance(made, int | float | complex):
        yield made
    elif isinstance(made, Mapping):
        for one in made.values():
            yield from _parts(one)
    elif isinstance(made, list | frozenset):
        for one in made:
            yield from _parts(one)
