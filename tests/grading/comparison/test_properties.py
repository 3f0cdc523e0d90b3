import base64

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.comparison import compare, render
from notebooks.kernels.values import (
    Array,
    Bool,
    Bytes,
    Column,
    Complex,
    DataFrame,
    Dict,
    Float,
    Index,
    Int,
    Moment,
    NoneValue,
    Opaque,
    Scalar,
    Sequence,
    Series,
    Str,
    Value,
)
from tests.grading.builders import v

_DTYPES = ["<f8", "<f4", "<i8", "<i2", "<u8", "|b1", "<c16", "<U3", "|S2", "<M8[ns]", "<m8[D]"]

honest_leaves = st.one_of(
    st.none().map(v),
    st.booleans().map(v),
    st.integers(-(10**25), 10**25).map(v),
    st.floats().map(v),
    st.text(max_size=8).map(v),
    st.binary(max_size=6).map(lambda raw: Bytes(v=base64.b64encode(raw).decode())),
    st.datetimes().map(lambda d: Moment(t="datetime", v=d.isoformat())),
    st.dates().map(lambda d: Moment(t="date", v=d.isoformat())),
)


@st.composite
def honest_arrays(draw: st.DrawFn, rows: int | None = None) -> Array:
    dtype = np.dtype(draw(st.sampled_from(["<f8", "<f4", "<i8", "<i2", "<u8", "|b1", "<c16"])))
    shape = (rows,) if rows is not None else tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    count = int(np.prod(shape, dtype=int))
    raw = draw(st.binary(min_size=count * dtype.itemsize, max_size=count * dtype.itemsize))
    if dtype.kind == "b":
        raw = bytes(byte & 1 for byte in raw)
    return Array(dtype=dtype.str, shape=shape, data=base64.b64encode(raw).decode())


@st.composite
def honest_tables(draw: st.DrawFn) -> Series | DataFrame:
    rows = draw(st.integers(0, 3))
    index = Index(levels=(Column(name=v(None), dtype="", values=draw(honest_arrays(rows))),))
    columns = tuple(
        Column(name=draw(honest_leaves), dtype="", values=draw(honest_arrays(rows)))
        for _ in range(draw(st.integers(1, 3)))
    )
    if draw(st.booleans()):
        return Series(index=index, column=columns[0])
    return DataFrame(index=index, columns=columns)


def containers(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    return st.one_of(
        st.builds(
            Sequence,
            t=st.sampled_from(["list", "tuple", "set", "frozenset"]),
            v=st.lists(inner, max_size=4).map(tuple),
        ),
        st.dictionaries(st.text(max_size=4), inner, max_size=3).map(
            lambda pairs: Dict(v=tuple((v(key), value) for key, value in pairs.items()))
        ),
    )


honest: st.SearchStrategy[Value] = st.recursive(
    st.one_of(honest_leaves, honest_arrays(), honest_tables()), containers, max_leaves=8
)

wild_arrays = st.builds(
    Array,
    dtype=st.one_of(st.sampled_from(_DTYPES), st.text(max_size=6)),
    shape=st.lists(st.integers(-2, 10**12), max_size=3).map(tuple),
    data=st.one_of(st.none(), st.text(max_size=12), st.just("AAAAAAAAAAA=")),
    items=st.one_of(st.none(), st.lists(honest_leaves, max_size=3).map(tuple)),
)
wild_columns = st.builds(
    Column,
    name=honest_leaves,
    dtype=st.sampled_from(["", "category", "datetime64[ns]", "datetime64[ns, UTC]", "Int64"]),
    values=st.one_of(wild_arrays, honest_arrays()),
    categories=st.one_of(st.none(), honest_arrays(), wild_arrays),
)
wild_indexes = st.builds(Index, levels=st.lists(wild_columns, max_size=2).map(tuple))
wild: st.SearchStrategy[Value] = st.recursive(
    st.one_of(
        honest_leaves,
        honest_tables(),
        wild_arrays,
        wild_columns,
        wild_indexes,
        st.builds(Series, index=wild_indexes, column=wild_columns),
        st.builds(
            DataFrame, index=wild_indexes, columns=st.lists(wild_columns, max_size=2).map(tuple)
        ),
        st.builds(Float, v=st.text(max_size=5)),
        st.builds(Complex, re=st.text(max_size=3), im=st.just("nan")),
        st.builds(Int, v=st.from_regex(r"\A-?[0-9]{1,400}\Z")),
        st.builds(Str, v=st.text()),
        st.builds(Bool, v=st.booleans()),
        st.just(NoneValue()),
        st.builds(Scalar, dtype=st.sampled_from(_DTYPES), data=st.text(max_size=12)),
        st.builds(Scalar, dtype=st.sampled_from(_DTYPES), data=st.just("AAAAAAAAAIA=")),
        st.builds(
            Moment,
            t=st.sampled_from(
                ["date", "time", "datetime", "timedelta", "timestamp", "period", "nat", "na"]
            ),
            v=st.one_of(st.text(max_size=12), st.just("2024-01-01T00:00:00Z"), st.just("P1D")),
        ),
        st.builds(Opaque, type=st.text(max_size=5), repr=st.text(max_size=5)),
    ),
    containers,
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(honest)
def test_every_honest_value_equals_itself(value: Value) -> None:
    assert compare(value, value) is None


@settings(max_examples=200, deadline=None)
@given(honest, honest)
def test_equality_is_symmetric(a: Value, b: Value) -> None:
    assert (compare(a, b) is None) == (compare(b, a) is None)


@settings(max_examples=300, deadline=None)
@given(wild, wild)
def test_no_claim_whatever_makes_a_comparison_or_a_rendering_raise(a: Value, b: Value) -> None:
    compare(a, b)
    compare(b, a)
    assert len(render(a)) <= 200
