"""From claimed values to the plain objects that an expression speaks of.

What stands in a row is the same whether it is a list, a tuple, an array, an index or a Series: an
array if it holds numbers or truth values, else a list. So a property means the same for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grading.comparison.nodes import Bag, Items, Leaf, Node, Pairs, Sort, Table, UnreadableError
from grading.comparison.normalise import normalise
from notebooks.kernels.values import Value

Thing = Any
"""None, a bool, number, text, bytes, array, list, frozenset, dict or `Frame`; exactly these."""

MAX_ITEMS = 1_000_000
"""Items of all rows together."""
_INT64 = np.iinfo(np.int64)
_IN_ARRAYS = frozenset(
    {Sort.BOOL, Sort.INT, Sort.FLOAT, Sort.COMPLEX, Sort.MOMENT, Sort.ZONED, Sort.DURATION}
)
"""Times are nanoseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A table; its length is that of its rows."""

    columns: Mapping[Thing, Thing]
    rows: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.rows


def thing(value: Value) -> Thing:
    """Return what a claimed value stands for.

    Raises:
        UnreadableError: it is opaque, malformed or too large.
    """
    return _Maker().make(normalise(value))


class _Maker:
    """Counts items, so that a value that refers to itself often ends in time."""

    def __init__(self) -> None:
        self._left = MAX_ITEMS

    def make(self, node: Node) -> Thing:
        match node:
            case Leaf():
                return node.value
            case Items():
                return self._items(node)
            case Bag():
                return frozenset(self._key(one) for one in node.items)
            case Pairs():
                return {self._key(key): self.make(one) for key, one in node.pairs}
            case Table(is_series=True):
                return self._items(node.columns[0][1])
            case Table():
                made = {self._key(name): self._items(column) for name, column in node.columns}
                return Frame(made, node.rows)

    def _items(self, items: Items) -> Thing:
        self._left -= items.array.size
        if self._left < 0:
            raise UnreadableError("too large", too_large=True)
        if items.sort in _IN_ARRAYS:
            return items.array
        if items.sort is Sort.MIXED:
            return row([self.make(one) for one in items.array.ravel().tolist()])
        return items.array.tolist()

    def _key(self, node: Node) -> Thing:
        made = self.make(node)
        made = tuple(made.tolist()) if isinstance(made, np.ndarray) else made
        made = tuple(made) if isinstance(made, list) else made
        try:
            hash(made)
        except TypeError as error:
            raise UnreadableError("a key or member that is none") from error
        return made


def row(items: list[Thing]) -> Thing:
    """Return items as an array if they are all numbers, or all truth values; else as they are."""
    kinds = {type(one) for one in items}
    if kinds == {bool}:
        return np.array(items, dtype=np.bool_)
    if kinds == {int} and all(_INT64.min < one <= _INT64.max for one in items):
        return np.array(items, dtype=np.int64)
    if kinds <= {int, float} and all(abs(one) < 2**53 for one in items if type(one) is int):
        return np.array(items, dtype=np.float64)
    return items


def items_of(made: Thing) -> list[Thing]:
    """Return the items of a row, a set, or the keys of a dictionary.

    Raises:
        TypeError: it holds none.
    """
    if isinstance(made, np.ndarray) and made.ndim:
        return rows_of(made)
    if isinstance(made, list | frozenset | dict | str | tuple | range):
        return list(made)
    raise TypeError(f"a {type(made).__name__} holds no items")


def rows_of(array: npt.NDArray[Any]) -> list[Thing]:
    """Return the items of an array: Python's own numbers, or the arrays within."""
    return list(array.tolist()) if array.ndim == 1 else list(array)
