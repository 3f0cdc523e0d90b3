"""Answers that are short enough in bytes, and far too many in values."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from notebooks.kernels.replay.crowding import MAX_KEYS, MAX_VALUES, is_crowded
from notebooks.kernels.replay.inside.encode import MAX_ITEMS
from notebooks.kernels.values import ValueAdapter


def test_as_many_values_as_a_child_may_send_are_not_too_many() -> None:
    line = json.dumps({"n": "a", "value": {"t": "list", "v": [{"t": "int", "v": "1"}] * MAX_ITEMS}})
    assert not is_crowded(line.encode())


@pytest.mark.parametrize(
    "line",
    [
        b'{"v":[' + b'{"t":"none"},' * MAX_VALUES + b'{"t":"none"}]}',
        b'{"v":[' + b'{ \n"t" :"none"},' * MAX_VALUES + b'{"t":"none"}]}',
        b"{" + b'"":1,' * MAX_KEYS + b'"t":"none"}',
        b"{" * (MAX_VALUES + 1),
    ],
    ids=["values", "values with spaces", "keys of one value", "no JSON at all"],
)
def test_a_million_small_things_are_too_many(line: bytes) -> None:
    assert is_crowded(line)


@pytest.mark.parametrize("text", ["{:" * MAX_KEYS, '{":' * MAX_KEYS, "\\{:" * MAX_KEYS + "\\"])
def test_braces_in_a_text_do_not_count(text: str) -> None:
    assert not is_crowded(json.dumps({"t": "str", "v": text}).encode())


@given(st.lists(st.text(alphabet='{}:"\\a', max_size=30), max_size=5))
def test_whatever_texts_hold_only_what_is_around_them_counts(texts: list[str]) -> None:
    crowd = b'{"t":"none"}' * (MAX_VALUES + 1)
    told = json.dumps(texts).encode()
    assert is_crowded(told + crowd)
    assert not is_crowded(told)


@pytest.mark.parametrize("item", ["1", "{}", "[]", '""', '{"t":"int","v":""}'])
def test_of_a_million_items_that_are_no_values_the_first_is_told(item: str) -> None:
    line = f'{{"t":"list","v":[{",".join([item] * 1_000_000)}]}}'
    tracemalloc.start()
    with pytest.raises(ValidationError) as refused:
        ValueAdapter.validate_json(line)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(refused.value.errors(include_input=False)) == 1
    assert peak < 20_000_000
