"""From typed values, as they leave a sandbox, to the normal form in which they are compared."""

import base64
import binascii
import math
from collections.abc import Callable
from collections.abc import Sequence as Many
from typing import Any

import numpy as np
import numpy.typing as npt

from grading.comparison import columns, times
from grading.comparison.buffers import decode, nanoseconds
from grading.comparison.nodes import (
    Bag,
    Items,
    Leaf,
    Node,
    Pairs,
    Sort,
    Table,
    UnreadableError,
)
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

MAX_DEPTH = 60
"""Nesting beyond which a value is not read; a sandbox that is honest stops earlier."""


def normalise(value: Value) -> Node:
    """Return the normal form of a claimed value.

    Raises:
        UnreadableError: it is opaque, malformed or nested too deeply.
    """
    return _node(value, 0)


def _node(value: Value, depth: int) -> Node:  # noqa: C901, PLR0911 - one return per kind of value
    if depth > MAX_DEPTH:
        raise UnreadableError("nested too deeply", too_large=True)
    match value:
        case Opaque():
            raise UnreadableError(
                value.reason, value.type, too_large=value.reason != "no exact kind"
            )
        case Sequence(t="list" | "tuple"):
            return gather([_node(item, depth + 1) for item in value.v], value.t)
        case Sequence():
            return Bag(tuple(_node(item, depth + 1) for item in value.v))
        case Dict():
            return Pairs(tuple((_node(k, depth + 1), _node(v, depth + 1)) for k, v in value.v))
        case Array():
            return _array(value, depth)
        case Column():
            return _column(value, depth)
        case Index():
            return _levels(tuple(_column(level, depth) for level in value.levels))
        case Series():
            column = (_node(value.column.name, depth + 1), _column(value.column, depth))
            return _table((column,), value.index, depth, is_series=True)
        case DataFrame():
            named = tuple(
                (_node(column.name, depth + 1), _column(column, depth)) for column in value.columns
            )
            return _table(named, value.index, depth)
    return leaf(value)


def leaf(  # noqa: PLR0911 - one return per kind of value
    value: NoneValue | Bool | Int | Float | Complex | Str | Bytes | Scalar | Moment,
) -> Leaf:
    """Return the normal form of a value that contains no other.

    Raises:
        UnreadableError: its text or bytes are not what its kind writes.
    """
    match value:
        case NoneValue():
            return Leaf(Sort.NONE)
        case Bool():
            return Leaf(Sort.BOOL, value.v)
        case Int():
            return Leaf(Sort.INT, int(value.v))
        case Float():
            return Leaf(Sort.FLOAT, _number(value.v))
        case Complex():
            return Leaf(Sort.COMPLEX, complex(_number(value.re), _number(value.im)))
        case Str():
            return Leaf(Sort.TEXT, value.v)
        case Bytes():
            return Leaf(Sort.BYTES, _bytes(value.v))
        case Scalar():
            return first(plain(decode(value.dtype, (1,), value.data)))
        case Moment():
            return times.moment(value)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UnreadableError("not a number") from error


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise UnreadableError("not base64") from error


def plain(array: npt.NDArray[Any], word: str = "array") -> Items:
    """Return the items of a decoded array of a plain dtype."""
    converters: dict[str, tuple[Sort, Callable[[npt.NDArray[Any]], npt.NDArray[Any]]]] = {
        "b": (Sort.BOOL, lambda a: a),
        "i": (Sort.INT, lambda a: a.astype(np.int64)),
        "f": (Sort.FLOAT, lambda a: a.astype(np.float64)),
        "c": (Sort.COMPLEX, lambda a: a.astype(np.complex128)),
        "U": (Sort.TEXT, _objects),
        "S": (Sort.BYTES, _objects),
        "M": (Sort.MOMENT, nanoseconds),
        "m": (Sort.DURATION, nanoseconds),
    }
    if array.dtype.kind == "u":
        if array.size and int(array.max()) > np.iinfo(np.int64).max:
            exact = np.empty(array.size, dtype=object)
            exact[:] = [Leaf(Sort.INT, int(number)) for number in array.ravel().tolist()]
            return Items(Sort.MIXED, exact.reshape(array.shape), word)
        return Items(Sort.INT, array.astype(np.int64), word)
    sort, convert = converters[array.dtype.kind]
    try:
        with np.errstate(all="ignore"):
            return Items(sort, convert(array), word)
    except (ValueError, UnicodeError, OverflowError) as error:
        raise UnreadableError("not the dtype's values") from error


def _objects(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    out = np.empty(array.size, dtype=object)
    out[:] = array.ravel().tolist()
    return out.reshape(array.shape)


def first(items: Items) -> Leaf:
    """Return the first item of an array as a single value."""
    node: Leaf = at(items, (0,) * items.array.ndim)
    return node


def at(items: Items, position: tuple[int, ...]) -> Any:  # noqa: ANN401 - a node; a leaf unless MIXED
    """Return one item as a node of its own."""
    raw = items.array[position]
    if items.sort is Sort.MIXED:
        return raw
    if raw is None:
        return Leaf(Sort.MISSING)
    native = raw.item() if isinstance(raw, np.generic) else raw
    if items.sort in times.SORTS and native == times.NAT:
        return Leaf(Sort.MISSING)
    return Leaf(items.sort, native)


def _array(value: Array, depth: int) -> Node:
    items = _array_items(value, depth)
    return first(items) if items.array.ndim == 0 else items


def _array_items(value: Array, depth: int) -> Items:
    if value.items is not None:
        if any(n < 0 for n in value.shape) or math.prod(value.shape) != len(value.items):
            raise UnreadableError("shape and length disagree")
        flat = gather([_node(item, depth + 1) for item in value.items], "array")
        if flat.array.ndim > 1:  # an object array of equally long lists stays one of lists
            flat = mixed([_node(item, depth + 1) for item in value.items], "array")
        try:
            return Items(flat.sort, flat.array.reshape(value.shape), "array")
        except ValueError as error:
            raise UnreadableError("not a shape") from error
    return plain(decode(value.dtype, value.shape, value.data or ""))


def _column(value: Column, depth: int) -> Items:
    values = _array_items(value.values, depth + 1)
    if values.array.ndim != 1:
        raise UnreadableError("a column of more than one dimension")
    if value.categories is not None:
        values = columns.categories(values, _array_items(value.categories, depth + 1))
    return columns.of_pandas(values, value.dtype)


def _levels(levels: tuple[Items, ...]) -> Items:
    if len(levels) == 1:
        return Items(levels[0].sort, levels[0].array, "index")
    lengths = {len(level.array) for level in levels}
    if len(lengths) != 1:
        raise UnreadableError("index levels of several lengths")
    rows: list[Node] = [
        mixed([at(level, (row,)) for level in levels], "tuple") for row in range(lengths.pop())
    ]
    return mixed(rows, "index")


def _table(
    named: tuple[tuple[Node, Items], ...], index: Index, depth: int, *, is_series: bool = False
) -> Table:
    levels = tuple(_column(level, depth) for level in index.levels)
    lengths = {len(items.array) for items in (*levels, *(items for _, items in named))}
    if len(lengths) != 1 or not levels:
        raise UnreadableError("columns of several lengths")
    return Table(named, levels, lengths.pop(), is_series=is_series)


def mixed(nodes: Many[Node], word: str) -> Items:
    """Return items of any sorts as one object array."""
    array = np.empty(len(nodes), dtype=object)
    for position, node in enumerate(nodes):
        array[position] = node
    return Items(Sort.MIXED, array, word)


def gather(nodes: Many[Node], word: str) -> Items:
    """Return a list's items, as one homogeneous array where they are of one sort and shape."""
    if not nodes:
        return Items(Sort.MIXED, np.empty(0, dtype=object), word)
    if all(isinstance(node, Leaf) for node in nodes):
        return columns.leaves([node for node in nodes if isinstance(node, Leaf)], word)
    rows = [node for node in nodes if isinstance(node, Items)]
    alike = len(rows) == len(nodes) and len({row.array.shape for row in rows}) == 1
    sorts = {row.sort for row in rows}
    if alike and Sort.MIXED not in sorts and (len(sorts) == 1 or sorts <= {Sort.INT, Sort.FLOAT}):
        sort = Sort.FLOAT if len(sorts) > 1 else rows[0].sort
        return Items(sort, np.stack([row.array for row in rows]), word)
    return mixed(nodes, word)
