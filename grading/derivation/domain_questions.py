"""What only an author knows of names and arguments, with the answer that holds until then."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from grading.derivation.names import Answerable
from grading.derivation.plain import Plain, plain_of
from grading.derivation.recording import Call, positional
from grading.probes import PreparedProbe
from notebooks.cases.settled import SettledAnswer
from notebooks.kernels.values import DataFrame, Float, Scalar

_LISTS = (list, tuple)
_SORTS = re.compile(r"\b(sort\w*|order\w*|rank\w*|nlargest|nsmallest)\b", re.IGNORECASE)
_ROUNDS = re.compile(r"\bround\(")
_WORDS: Final = {
    "may_be_empty": "be empty",
    "may_be_unsorted": "be unsorted",
    "may_repeat": "hold the same twice",
    "may_be_negative": "be negative",
}


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question to the author, in one line."""

    text: str
    answer: Mapping[str, object] | None = None
    """The entry of `answers` in `case.yaml` that says what is taken for granted until then; None
    where no such answer helps."""


def about_arguments(
    function: ast.FunctionDef, calls: Sequence[Call], answers: Mapping[str, SettledAnswer]
) -> Iterator[OpenQuestion]:
    """Yield what all calls of a function have in common by chance or on purpose, by argument."""
    given: dict[str, list[Plain]] = {}
    for call in calls:
        for name, value in positional(function, call).items():
            try:
                given.setdefault(name, []).append(plain_of(value))
            except TypeError:
                continue
    for name, values in given.items():
        known = answers.get(name)
        open_ones = [
            field for field in _in_common(values) if known is None or getattr(known, field) is None
        ]
        if open_ones:
            may = _listed([_WORDS[field] for field in open_ones])
            yield OpenQuestion(
                f"May `{name}` of `{function.name}` {may}? No call so far has it so.",
                {"of": f"{function.name}.{name}", **dict.fromkeys(open_ones, False)},
            )


def about_values(subtask: Answerable, probes: Sequence[PreparedProbe]) -> Iterator[OpenQuestion]:
    """Yield what of a name's value may be a matter of taste: rounding, and the order of rows."""
    for name in subtask.values:
        known = subtask.answers.get(name)
        expected = [probe.expected for probe in probes if probe.asked == name]
        if not expected:
            continue
        rounded = isinstance(expected[0], Float | Scalar) and _ROUNDS.search(subtask.code)
        if rounded and (known is None or known.decimals is None):
            yield OpenQuestion(
                f"How many decimals of `{name}` count? The solution rounds, and six are compared.",
                {"of": name, "decimals": 6},
            )
        sorts = _SORTS.search(subtask.text) or _SORTS.search(subtask.code)
        open_order = known is None or known.row_order is None
        if isinstance(expected[0], DataFrame) and not sorts and open_order:
            yield OpenQuestion(
                f"Does the order of rows of `{name}` matter? So far it does.",
                {"of": name, "row_order": True},
            )


def _in_common(values: Sequence[Plain]) -> Iterator[str]:
    lists = [value for value in values if type(value) in _LISTS]
    sized = [value for value in values if type(value) in {*_LISTS, str, dict}]
    if sized and len(sized) == len(values) and all(sized):
        yield "may_be_empty"
    long = [value for value in lists if len(value) > 1]
    if long and len(lists) == len(values):
        if _all_sorted(long):
            yield "may_be_unsorted"
        if all(len({repr(item) for item in value}) == len(value) for value in long):
            yield "may_repeat"
    numbers = [number for value in values for number in _numbers(value)]
    if numbers and all(number >= 0 for number in numbers):
        yield "may_be_negative"


def _all_sorted(lists: Sequence[Sequence[Plain]]) -> bool:
    neighbours = [pair for one in lists for pair in pairwise(one)]
    try:
        return all(a <= b for a, b in neighbours) or all(a >= b for a, b in neighbours)
    except TypeError:
        return False


def _numbers(value: Plain) -> Iterator[float]:
    for item in value if type(value) in _LISTS else (value,):
        if type(item) in {int, float}:
            yield item


def _listed(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
