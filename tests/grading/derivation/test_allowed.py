"""Calls that are asked since the author says that arguments may be so."""

import ast
from typing import Any

import pytest

from grading.derivation.functions import candidates, chosen
from grading.derivation.plain import plain_of
from grading.derivation.recording import Call
from notebooks.cases.settled import SettledAnswer
from tests.grading.builders import v


def function(source: str) -> ast.FunctionDef:
    [node] = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    return node


ONE = function("def f(values): ...")
TWO = function("def f(values, weights): ...")


def allowed(node: ast.FunctionDef, *calls: tuple[Any, ...], **answer: Any) -> list[Any]:
    made = candidates(
        node,
        [Call(tuple(map(v, call))) for call in calls],
        answers={"values": SettledAnswer(of="f.values", **answer)},
    )
    return [tuple(map(plain_of, one.call.args)) for one in made if one.allowed]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"may_be_empty": True}, ([],)),
        ({"may_be_unsorted": True}, ([9, 4, 1],)),
        ({"may_repeat": True}, ([1, 1, 4, 9],)),
        ({"may_be_negative": True, "may_be_unsorted": True}, ([-1, -4, -9],)),
        ({"lowest": 0}, ([0, 4, 9],)),
        ({"others": [[5]]}, ([5],)),
    ],
)
def test_what_an_author_allows_is_asked(answer: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert expected in allowed(ONE, ([1, 4, 9],), **answer)


@pytest.mark.parametrize("answer", [{"may_be_empty": False}, {"others": []}])
def test_what_an_author_rules_out_is_not(answer: dict[str, Any]) -> None:
    assert allowed(ONE, ([1, 4, 9],), **answer) == []


def test_what_other_arguments_have_to_do_with_it_stays() -> None:
    calls = (([1, 4], [2, 2]), ([3, 5, 8], [1, 2, 1]))
    assert allowed(TWO, *calls, may_be_empty=True) == []
    assert ([4, 1], [2, 2]) in allowed(TWO, *calls, may_be_unsorted=True)


@pytest.mark.parametrize(
    ("recorded", "written", "expected"),
    [((1, 2), [3], (3,)), (2.5, 3, 3.0), ("a", None, None)],
)
def test_another_value_is_of_the_usual_kind_where_yaml_has_none(
    recorded: Any, written: Any, expected: Any
) -> None:
    [(found,)] = allowed(ONE, (recorded,), others=[written])
    assert found == expected
    assert type(found) is type(expected)


def test_an_allowed_call_is_kept_whatever_type_the_ideal_answers_then() -> None:
    made = candidates(ONE, [Call((v([1]),))], answers={
        "values": SettledAnswer(of="f.values", may_be_empty=True)
    })  # fmt: skip
    tried = [(one, v(None) if one.allowed else v(1)) for one in made]
    assert any(one.allowed for one in chosen(tried))
