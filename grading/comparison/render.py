"""Bounded text of a value: the observed one for its owner, the expected one for teachers only."""

from typing import Any

import numpy as np

from grading.comparison.nodes import Bag, Items, Leaf, Node, Pairs, Sort, Table, UnreadableError
from grading.comparison.times import NAT, SORTS
from notebooks.kernels.values import Opaque, Value

MAX_CHARACTERS = 200
_MAX_ITEMS = 8
_MAX_DEPTH = 3


def render(value: Value, *, limit: int = MAX_CHARACTERS) -> str:
    """Return a value in the words of Python, cut at `limit` characters; never raises."""
    from grading.comparison.normalise import normalise  # noqa: PLC0415 - it renders, too

    if isinstance(value, Opaque):
        return cut(value.repr or f"<{value.type}>", limit)
    try:
        return cut(_text(normalise(value), 0), limit)
    except UnreadableError as error:
        return cut(f"<{error}>", limit)


def text_of(leaf: Leaf, *, limit: int = 80) -> str:
    """Return a single value in the words of Python, cut at `limit` characters."""
    return cut(_leaf(leaf), limit)


def cut(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters, an ellipsis telling that it was longer."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _leaf(leaf: Leaf) -> str:  # noqa: PLR0911 - one return per sort
    match leaf.sort:
        case Sort.NONE:
            return "None"
        case Sort.MISSING:
            return "NaN"
        case Sort.TEXT | Sort.BYTES:
            return repr(leaf.value[:1000])
        case Sort.INT if abs(leaf.value) >= 10**300:
            return f"{'-' if leaf.value < 0 else ''}a number of {leaf.value.bit_length()} bits"
        case Sort.MOMENT | Sort.ZONED:
            return moment_text(leaf.value) + ("+00:00" if leaf.sort is Sort.ZONED else "")
        case Sort.DURATION:
            return f"{leaf.value / 10**9:g} s"
        case _:
            return str(leaf.value)


def moment_text(nanoseconds: int) -> str:
    """Return a moment as ISO text, without a zone."""
    try:
        text = str(np.datetime64(nanoseconds, "ns"))
    except (OverflowError, ValueError):
        return f"{nanoseconds} ns"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(node: Node, depth: int) -> str:  # noqa: PLR0911 - one return per kind
    if isinstance(node, Leaf):
        return _leaf(node)
    if depth > _MAX_DEPTH:
        return "…"
    match node:
        case Bag():
            return (
                "{"
                + _joined([_text(i, depth + 1) for i in node.items[:_MAX_ITEMS]], len(node.items))
                + "}"
            )
        case Pairs():
            shown = [
                f"{_text(key, depth + 1)}: {_text(value, depth + 1)}"
                for key, value in node.pairs[:_MAX_ITEMS]
            ]
            return "{" + _joined(shown, len(node.pairs)) + "}"
        case Table():
            names = [_text(name, depth + 1) for name, _ in node.columns[:_MAX_ITEMS]]
            if node.is_series:
                return f"Series of {node.rows}: {_text(node.columns[0][1], depth + 1)}"
            return f"DataFrame of {node.rows} rows, columns " + _joined(names, len(node.columns))
        case Items():
            return _items(node, depth)


def _items(items: Items, depth: int) -> str:
    total = len(items.array)
    shown = [_item(raw, items.sort, depth) for raw in items.array[:_MAX_ITEMS]]
    body = _joined(shown, total)
    return f"({body})" if items.word == "tuple" else f"[{body}]"


def _item(raw: Any, sort: Sort, depth: int) -> str:  # noqa: ANN401 - an array's item
    if isinstance(raw, np.ndarray):
        return _items(Items(sort, raw), depth + 1) if depth < _MAX_DEPTH else "…"
    if sort is Sort.MIXED:
        return _text(raw, depth + 1)
    if raw is None or (sort in SORTS and raw == NAT):
        return "NaN"
    return _leaf(Leaf(sort, raw.item() if isinstance(raw, np.generic) else raw))


def _joined(shown: list[str], total: int) -> str:
    return ", ".join(shown) + (f", … ({total} in all)" if total > len(shown) else "")
