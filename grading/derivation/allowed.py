"""Arguments that the author says a function may get, though no recorded call has such ones."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from grading.derivation.plain import Plain
from notebooks.cases.settled import SettledAnswer

Arguments = Mapping[str, Plain]

_ROUNDS = 3
"""Recorded calls of which each answer is tried."""
_LISTS = (list, tuple)


def allowed_by(
    answers: Mapping[str, SettledAnswer],
    calls: Sequence[Arguments],
    contains: Callable[[Arguments], bool],
) -> Iterator[Arguments]:
    """Yield recorded calls with one argument as its author says that it may be.

    `contains` tells what is left of the calls' domain: two lists of one length stay that.
    """
    for name, answer in answers.items():
        for call in calls[:_ROUNDS]:
            if name in call:
                changed = ({**call, name: value} for value in _values(call[name], answer))
                yield from filter(contains, changed)


def others_of(
    answers: Mapping[str, SettledAnswer], calls: Sequence[Arguments]
) -> Iterator[Arguments]:
    """Yield recorded calls with one argument that its author wrote down."""
    for name, answer in answers.items():
        for call in calls[:1]:
            if name in call:
                yield from ({**call, name: _like(call[name], one)} for one in answer.others or ())


def _values(value: Plain, answer: SettledAnswer) -> Iterator[Plain]:
    kind = type(value)
    if answer.may_be_empty and kind in {*_LISTS, str, dict, set, frozenset}:
        yield kind()
    if kind in _LISTS:
        if answer.may_be_unsorted:
            yield value[::-1]
            yield value[1:] + value[:1]
        if answer.may_repeat and value:
            yield kind([value[0], *value])
            yield kind([*value, value[-1]])
    bounds = [bound for bound in (answer.lowest, answer.highest) if bound is not None]
    if kind in {int, float}:
        yield from (kind(bound) for bound in bounds)
        if answer.may_be_negative:
            yield -value
    elif kind in _LISTS and value and type(value[0]) in {int, float}:
        number = type(value[0])
        yield from (kind([number(bound), *value[1:]]) for bound in bounds)
        if answer.may_be_negative:
            yield kind([-value[0], *value[1:]])
            yield kind([-item if type(item) in {int, float} else item for item in value])


def _like(recorded: Plain, written: Plain) -> Plain:
    """Return what YAML holds as what the function usually gets: YAML has no tuples and sets."""
    kind = type(recorded)
    if kind is type(written):
        return written
    if kind in {tuple, set, frozenset} and type(written) is list:
        return kind(written)
    if kind is float and type(written) is int:
        return float(written)
    return written
