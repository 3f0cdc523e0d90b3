"""Short builders of typed values, for tests that read like what a student would have."""

import base64
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from notebooks.kernels.values import (
    Array,
    Bool,
    Column,
    DataFrame,
    Dict,
    Float,
    Index,
    Int,
    NoneValue,
    Scalar,
    Sequence,
    Series,
    Str,
    Value,
)


def v(thing: Any) -> Value:  # noqa: C901, PLR0911 - one return per kind
    """Encode a plain Python or NumPy object."""
    match thing:
        case None:
            return NoneValue()
        case bool():
            return Bool(v=thing)
        case np.generic():
            kind = np.asarray(thing)
            return Scalar(dtype=kind.dtype.str, data=base64.b64encode(kind.tobytes()).decode())
        case int():
            return Int(v=str(thing))
        case float():
            return Float(v=repr(thing))
        case str():
            return Str(v=thing)
        case list():
            return Sequence(t="list", v=tuple(v(item) for item in thing))
        case tuple():
            return Sequence(t="tuple", v=tuple(v(item) for item in thing))
        case set() | frozenset():
            word: Literal["set", "frozenset"] = "set" if isinstance(thing, set) else "frozenset"
            return Sequence(t=word, v=tuple(v(item) for item in thing))
        case dict():
            return Dict(v=tuple((v(key), v(value)) for key, value in thing.items()))
        case np.ndarray():
            return array(thing)
        case _:
            value: Value = thing
            return value


def array(thing: Any) -> Array:
    """Encode an array, object arrays item by item."""
    values = np.asarray(thing)
    if values.dtype == object:
        items = tuple(v(item) for item in values.ravel().tolist())
        return Array(dtype="|O", shape=values.shape, items=items)
    little = values.astype(values.dtype.newbyteorder("<"))
    data = base64.b64encode(little.tobytes()).decode()
    return Array(dtype=little.dtype.str, shape=values.shape, data=data)


def column(name: Any, values: Any, dtype: str = "") -> Column:
    """Encode one column."""
    encoded = array(values if isinstance(values, np.ndarray) else np.array(values))
    if encoded.dtype.startswith("<U"):
        encoded = array(np.array(values, dtype=object))
    return Column(name=v(name), dtype=dtype or encoded.dtype, values=encoded)


def index(values: Any, name: Any = None) -> Index:
    """Encode an index of one level."""
    return Index(levels=(column(name, values),))


def series(values: Any, labels: Any = None, name: Any = None) -> Series:
    """Encode a Series, with a fresh index if no labels are given."""
    return Series(
        index=index(np.arange(len(values)) if labels is None else labels),
        column=column(name, values),
    )


def frame(columns: Mapping[Any, Any], labels: Any = None) -> DataFrame:
    """Encode a DataFrame, with a fresh index if no labels are given."""
    rows = len(next(iter(columns.values()))) if columns else 0
    return DataFrame(
        index=index(np.arange(rows) if labels is None else labels),
        columns=tuple(column(name, values) for name, values in columns.items()),
    )
