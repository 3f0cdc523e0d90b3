"""The calls that a property is asked of: the given ones, or the ideal's own, and some near them."""

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from uuid import uuid4

from grading.checks.keeping import call_shown, fits
from grading.checks.records import GivenCall, Keeps
from grading.derivation.invariants import Domain
from grading.derivation.plain import Plain, plain_of, value_of
from grading.derivation.recording import (
    Call,
    calls_expression,
    calls_in,
    documented_calls,
    functions_of,
    positional,
    recorded,
)
from grading.derivation.variations import MAX_CANDIDATES, borders, compared_constants, small_changes
from grading.errors import ProbeError
from grading.prepared import Open
from grading.probes import OpenProbe
from notebooks.attempts.document import Cell
from notebooks.cases.expressions import READY_MADE, RESULT, reads
from notebooks.kernels.records import AskValue, KernelSpec, Question, ReplayCell, ReplayRequest
from notebooks.kernels.replayer import Replayer
from notebooks.kernels.values import Value

RECORD_SECONDS = 300.0
"""Wall time of the replay in which the ideal's own calls are noted down."""

_MAX_RECORDED = 20

Functions = Mapping[str, ast.FunctionDef]


async def with_calls(
    opened: Sequence[Open], solution: Sequence[Cell], replayer: Replayer, *, spec: KernelSpec
) -> tuple[Open, ...]:
    """Return what is asked, every property with its calls.

    The ideal solution is replayed for it only if a property has no arguments of its author's.

    Raises:
        ProbeError: a property has no call, or speaks of arguments that it does not have.
        KernelError: no sandbox can be had.
    """
    defined: dict[str, ast.FunctionDef] = {}
    for cell in solution:
        defined |= functions_of(cell)
    wanted = {
        item.check.function
        for item in opened
        if isinstance(item, OpenProbe) and isinstance(item.check, Keeps) and not item.check.calls
    }
    known = {name: node for name, node in defined.items() if name in wanted}
    calls = await _recorded(known, solution, replayer, spec) if known else {}
    return tuple(
        item.model_copy(update={"check": _filled(item.id, item.check, defined, calls)})
        if isinstance(item, OpenProbe) and isinstance(item.check, Keeps)
        else item
        for item in opened
    )


async def _recorded(
    known: Functions, solution: Sequence[Cell], replayer: Replayer, spec: KernelSpec
) -> dict[str, tuple[Call, ...]]:
    cells = recorded([cell for cell in solution if cell.kind == "code" and cell.replay])
    request = ReplayRequest(
        replay_id=uuid4().hex,
        spec=spec,
        cells=tuple(ReplayCell(id=cell.id, source=cell.source) for cell in cells),
        questions=tuple(
            Question(id=name, ask=AskValue(expression=calls_expression(name))) for name in known
        ),
        wall_seconds=RECORD_SECONDS,
    )
    answers = {one.question_id: one.value for one in (await replayer.replay(request)).answers}
    return {
        name: tuple(dict.fromkeys((*calls_in(answers.get(name)), *documented_calls(node))))
        for name, node in known.items()
    }


def _filled(
    probe_id: str, check: Keeps, defined: Functions, calls: Mapping[str, Sequence[Call]]
) -> Keeps:
    function = defined.get(check.function)
    if not check.calls:
        if function is None or not calls.get(check.function):
            raise ProbeError(
                probe_id,
                f"The ideal solution never calls `{check.function}`: write arguments into `given`.",
            )
        check = _with_recorded(check, function, calls[check.function])
    _check_names(probe_id, check)
    for call in check.calls:
        if not fits(check, call.args):
            shown = call_shown(check.function, call.args)
            raise ProbeError(probe_id, f"`where: {check.where}` is not true of `{shown}`.")
    near = itertools.islice(_near(check, function), check.variations)
    first = 1 + max(call.number for call in check.calls)
    varied = tuple(
        GivenCall(number=number, args=args, varied=True)
        for number, args in enumerate(near, start=first)
    )
    return check.model_copy(update={"calls": (*check.calls, *varied)})


def _with_recorded(check: Keeps, function: ast.FunctionDef, calls: Sequence[Call]) -> Keeps:
    """Return a check with the ideal's own calls: those that give all that it speaks of."""
    parameters = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    spoken = _spoken(check)
    made: list[GivenCall] = []
    for call in calls:
        bound = positional(function, call)
        given = list(itertools.takewhile(bound.__contains__, parameters))
        if len(given) == len(bound) and spoken <= set(given):
            args = tuple(bound[name] for name in given)
            made.append(GivenCall(number=len(made), args=args))
    named = check.model_copy(update={"names": tuple(parameters)})
    kept = tuple(one for one in made if fits(named, one.args))[:_MAX_RECORDED]
    return named.model_copy(update={"calls": kept})


def _spoken(check: Keeps) -> frozenset[str]:
    stated = [one for one in check.holds if one not in READY_MADE]
    stated += [check.where] if check.where is not None else []
    return frozenset(name for one in stated for name in reads(one)) - {RESULT}


def _check_names(probe_id: str, check: Keeps) -> None:
    unknown = sorted(_spoken(check) - set(check.names))
    if unknown:
        known = ", ".join(check.names)
        message = f"`{unknown[0]}` is no argument of `{check.function}`; it has: {known}."
        raise ProbeError(probe_id, message)
    if not check.calls:
        raise ProbeError(
            probe_id,
            f"No call of `{check.function}` in the ideal solution gives all that is spoken of: "
            "write arguments into `given`.",
        )


def _near(check: Keeps, function: ast.FunctionDef | None) -> Iterator[tuple[Value, ...]]:
    """Yield arguments near the given ones, within all that these have in common; spread evenly."""
    try:
        given = [
            dict(zip(check.names, map(plain_of, call.args), strict=False)) for call in check.calls
        ]
    except TypeError:  # tables and arrays are not varied
        return
    domain = Domain(given, () if function is None else compared_constants(function))
    seen = {repr(list(call.values())) for call in given}
    found: list[tuple[Value, ...]] = []
    edges = iter(()) if function is None else borders(function, given)
    for made in itertools.chain(itertools.islice(edges, MAX_CANDIDATES), small_changes(given)):
        if len(found) == MAX_CANDIDATES:
            break
        values = _values(made) if domain.contains(made) else None
        if values is None or repr(list(made.values())) in seen or not fits(check, values):
            continue
        seen.add(repr(list(made.values())))
        found.append(values)
    step = max(1, len(found) // max(1, check.variations))
    yield from found[::step]


def _values(made: Mapping[str, Plain]) -> tuple[Value, ...] | None:
    try:
        return tuple(value_of(one) for one in made.values())
    except TypeError:
        return None
