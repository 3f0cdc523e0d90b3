"""Homogeneous arrays from single values, and what pandas columns add: missing entries, zones."""

from collections.abc import Sequence as Many
from typing import Any

import numpy as np
import numpy.typing as npt

from grading.comparison.nodes import NAN, NAT, Items, Leaf, Node, Sort, UnreadableError

_EXACT_IN_FLOAT = 2**53
_INT64 = np.iinfo(np.int64)


def leaves(nodes: Many[Leaf], word: str) -> Items:
    """Return single values as one array: of their sort if they share one, of nodes if not."""
    sorts = {node.sort for node in nodes}
    values = [node.value for node in nodes]
    if sorts == {Sort.INT} and all(_INT64.min < number <= _INT64.max for number in values):
        return Items(Sort.INT, np.array(values, dtype=np.int64), word)
    if sorts == {Sort.BOOL}:
        return Items(Sort.BOOL, np.array(values, dtype=np.bool_), word)
    exact = (
        all(n.sort is Sort.FLOAT or abs(n.value) <= _EXACT_IN_FLOAT for n in nodes)
        if (sorts <= {Sort.INT, Sort.FLOAT})
        else False
    )
    if exact:
        return Items(Sort.FLOAT, np.array(values, dtype=np.float64), word)
    if sorts == {Sort.COMPLEX}:
        return Items(Sort.COMPLEX, np.array(values, dtype=np.complex128), word)
    array = np.empty(len(nodes), dtype=object)
    if sorts == {Sort.TEXT}:
        array[:] = values
        return Items(Sort.TEXT, array, word)
    for position, node in enumerate(nodes):
        array[position] = node
    return Items(Sort.MIXED, array, word)


def categories(codes: Items, kinds: Items) -> Items:
    """Return the values that a categorical column's codes stand for.

    Raises:
        UnreadableError: a code has no category.
    """
    if codes.sort is not Sort.INT or kinds.array.ndim != 1:
        raise UnreadableError("not category codes")
    numbers: npt.NDArray[np.int64] = codes.array
    if numbers.size and (numbers.max() >= len(kinds.array) or numbers.min() < -1):
        raise UnreadableError("a code without a category")
    missing = numbers == -1
    if not missing.any():
        return Items(kinds.sort, kinds.array[numbers], "column")
    if kinds.sort in {Sort.INT, Sort.FLOAT} and len(kinds.array):
        taken = kinds.array.astype(np.float64)[np.where(missing, 0, numbers)]
        return Items(Sort.FLOAT, np.where(missing, NAN, taken), "column")
    out = np.empty(len(numbers), dtype=object)
    for position, code in enumerate(numbers.tolist()):
        out[position] = Leaf(Sort.MISSING) if code < 0 else _leaf_at(kinds, code)
    return _with_missing(Items(Sort.MIXED, out, "column"))


def _leaf_at(items: Items, position: int) -> Node:
    raw: Any = items.array[position]
    if items.sort is Sort.MIXED:
        node: Node = raw
        return node
    return Leaf(items.sort, raw.item() if isinstance(raw, np.generic) else raw)


def of_pandas(values: Items, dtype: str) -> Items:
    """Return a column's items as pandas means them: times from integers, one kind of missing."""
    if values.sort is Sort.INT and dtype.startswith("datetime64"):
        sort = Sort.ZONED if "," in dtype else Sort.MOMENT
        return Items(sort, values.array, "column")
    if values.sort is Sort.INT and dtype.startswith("timedelta64"):
        return Items(Sort.DURATION, values.array, "column")
    if values.sort is Sort.MIXED:
        return _with_missing(values)
    return Items(values.sort, values.array, "column")


def is_missing(node: Node) -> bool:
    """Tell whether pandas would call this entry of a column missing."""
    if not isinstance(node, Leaf):
        return False
    if node.sort in {Sort.NONE, Sort.MISSING}:
        return True
    return node.sort is Sort.FLOAT and bool(node.value != node.value)


def _with_missing(values: Items) -> Items:
    nodes: list[Node] = values.array.tolist()
    present = [node for node in nodes if not is_missing(node)]
    absent = len(present) < len(nodes)
    sorts = {node.sort if isinstance(node, Leaf) else Sort.MIXED for node in present}
    if present and sorts <= {Sort.INT, Sort.FLOAT}:
        filled = [Leaf(Sort.FLOAT, NAN) if is_missing(node) else node for node in nodes]
        return leaves([node for node in filled if isinstance(node, Leaf)], "column")
    if not present:
        return Items(Sort.FLOAT, np.full(len(nodes), NAN), "column")
    if sorts == {Sort.TEXT}:
        texts = np.empty(len(nodes), dtype=object)
        texts[:] = [
            None if is_missing(node) or not isinstance(node, Leaf) else node.value for node in nodes
        ]
        return Items(Sort.TEXT, texts, "column")
    if sorts == {Sort.BOOL} and not absent:
        return leaves([node for node in nodes if isinstance(node, Leaf)], "column")
    for sort in (Sort.MOMENT, Sort.ZONED, Sort.DURATION):
        if sorts == {sort}:
            numbers = [
                NAT if is_missing(node) or not isinstance(node, Leaf) else node.value
                for node in nodes
            ]
            return Items(sort, np.array(numbers, dtype=np.int64), "column")
    out = np.empty(len(nodes), dtype=object)
    for position, node in enumerate(nodes):
        out[position] = Leaf(Sort.MISSING) if is_missing(node) else node
    return Items(Sort.MIXED, out, "column")


def missing_mask(items: Items) -> npt.NDArray[np.bool_]:
    """Return which entries are missing (NaN, None, NaT, NA)."""
    array = items.array
    match items.sort:
        case Sort.FLOAT | Sort.COMPLEX:
            return np.asarray(np.isnan(array), dtype=np.bool_)
        case Sort.MOMENT | Sort.ZONED | Sort.DURATION:
            return np.asarray(array == NAT)
        case Sort.TEXT:
            return np.array([text is None for text in array.ravel()], dtype=np.bool_).reshape(
                array.shape
            )
        case Sort.MIXED:
            flags = [is_missing(node) for node in array.ravel().tolist()]
            return np.array(flags, dtype=np.bool_).reshape(array.shape)
        case _:
            return np.zeros(array.shape, dtype=np.bool_)
