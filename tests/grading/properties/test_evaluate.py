import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.comparison.nodes import UnreadableError
from grading.properties.budget import Budget, TooMuchError
from grading.properties.evaluate import UnfitError, holds
from grading.properties.functions import functions
from grading.properties.things import thing
from notebooks.cases.expressions import FUNCTIONS, fault
from notebooks.cases.probes import Tolerance
from tests.grading.builders import frame, series, v
from tests.grading.comparison.test_properties import wild

EXACT = Tolerance()


def said(expression: str, result: Any, **arguments: Any) -> bool:
    names = {name: thing(v(one)) for name, one in ({"result": result} | arguments).items()}
    assert fault(expression, names) is None
    return holds(expression, names, EXACT, Budget())


@pytest.mark.parametrize(
    ("expression", "right", "wrong"),
    [
        ("abs(sum(result) - 1) < 1e-9", [0.25, 0.75], [0.25, 0.5]),
        ("result >= 0", [0, 1], [0, -1]),
        ("0 <= result <= 1", [0.0, 1], [0.5, 2]),
        ("result[1:] >= result[:-1]", [1, 2, 2], [2, 1]),
        ("all(one in [1, 2] for one in result)", [1, 1, 2], [1, 3]),
        ("len(result) == 2 and result[0] != result[-1]", ["a", "b"], ["a", "a"]),
        ("result == [1, 2]", (1, 2), [1, 2, 3]),
        ("not is_missing(result)", 1.0, float("nan")),
        ("any(is_missing(one) for one in result)", [1.0, float("nan")], [1.0]),
        ("close(mean(result), 2)", [1, 3.0000001], [1, 4]),
        ("keys(result) == ['a']", {"a": 1}, {"b": 1}),
        ("values(result) == [1]", {"a": 1}, {"a": 2}),
        ("result is None or result > 3", None, 2),
        ("lower(result) == strip(result)", "ab", "Ab"),
        ("set(result) <= {1, 2, 3}", [1, 2, 2], [4]),
        ("set([1, 2]) - set(result) == set([2])", [1], [1, 2]),
        ("[a * b for a, b in zip(result, [1, 2])] == [3, 8]", [3, 4], [4, 3]),
        ("sorted(result) == result", ["a", "b"], ["b", "a"]),
        ("(1 if len(result) > 2 else 0) == 1", [1, 2, 3], [1]),
        ("count(result, 0) == 1", [0, 1], [0, 0]),
        ("max(result) - min(result) <= 1", [1, 2], [1, 3]),
        ("round(std(result), 3) == 0.816", [1, 2, 3], [1, 2, 4]),
        ("median(result) == 2", [1, 2, 9], [1, 3, 9]),
        ("result[0, 1] == 2 and result.shape == [2, 2]", np.array([[1, 2], [3, 4]]), np.eye(2)),
        ("result ** 2 % 3 == 1 and -result // 2 < 0", 4, 3),
        ("all(number == place for place, number in enumerate(result))", [0, 1], [1, 0]),
        ("sum(result) == 2 ** 63", [2**62, 2**62], [2**62, 2]),
        ("int(result) == 3 and float(result) == 3", "3", "4"),
        ("upper('a') in result and range(2) == [0, 1]", "xA", "xa"),
        ("is_finite(result) and abs(result) < 2", np.array([-1.0]), np.array([np.inf])),
    ],
)  # fmt: skip
def test_an_expression_holds_of_what_it_says_and_of_nothing_else(
    expression: str, right: Any, wrong: Any
) -> None:
    assert said(expression, right)
    assert not said(expression, wrong)


@pytest.mark.parametrize("made", [[1.5, 2.5], (1.5, 2.5), np.array([1.5, 2.5]), series([1.5, 2.5])])
def test_a_row_is_a_row_whatever_it_is_made_of(made: Any) -> None:
    assert said("sum(result) == 4 and result > 1 and result == [1.5, 2.5]", made)


def test_a_table_is_spoken_of_by_its_columns() -> None:
    table = frame({"age": [3, 4], "name": ["a", "b"]})
    assert said("len(result) == 2 and result['age'] > 2 and 'name' in result", table)
    assert said("result.columns == ['age', 'name'] and result.shape == [2, 2]", table)


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("result < 3", "a"), ("result < [1]", [1, 2]), ("result[5] == 1", [1]),
        ("1 / result > 0", 0), ("mean(result) > 0", []), ("len(result) == 1", 3),
        ("result['a'] == 1", [1]), ("result * 3 == 'aaa'", "a"), ("result % 3 == 'a'", "%d"),
        ("result.size == 1", "a"), ("float(result) == 1", [1]), ("result is 3", 3),
        ("min(result) == 1", []), ("result + 1 == 2", ["a"]),
    ],
)  # fmt: skip
def test_what_an_expression_says_nothing_of_is_unfit(expression: str, result: Any) -> None:
    with pytest.raises(UnfitError):
        said(expression, result)


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("all(a != b or a == b for a in result for b in result)", list(range(5000))),
        ("all(one in result for one in result)", [f"{n}" for n in range(5000)]),
        ("2 ** result > 0", 10**9),
        ("result ** 60 > 0", 10**3000),
    ],
)
def test_data_that_would_take_too_long_are_not_looked_at(expression: str, result: Any) -> None:
    with pytest.raises(TooMuchError):
        said(expression, result)


def test_arrays_cannot_be_made_too_large_together() -> None:
    tall, wide = np.ones((1500, 1)), np.ones((1, 1500))
    with pytest.raises(TooMuchError):
        said("sum(result * other) > 0", tall, other=wide)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('touch /tmp/x')", "open('/etc/passwd')", "result.__class__",
        "eval('1')", "().__class__.__bases__", "(lambda: 1)()", "[x := 3]", "f'{result}'",
        "result.tofile('x')", "getattr(result, 'x')", "sum(x for x in y)", "print(result)",
        "sorted(result, key=len)", "max(*result)", "b'x' == result", "1j", "...", "yield 1",
        "{**result}", "result = 3", "", "-" * 200 + "1", "[[" * 100 + "]]" * 100,
    ],
)  # fmt: skip
def test_what_reaches_further_is_no_expression_of_this_language(expression: str) -> None:
    assert fault(expression, {"result"}) is not None


def test_every_function_that_may_be_called_is_there_and_no_other() -> None:
    assert set(functions(EXACT)) == FUNCTIONS


@settings(deadline=None)
@given(wild, st.sampled_from(["result == result", "sum(result) > 0", "len(result) > 1",
    "sorted(result) == result", "result[0] <= result", "close(result, result)",
    "all(one > 0 for one in result)", "mean(result) < 3", "set(result) == set(result)",
    "keys(result) == values(result)", "1 in result", "round(result, 2) == result"]))  # fmt: skip
def test_any_claim_can_be_spoken_of(claim: Any, expression: str) -> None:
    with contextlib.suppress(UnfitError, TooMuchError, UnreadableError):
        holds(expression, {"result": thing(claim)}, EXACT, Budget())
