from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.derivation.plain import plain_of, value_of
from notebooks.kernels.values import Opaque

HASHABLE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
PLAIN = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(HASHABLE, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_a_plain_object_comes_back_as_it_went(thing: Any) -> None:
    back = plain_of(value_of(thing))
    assert back == thing
    assert type(back) is type(thing)


@pytest.mark.parametrize("thing", [object(), range(3), 1j, b"x"])
def test_anything_else_is_refused(thing: object) -> None:
    with pytest.raises(TypeError):
        value_of(thing)


def test_a_value_without_an_exact_kind_is_not_plain() -> None:
    with pytest.raises(TypeError):
        plain_of(Opaque(type="x.Y"))
