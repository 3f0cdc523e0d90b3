import ast
from collections.abc import Sequence
from typing import Any

import pytest

from grading.derivation.functions import borrowed, candidates, chosen, varied_parameters
from grading.derivation.invariants import Domain
from grading.derivation.plain import plain_of
from grading.derivation.recording import Call, documented_calls
from grading.derivation.variations import compared_constants
from notebooks.kernels.values import Opaque, Value
from tests.grading.builders import v


def function(source: str) -> ast.FunctionDef:
    [node] = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    return node


def call(*args: Any, **kwargs: Any) -> Call:
    return Call(tuple(map(v, args)), tuple((name, v(one)) for name, one in kwargs.items()))


def asked(source: str, *calls: Call) -> list[tuple[Any, ...]]:
    made = candidates(function(source), calls)
    return [tuple(plain_of(arg) for arg in one.call.args) for one in made if not one.recorded]


GRADE = "def grade(score):\n    if score >= 75: return 'good'\n    return 'bad'"


def test_the_border_of_a_comparison_and_its_neighbours_are_asked_first() -> None:
    assert asked(GRADE, call(10), call(90))[:3] == [(75,), (74,), (76,)]


def test_constants_that_are_compared_with_are_found_with_their_sign() -> None:
    source = "def f(x):\n    return x < -3 or 2.5 >= x or x == 7 + 0"
    assert compared_constants(function(source)) == (-3, 2.5)


@pytest.mark.parametrize(
    ("recorded", "outside"),
    [
        ([[1, 2, 3], [4, 9]], [3, 1]),  # sorted
        ([[1, 2], [5]], []),  # not empty
        ([["a"], ["b", "c"]], ["a", 1]),  # of one type
        ([[1, 2], [7, 3]], [2, 2]),  # without doubles
        (["abc", "x"], "aBc"),  # lower case
        ([3, 10], -1),  # not negative
        ([3, 10], 11),  # no greater than what was seen
        ([[[1, 2], [3, 4]]], [[1, 2], [3]]),  # rectangular
        ([[("a", 1)]], [("a", 1, 2)]),  # records
    ],
)
def test_what_all_recorded_calls_have_in_common_bounds_the_derived_ones(
    recorded: Sequence[Any], outside: Any
) -> None:
    domain = Domain([{"x": one} for one in recorded])
    assert all(domain.contains({"x": one}) for one in recorded)
    assert not domain.contains({"x": outside})


def test_relations_between_arguments_are_kept() -> None:
    domain = Domain([{"low": 1, "high": 5}, {"low": 2, "high": 3}])
    assert domain.contains({"low": 2, "high": 4})
    assert not domain.contains({"low": 4, "high": 2})


def test_the_examples_of_a_docstring_are_calls() -> None:
    source = 'def f(a, b=1):\n    """Add.\n\n    >>> f(2, b=3)\n    5\n    >>> f(x)\n    """'
    assert documented_calls(function(source)) == (call(2, b=3),)


def answered(source: str, *calls: Call) -> list[tuple[Any, Value | None]]:
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102 - our own text
    node = function(source)
    found = []
    for one in candidates(node, calls):
        try:
            answer: Value | None = v(namespace[node.name](*map(plain_of, one.call.args)))
        except Exception:  # noqa: BLE001 - an answer that the ideal does not give
            answer = None
        found.append((one, answer))
    return found


def test_of_many_candidates_the_recorded_ones_and_at_most_twelve_more_are_kept() -> None:
    kept = chosen(answered(GRADE, call(10), call(90), call(60)))
    assert [one.recorded for one in kept][:3] == [True] * 3
    assert 3 < len(kept) <= 15


def test_a_derived_call_whose_answer_is_of_another_type_is_dropped() -> None:
    source = "def half(n):\n    if n == 0: return 'zero'\n    return n / 2"
    kept = chosen(answered(source, call(2), call(4)))
    assert not any(one.call == call(0) for one in kept)


@pytest.mark.parametrize("answer", [float("inf"), float("nan"), 1e16, [1e300, float("nan")]])
def test_a_derived_call_whose_answer_cannot_be_trusted_is_dropped(answer: Any) -> None:
    [recorded, derived, *_] = candidates(function(GRADE), [call(10)])
    kept = chosen([(recorded, v(1.0)), (derived, v(answer))])
    assert kept == (recorded,)


def test_an_answer_without_an_exact_kind_is_dropped() -> None:
    [recorded, derived, *_] = candidates(function(GRADE), [call(10)])
    assert chosen([(recorded, None), (derived, Opaque(type="x.Y"))]) == ()


def test_a_parameter_that_only_ever_has_one_value_is_told() -> None:
    node = function("def f(a, b): return a + b")
    assert varied_parameters(node, [call(1, 2), call(3, 2)]) == {"a": True, "b": False}


def test_a_function_that_nobody_calls_borrows_arguments_of_the_same_name() -> None:
    known = function("def g(text, n): return text * n")
    uncalled = function("def h(text, unknown=1): return text")
    assert borrowed(uncalled, [(known, call("abc", 2))]) == (call("abc"),)
    assert borrowed(function("def h(other): return 1"), [(known, call("abc", 2))]) == ()


def test_every_text_that_a_function_looks_up_is_asked_though_the_answers_are_alike() -> None:
    source = "def brand(word):\n    return {'vw': 'v', 'vauwe': 'v', 'fau': 'v'}.get(word, word)"
    made = candidates(function(source), [call("v"), call("ford")])
    tried = [
        (one, v({"vw": "v", "vauwe": "v", "fau": "v"}.get(_word(one), _word(one)))) for one in made
    ]
    assert {"vw", "vauwe", "fau"} <= {_word(one) for one in chosen(tried)}


def _word(candidate: Any) -> str:
    return str(plain_of(candidate.call.args[0]))
