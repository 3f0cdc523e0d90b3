"""Rows and items in one order, for tasks in which their order is no part of the answer."""

from collections.abc import Sequence

import numpy as np

from grading.comparison.nodes import NUMBERS, Items, Node, Sort, Table


def in_one_order(node: Node) -> Node:
    """Return a table with its rows, or a list with its items, in an order that hangs on them alone.

    Numbers are sorted by six digits, so that noise rarely moves a row; whole rows move, their
    labels with them. Values of other kinds stay as they are.
    """
    match node:
        case Items() if node.array.ndim:
            return _taken(node, _order([node]))
        case Table() if node.rows:
            # By the columns' names first: their own order means nothing.
            columns = [items for _, items in sorted(node.columns, key=lambda one: repr(one[0]))]
            order = _order([*columns, *node.index])
            return Table(
                tuple((name, _taken(items, order)) for name, items in node.columns),
                tuple(_taken(items, order) for items in node.index),
                node.rows,
                node.is_series,
            )
        case _:
            return node


def _order(keys: Sequence[Items]) -> list[int]:
    columns = [_texts(items) for items in keys]
    rows = list(zip(*columns, strict=True))
    return sorted(range(len(rows)), key=rows.__getitem__)


def _texts(items: Items) -> list[str]:
    """Return one text for each outermost item, equal for items that count as equal."""
    if items.array.ndim > 1:
        flat = items.array.reshape(len(items.array), -1)
        return [" ".join(_text(items.sort, one) for one in row) for row in flat]
    return [_text(items.sort, one) for one in items.array]


def _text(sort: Sort, value: object) -> str:
    if sort in NUMBERS and sort is not Sort.COMPLEX:
        return f"{float(value):.6g}"  # type: ignore[arg-type] # the array's sort says so
    return repr(value)


def _taken(items: Items, order: Sequence[int]) -> Items:
    return Items(items.sort, items.array[np.asarray(order, dtype=np.intp)], items.word)
