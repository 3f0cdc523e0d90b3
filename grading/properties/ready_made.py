"""The properties that have a name, over what was seen of one call or, for some, of all of them."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grading.comparison import compare
from grading.properties.budget import Budget
from grading.properties.functions import close
from grading.properties.planning import Form
from grading.properties.things import Thing, items_of
from notebooks.cases.probes import Tolerance
from notebooks.kernels.values import Sequence as Items
from notebooks.kernels.values import Value


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one call."""

    args: tuple[Value, ...]
    answers: Mapping[Form, Value]
    given: tuple[Thing, ...]
    result: Thing
    """Of the plain call."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How calls are judged, the same for all of one check."""

    tolerance: Tolerance
    budget: Budget


Predicate = Callable[[Seen, Sequence[Seen], Terms], bool | None]
"""Takes the call, all calls and the terms; None where it says nothing of this call.

It raises TooMuchError for data that are too many, and TypeError, ValueError or LookupError for
such as it cannot speak of.
"""


def _same_length(seen: Seen, _all: Sequence[Seen], _by: Terms) -> bool:
    return len(seen.result) == len(seen.given[0])


def _sorted(seen: Seen, _all: Sequence[Seen], _by: Terms) -> bool:
    items = items_of(seen.result)
    return all(one <= other for one, other in itertools.pairwise(items))


def _unique(seen: Seen, _all: Sequence[Seen], by: Terms) -> bool:
    items = items_of(seen.result)
    by.budget.spend(len(items) ** 2)
    return not any(
        close(one, other, _EXACT) for place, one in enumerate(items) for other in items[:place]
    )


def _subset(seen: Seen, _all: Sequence[Seen], by: Terms) -> bool:
    mine, theirs = items_of(seen.result), items_of(seen.given[0])
    by.budget.spend(len(mine) * len(theirs))
    return all(any(close(one, other, by.tolerance) for other in theirs) for one in mine)


def _permutation(seen: Seen, _all: Sequence[Seen], by: Terms) -> bool:
    left, mine = items_of(seen.given[0]), items_of(seen.result)
    by.budget.spend(len(mine) * len(left))
    for one in mine:
        near = (at for at, other in enumerate(left) if close(one, other, by.tolerance))
        place = next(near, None)
        if place is None:
            return False
        left.pop(place)
    return not left


def _answers_alike(form: Form) -> Predicate:
    def alike(seen: Seen, _all: Sequence[Seen], by: Terms) -> bool | None:
        other = seen.answers.get(form)
        return (
            None
            if other is None
            else compare(seen.answers[Form.PLAIN], other, by.tolerance) is None
        )

    return alike


def _keeps_arguments(seen: Seen, _all: Sequence[Seen], _by: Terms) -> bool:
    given = Items(t="tuple", v=seen.args)
    return compare(given, seen.answers[Form.KEPT], _EXACT) is None


def _monotonic(sign: int) -> Predicate:
    def moves(seen: Seen, every: Sequence[Seen], _by: Terms) -> bool | None:
        compared = [
            sign * (other.result - seen.result) >= 0
            for other in every
            if other.args[1:] == seen.args[1:] and other.given[0] > seen.given[0]
        ]
        return bool(np.all(compared)) if compared else None

    return moves


_EXACT = Tolerance(relative=0, absolute=0)
PREDICATES: Mapping[str, Predicate] = {
    "same_length": _same_length,
    "sorted": _sorted,
    "unique": _unique,
    "subset_of_input": _subset,
    "permutation_of_input": _permutation,
    "permutation_invariant": _answers_alike(Form.SHUFFLED),
    "idempotent": _answers_alike(Form.TWICE),
    "repeatable": _answers_alike(Form.AGAIN),
    "keeps_arguments": _keeps_arguments,
    "increasing": _monotonic(1),
    "decreasing": _monotonic(-1),
}
