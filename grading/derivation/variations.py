"""Arguments near recorded ones: borders that the code compares with, and small changes.

Deterministic: the same function and calls give the same variations, in the same order.
"""

import ast
import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence

from grading.derivation.plain import Plain

Arguments = Mapping[str, Plain]

MAX_CANDIDATES = 60
_SEED = 20
_ROUNDS = 6
_CHANGES = 9
"""Of one argument, in each round."""


def compared_constants(function: ast.FunctionDef) -> tuple[int | float, ...]:
    """Return the numbers that a function compares something with, in order."""
    found: dict[int | float, None] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                number = _number(side)
                if number is not None:
                    found.setdefault(number)
    return tuple(found)


def compared_texts(function: ast.FunctionDef) -> tuple[str, ...]:
    """Return the texts that a function compares something with or looks up, in order."""
    found: dict[str, None] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                found |= dict.fromkeys(_texts(ast.walk(side)))
        elif isinstance(node, ast.Dict):
            found |= dict.fromkeys(_texts(node.keys))
    return tuple(found)


def _texts(nodes: Iterable[ast.AST | None]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and type(node.value) is str:
            yield node.value


def borders(function: ast.FunctionDef, calls: Sequence[Arguments]) -> Iterator[Arguments]:
    """Yield recorded calls with one number at, just below and just above a compared constant."""
    constants = compared_constants(function)
    texts = compared_texts(function)
    for call in calls[:_ROUNDS]:
        for name, value in call.items():
            if type(value) in {int, float}:
                for constant in constants:
                    for near in (constant, constant - 1, constant + 1):
                        yield {**call, name: type(value)(near)}
                    if type(value) is float:
                        yield {**call, name: constant - 0.01}
            elif type(value) is str:
                yield from ({**call, name: text} for text in texts)
            elif type(value) is list and value and type(value[0]) in {int, float}:
                kind = type(value[0])
                for constant in constants:
                    changed = [kind(constant), kind(constant - 1), kind(constant + 1), *value]
                    yield {**call, name: changed}


def small_changes(calls: Sequence[Arguments]) -> Iterator[Arguments]:
    """Yield recorded calls with one argument changed a little, or taken from another call."""
    for call, other in itertools.permutations(calls[:_ROUNDS], 2):
        for name in call:
            if name in other and repr(other[name]) != repr(call[name]):
                yield {**call, name: other[name]}
    choose = random.Random(_SEED)  # noqa: S311 # nosec B311 - variety, not secrecy
    for _ in range(_ROUNDS):
        for call in calls[: 2 * _ROUNDS]:
            for name, value in call.items():
                for changed in itertools.islice(_changed(value, choose), _CHANGES):
                    yield {**call, name: changed}


def _changed(value: Plain, choose: random.Random) -> Iterator[Plain]:
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + 1, value - 1, value * 2, -value, 0, value + choose.randint(2, 9))
        case float():
            yield from (value + 1, value - 1, value / 2, -value, 0.0, value + choose.random())
        case str() if value:
            at = choose.randrange(len(value))
            yield from (value[:at] + value[at + 1 :], value[::-1], value + value[at], value * 2)
            yield from _ties(value)
            yield from (value.upper(), value.lower(), value.title(), "")
        case list() | tuple():
            yield from map(type(value), _lists(list(value), choose))
        case set() | frozenset():
            ordered = sorted(value, key=repr)
            yield from (type(value)(ordered[1:]), type(value)(ordered[:-1]), type(value)())
        case dict():
            keys = list(value)
            yield from ({k: value[k] for k in keys if k != gone} for gone in keys[:2])
            yield dict(reversed(value.items()))
            yield {}
            for key in keys[:3]:
                for changed in itertools.islice(_changed(value[key], choose), 2):
                    yield {**value, key: changed}


def _ties(text: str) -> Iterator[str]:
    """Yield a text's different words, each once and the last of the alphabet first.

    Whoever counts words and forgets to order those that are as frequent shows it here.
    """
    words = set(text.split())
    if len(words) > 1:
        yield " ".join(sorted(words, reverse=True))


def _lists(value: list[Plain], choose: random.Random) -> Iterator[list[Plain]]:
    yield value[::-1]
    yield choose.sample(value, len(value))
    yield value[1:]
    yield value[:-1]
    if value:
        at = choose.randrange(len(value))
        yield [*value, value[at]]  # one twice
        yield value[:1]
        for changed in itertools.islice(_changed(value[at], choose), 3):
            yield [*value[:at], changed, *value[at + 1 :]]
        yield [value[at]] * len(value)
    yield []


def _number(node: ast.expr) -> int | float | None:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        value = node.value
        return sign * value if isinstance(value, int | float) else None
    return None
