"""Which calls of a function are asked: candidates first, then a choice by the ideal's answers."""

import ast
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from grading.derivation.allowed import allowed_by, others_of
from grading.derivation.invariants import Domain
from grading.derivation.plain import Plain, plain_of, value_of
from grading.derivation.recording import Call, documented_calls, positional
from grading.derivation.variations import (
    MAX_CANDIDATES,
    borders,
    compared_constants,
    compared_texts,
    small_changes,
)
from notebooks.cases.settled import SettledAnswer
from notebooks.kernels.values import Float, Value
from notebooks.kernels.values import Sequence as Items

MAX_RECORDED_ASKED = 8
MAX_DERIVED_ASKED = 12
"""Derived calls that are kept; more were seen to catch nothing more."""
MAX_LOOKED_UP = 8
"""So many of them at most ask for a text that is looked up."""

MAX_ALLOWED = 12
"""Calls that are asked beyond those, since the author says that arguments may be so."""

_HUGE = 1e15
_MAX_BORROWED = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call that might be asked."""

    call: Call
    recorded: bool
    """Whether the ideal solution itself, or an example in a docstring, makes it."""
    looks_up: bool = False
    """Whether it asks for a text that the function compares with or looks up."""
    allowed: bool = False
    """Whether the author says that arguments may be like that."""


def candidates(
    function: ast.FunctionDef,
    calls: Sequence[Call],
    borrowed: Sequence[Call] = (),
    answers: Mapping[str, SettledAnswer] = MappingProxyType({}),
) -> tuple[Candidate, ...]:
    """Return what to try on the ideal: recorded calls, what its author allows, borders, changes.

    `answers` are the author's, by parameter.

    `borrowed` are calls made up from other functions' arguments; they count as recorded ones
    where the function has none of its own, but are not known to be in its domain.
    """
    known = _spread(dict.fromkeys((*calls, *documented_calls(function))))
    found = {call: Candidate(call, recorded=True) for call in known}
    given = [arguments for call in known if (arguments := _plain(function, call)) is not None]
    for call in borrowed if not known else ():
        found.setdefault(call, Candidate(call, recorded=False))
        arguments = _plain(function, call)
        given += [arguments] if arguments is not None else []
    domain = Domain(given, compared_constants(function), answers)
    for made in (*allowed_by(answers, given, domain.contains), *others_of(answers, given)):
        stated = _call(function, made)
        if stated is not None:
            found.setdefault(stated, Candidate(stated, recorded=False, allowed=True))
    texts = frozenset(compared_texts(function))
    for made in _varied(function, given):
        if len(found) >= MAX_CANDIDATES:
            break
        near = _call(function, made) if domain.contains(made) else None
        if near is not None:
            looks_up = any(type(one) is str and one in texts for one in made.values())
            found.setdefault(near, Candidate(near, recorded=False, looks_up=looks_up))
    return tuple(found.values())


def chosen(
    tried: Sequence[tuple[Candidate, Value | None]],
) -> tuple[Candidate, ...]:
    """Return the candidates that are asked, by what the ideal answered each; None: nothing.

    A derived call is dropped if the answer is no number that can be trusted, or of another type
    than every recorded call's, unless its author allows such arguments. These come first; then
    texts that are looked up, each of which may be forgotten by itself; then answers that no other
    call gave.
    """
    recorded = [one for one, answer in tried if one.recorded and answer is not None]
    types = {_type(answer) for one, answer in tried if one.recorded and answer is not None}
    derived = [
        (one, answer)
        for one, answer in tried
        if not one.recorded
        and answer is not None
        and _sane(answer)
        and (not types or one.allowed or _type(answer) in types)
    ]
    seen = {repr(answer) for one, answer in tried if one.recorded}
    allowed = [one for one, _ in derived if one.allowed][:MAX_ALLOWED]
    looked_up = [one for one, _ in derived if one.looks_up][:MAX_LOOKED_UP]
    fresh: list[Candidate] = []
    more: list[Candidate] = []
    for one, answer in derived:
        if one not in looked_up and not one.allowed:
            (more if repr(answer) in seen else fresh).append(one)
        seen.add(repr(answer))
    # Borders come first in `derived`, and often answer what a neighbour answers, too.
    places = {one: place for place, (one, _) in enumerate(derived)}
    kept = sorted([*looked_up, *fresh, *more][:MAX_DERIVED_ASKED], key=places.__getitem__)
    return (*recorded[:MAX_RECORDED_ASKED], *allowed, *kept)


def borrowed(
    function: ast.FunctionDef, known: Sequence[tuple[ast.FunctionDef, Call]]
) -> tuple[Call, ...]:
    """Return calls of a function by arguments that other functions' parameters of that name got."""
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    required = names[: len(names) - len(function.args.defaults)]
    by_name: dict[str, list[Value]] = {}
    for other, call in known:
        for name, value in positional(other, call).items():
            by_name.setdefault(name, []).append(value)
    if not required or not all(name in by_name for name in required):
        return ()
    rounds = min(_MAX_BORROWED, *(len(by_name[name]) for name in required))
    return tuple(Call(tuple(by_name[name][turn] for name in required)) for turn in range(rounds))


def varied_parameters(function: ast.FunctionDef, asked: Sequence[Call]) -> Mapping[str, bool]:
    """Tell for each parameter whether the calls that are asked give it more than one value."""
    seen: dict[str, set[str]] = {
        one.arg: set() for one in (*function.args.posonlyargs, *function.args.args)
    }
    for call in asked:
        for name, value in positional(function, call).items():
            seen.setdefault(name, set()).add(repr(value))
    return {name: len(values) > 1 for name, values in seen.items()}


def _spread(calls: Mapping[Call, None]) -> tuple[Call, ...]:
    """Return some of many calls, the first and the last among them."""
    listed = tuple(calls)
    if len(listed) <= MAX_RECORDED_ASKED:
        return listed
    step = (len(listed) - 1) / (MAX_RECORDED_ASKED - 1)
    return tuple(listed[round(step * number)] for number in range(MAX_RECORDED_ASKED))


def _varied(
    function: ast.FunctionDef, given: Sequence[Mapping[str, Plain]]
) -> Iterator[Mapping[str, Plain]]:
    edges = itertools.islice(borders(function, given), MAX_CANDIDATES)
    return itertools.chain(edges, small_changes(given))


def _plain(function: ast.FunctionDef, call: Call) -> Mapping[str, Plain] | None:
    try:
        return {name: plain_of(value) for name, value in positional(function, call).items()}
    except TypeError:
        return None


def _call(function: ast.FunctionDef, arguments: Mapping[str, Plain]) -> Call | None:
    """Return a call that gives what it can by position: names are the author's own."""
    try:
        left = {name: value_of(value) for name, value in arguments.items()}
    except TypeError:
        return None
    args = []
    for one in (*function.args.posonlyargs, *function.args.args):
        if one.arg not in left:
            break
        args.append(left.pop(one.arg))
    return Call(tuple(args), tuple(left.items()))


def _type(answer: Value) -> str:
    return "number" if answer.t in {"int", "float", "scalar"} else answer.t


def _sane(answer: Value) -> bool:
    match answer:
        case Float(v=text):
            number = float(text)
            return math.isfinite(number) and abs(number) < _HUGE
        case Items(v=items):
            return all(map(_sane, items))
        case _:
            return answer.t != "opaque"
