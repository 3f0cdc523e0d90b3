"""What all recorded calls of a function have in common, so that derived ones stay in its domain.

Without these, correct programs are asked what their task never promised. A property is kept when
every recorded call has it; the list of properties is closed, and each is a plain predicate.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from grading.derivation.plain import Plain
from notebooks.cases.settled import SettledAnswer

Arguments = Mapping[str, Plain]
Predicate = Callable[[Arguments], bool]

_CONTAINERS = (list, tuple, set, frozenset, dict)
_LISTS = (list, tuple)


class Domain:
    """The properties of a function's recorded calls.

    What the author says that an argument may be is no property, whatever the calls have in common.
    """

    def __init__(
        self,
        calls: Sequence[Arguments],
        compared: Sequence[float] = (),
        answers: Mapping[str, SettledAnswer] = MappingProxyType({}),
    ) -> None:
        self._kept = [
            predicate
            for predicate in _candidates(calls, compared, answers)
            if _holds(predicate, calls)
        ]

    def contains(self, arguments: Arguments) -> bool:
        """Tell whether arguments have every property that all recorded calls have."""
        return all(_true(predicate, arguments) for predicate in self._kept)


def _holds(predicate: Predicate, calls: Sequence[Arguments]) -> bool:
    return all(_true(predicate, call) for call in calls)


def _true(predicate: Predicate, arguments: Arguments) -> bool:
    try:
        return bool(predicate(arguments))
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return False


def _candidates(
    calls: Sequence[Arguments], compared: Sequence[float], answers: Mapping[str, SettledAnswer]
) -> Iterator[Predicate]:
    if not calls:
        return
    names = sorted(set.intersection(*(set(call) for call in calls)))
    signatures = {frozenset(call) for call in calls}
    yield lambda arguments: frozenset(arguments) in signatures
    for name in names:
        recorded = [call[name] for call in calls]
        answer = answers.get(name)
        for check in (*_of_one(recorded, answer), _hull(recorded, compared, answer)):
            yield _on(name, check)
    for one, other in itertools.permutations(names, 2):
        for pair in _PAIRS:
            yield _between(one, other, pair)


def _on(name: str, check: Callable[[Any], bool]) -> Predicate:
    return lambda arguments: check(arguments[name])


def _between(one: str, other: str, check: Callable[[Any, Any], bool]) -> Predicate:
    return lambda arguments: check(arguments[one], arguments[other])


def _of_one(
    recorded: Sequence[Plain], answer: SettledAnswer | None
) -> Iterator[Callable[[Any], bool]]:
    shapes = set().union(*(_shapes(value) for value in recorded))
    yield lambda value: _shapes(value) <= shapes
    for freedom, predicate in _PROPERTIES:
        if answer is None or not _freed(freedom, answer):
            yield predicate
    letters = {_classes(text) for value in recorded for text in _texts(value)}
    if letters:
        allowed = frozenset().union(*letters)
        yield lambda value: all(_classes(text) <= allowed for text in _texts(value))
    # What always was one of few words is an option, not a text.
    if all(type(value) is str for value in recorded) and len(recorded) > len(set(recorded)):
        words = set(recorded)
        yield lambda value: value in words


def _freed(freedom: str | None, answer: SettledAnswer) -> bool:
    if freedom is None:
        return False
    below = answer.lowest is not None and answer.lowest <= 0
    if freedom == "may_be_zero":
        return below
    return bool(getattr(answer, freedom)) or (freedom == "may_be_negative" and below)


def _hull(
    recorded: Sequence[Plain], compared: Sequence[float], answer: SettledAnswer | None
) -> Callable[[Any], bool]:
    """Numbers stay between the least and the greatest recorded, or near a compared constant.

    Or else within what the author says.
    """
    found = [number for value in recorded for number in _numbers(value)]
    if not found:
        return lambda _value: True
    edges = [*found, *(constant + step for constant in compared for step in (-1, 1))]
    if answer is not None:
        edges += [bound for bound in (answer.lowest, answer.highest) if bound is not None]
        if answer.may_be_negative and answer.lowest is None:
            edges.append(-max(map(abs, edges)))
    low, high = min(edges), max(edges)
    return lambda value: all(low <= number <= high for number in _numbers(value))


def _shapes(value: Plain, depth: int = 0) -> set[tuple[int, str]]:
    """Return the types that occur at each depth of a value."""
    found = {(depth, type(value).__name__)}
    for item in _items(value):
        found |= _shapes(item, depth + 1)
    return found


def _items(value: Plain) -> Iterator[Plain]:
    if type(value) is dict:
        yield from value.keys()
        yield from value.values()
    elif type(value) in _CONTAINERS:
        yield from value


def _numbers(value: Plain) -> Iterator[float]:
    if type(value) in {int, float}:
        yield value
    for item in _items(value):
        yield from _numbers(item)


def _texts(value: Plain) -> Iterator[str]:
    if type(value) is str:
        yield value
    for item in _items(value):
        yield from _texts(item)


def _classes(text: str) -> frozenset[str]:
    return frozenset(_class(letter) for letter in text)


def _class(letter: str) -> str:
    if letter.isdigit():
        return "digit"
    if letter.isalpha():
        return "upper" if letter.isupper() else "lower"
    return "space" if letter.isspace() else letter


def _sized(value: Plain) -> bool:
    return type(value) in _CONTAINERS or type(value) is str


def _ordered(value: Plain) -> bool:
    return type(value) not in _LISTS or all(a <= b for a, b in itertools.pairwise(value))


def _descending(value: Plain) -> bool:
    return type(value) not in _LISTS or all(a >= b for a, b in itertools.pairwise(value))


def _unique(value: Plain) -> bool:
    return type(value) not in _LISTS or len({repr(item) for item in value}) == len(value)


def _rectangular(value: Plain) -> bool:
    if type(value) not in _LISTS:
        return True
    return len({len(item) for item in value if type(item) in _LISTS}) <= 1


def _varied(value: Plain) -> bool:
    return type(value) not in _LISTS or not value or len({repr(item) for item in value}) > 1


def _records(value: Plain) -> bool:
    """Tuples inside of lists are records: of one length, with one type per field."""
    if type(value) is not list:
        return True
    kinds = {tuple(type(part).__name__ for part in item) for item in value if type(item) is tuple}
    return len(kinds) <= 1


_PROPERTIES: Sequence[tuple[str | None, Callable[[Any], bool]]] = (
    ("may_be_empty", lambda value: not _sized(value) or len(value) > 0),
    (None, lambda value: all(len(item) > 0 for item in _items(value) if _sized(item))),
    ("may_be_negative", lambda value: all(number >= 0 for number in _numbers(value))),
    ("may_be_negative", lambda value: all(number > 0 for number in _numbers(value))),
    ("may_be_zero", lambda value: all(number != 0 for number in _numbers(value))),
    (None, lambda value: all(text == text.strip() for text in _texts(value))),
    ("may_be_unsorted", _ordered),
    ("may_be_unsorted", _descending),
    ("may_repeat", _unique),
    (None, _rectangular),
    (None, _varied),
    (None, _records),
)
"""Each with the answer of the author's that takes it away."""

_PAIRS: Sequence[Callable[[Any, Any], bool]] = (
    lambda a, b: _sized(a) and _sized(b) and len(a) == len(b),
    lambda a, b: type(a) is int and type(b) in _LISTS and a <= len(b),
    lambda a, b: type(a) is int and type(b) in _LISTS and a < len(b),
    lambda a, b: type(a) in {int, float} and type(b) in {int, float} and a <= b,
    lambda a, b: type(a) in {int, float} and type(b) in {int, float} and a < b,
    lambda a, b: type(a) in {int, float} and type(b) in {int, float} and a != b,
    lambda a, b: type(a) is dict and type(b) is dict and a.keys() <= b.keys(),
    lambda a, b: type(b) in _LISTS and a in b,
    lambda a, b: type(b) is dict and a in b,
    lambda a, b: type(b) in _LISTS and a not in b,
)
