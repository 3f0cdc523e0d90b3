"""Answers whose rows, or items, may come in any order."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from grading.comparison import compare
from tests.grading.builders import v


def same(expected: Any, observed: Any) -> bool:
    return compare(v(expected), v(observed), in_order=False) is None


def test_a_list_in_another_order_is_the_same_and_with_other_items_is_not() -> None:
    assert same([3, 1, 2.5], [1, 2.5, 3])
    assert same(["b", "a"], ["a", "b"])
    assert not same([1, 2, 2], [1, 1, 2])
    assert compare(v([1, 2]), v([2, 1])) is not None


rows = st.lists(st.tuples(st.integers(-3, 3), st.sampled_from("abc")), min_size=1, max_size=8)


@given(rows, st.randoms(use_true_random=False))
def test_rows_may_move_as_a_whole(table: list[tuple[int, str]], chance: random.Random) -> None:
    moved = chance.sample(table, len(table))
    assert same([list(row) for row in table], [list(row) for row in moved])


@given(rows)
def test_a_column_that_moves_by_itself_is_another_table(table: list[tuple[int, str]]) -> None:
    turned = [(number, table[place - 1][1]) for place, (number, _) in enumerate(table)]
    observed = same([list(row) for row in table], [list(row) for row in turned])
    assert observed == (sorted(table) == sorted(turned))
