"""Runs inside the sandbox: lists a namespace's variables without running a line of its code.

Stands alone, like `kernel_main.py` beside it. Only values whose type is exactly one of Python's,
NumPy's or pandas' own are looked into; of any other the name of the type is told, read past
whatever its class has put in the way. It works in the kernel's control thread, so a namespace may
change underneath it.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

MAX_VARIABLES = 200
MAX_SECONDS = 0.15

_TIMES = " \N{MULTIPLICATION SIGN} "
_PREVIEW_CHARACTERS = 80
_PREVIEW_ITEMS = 5
_NAME_CHARACTERS = 100
_LARGEST_INTEGER_BITS = 256
_PLAIN_KINDS = "biufcMmU"
"""NumPy's kinds of numbers, times and text: their items are no objects of anybody's."""

_type_name = type.__dict__["__name__"].__get__
_type_mro = type.__dict__["__mro__"].__get__

_SCALARS = (int, float, complex, bool, type(None), str, bytes)
_INDEXES = (
    "Index", "RangeIndex", "DatetimeIndex", "TimedeltaIndex", "PeriodIndex", "IntervalIndex",
    "CategoricalIndex", "MultiIndex",
)  # fmt: skip


def list_variables(
    namespace: dict[str, Any], hidden: Iterable[str], seconds: float = MAX_SECONDS
) -> dict[str, Any]:
    """Return the newest variables of a namespace, and how many more there are.

    Whatever does not fit into the time is among those that are only counted. Names that begin with
    an underscore, `hidden` ones and modules are no variables.
    """
    skipped = set(hidden)
    deadline = time.monotonic() + seconds
    found = [
        (name, value)
        for name, value in list(namespace.items())
        if type(name) is str
        and not name.startswith("_")
        and name not in skipped
        and type(value) is not ModuleType
    ]
    variables = []
    for name, value in reversed(found[-MAX_VARIABLES:]):
        if time.monotonic() > deadline:
            break
        variables.append({"name": name[:_NAME_CHARACTERS], **_describe(value)})
    return {"variables": variables, "omitted": len(found) - len(variables)}


def _describe(value: object) -> dict[str, Any]:
    kind = _type_name(type(value))[:_NAME_CHARACTERS]
    try:
        size, preview = _look(value)
    except Exception:  # noqa: BLE001 - whatever a changing value raises, its type is known
        size, preview = "", ""
    return {"type": kind, "size": size[:_NAME_CHARACTERS], "preview": _short(preview)}


def _look(value: Any) -> tuple[str, str]:  # noqa: ANN401 - a student's value
    """Return a value's size and its beginning, each "" where there is none to tell."""
    kind = type(value)
    if kind in _SCALARS:
        size = str(len(value)) if kind in (str, bytes) else ""
        return size, _scalar(value)
    if kind in (list, tuple, set, frozenset, dict, range):
        return str(len(value)), _collection(value)
    if kind in (FunctionType, BuiltinFunctionType, type):
        return "", ""
    return _look_at_tables(value, kind)


def _look_at_tables(value: Any, kind: type) -> tuple[str, str]:  # noqa: ANN401 - as above
    numpy, pandas = _classes("numpy"), _classes("pandas")
    if kind is numpy.get("ndarray"):
        return _shape(value.shape), f"{value.dtype}{_items(value.flat, value.dtype, numpy)}"
    if numpy and numpy.get("generic") in _type_mro(kind) and _is_own(kind, numpy):
        return "", _scalar(value.item())
    if kind is pandas.get("DataFrame") and _has_own_labels(value, pandas):
        names = _labels(value.columns)
        return _shape((len(value.index), len(value.columns))), names
    if kind is pandas.get("Series") and _has_own_labels(value, pandas):
        plain = _is_plain_dtype(value.dtype, numpy)
        items = _items(value.to_numpy(copy=False), value.dtype, numpy) if plain else ""
        return str(len(value.index)), f"{value.dtype if plain else ''}{items}"
    if any(kind is pandas.get(name) for name in _INDEXES):
        return str(len(value)), ""
    return "", ""


def _classes(module: str) -> Mapping[str, Any]:
    """Return a module's own names, if it was imported and is a module."""
    found = sys.modules.get(module)
    return found.__dict__ if type(found) is ModuleType else {}


def _is_own(kind: type, classes: Mapping[str, Any]) -> bool:
    return classes.get(_type_name(kind)) is kind


def _has_own_labels(value: Any, pandas: Mapping[str, Any]) -> bool:  # noqa: ANN401 - as above
    own = [pandas.get(name) for name in _INDEXES]
    labels = [value.index, *([value.columns] if type(value) is pandas.get("DataFrame") else [])]
    return all(any(type(one) is kind for kind in own) for one in labels)


def _is_plain_dtype(dtype: object, numpy: Mapping[str, Any]) -> bool:
    base = numpy.get("dtype")
    return base is not None and base in _type_mro(type(dtype))


def _items(values: Any, dtype: Any, numpy: Mapping[str, Any]) -> str:  # noqa: ANN401 - as above
    """Return the first items of an array in brackets; nothing where they may be objects."""
    if not _is_plain_dtype(dtype, numpy) or dtype.kind not in _PLAIN_KINDS:
        return ""
    first = values[: _PREVIEW_ITEMS + 1].tolist()
    return f" [{_joined(map(str, first))}]"


def _labels(columns: Any) -> str:  # noqa: ANN401 - as above
    numpy, pandas = _classes("numpy"), _classes("pandas")
    text = type(columns.dtype) is pandas.get("StringDtype")
    if not text and not _is_plain_dtype(columns.dtype, numpy):
        return ""
    first = columns[: _PREVIEW_ITEMS + 1].tolist()
    return _joined(_scalar(one) if type(one) is not str else one[:20] for one in first)


def _shape(shape: tuple[int, ...]) -> str:
    return _TIMES.join(map(str, shape)) or "()"


def _collection(value: Any) -> str:  # noqa: ANN401 - as above
    kind = type(value)
    if kind is range:
        return str(value)
    if kind is dict:
        pairs = islice(value.items(), _PREVIEW_ITEMS + 1)
        return f"{{{_joined(f'{_scalar(key)}: {_scalar(item)}' for key, item in pairs)}}}"
    begin, end = "[]" if kind is list else "()" if kind is tuple else "{}"
    return f"{begin}{_joined(map(_scalar, islice(value, _PREVIEW_ITEMS + 1)))}{end}"


def _joined(texts: Iterator[str] | Iterable[str]) -> str:
    shown = list(texts)
    if len(shown) > _PREVIEW_ITEMS:
        shown[_PREVIEW_ITEMS:] = ["…"]
    return ", ".join(shown)


_PARTS: Mapping[type, Callable[[Any], str]] = {
    str: lambda value: repr(value[: _PREVIEW_CHARACTERS + 1]),
    bytes: lambda value: repr(value[: _PREVIEW_CHARACTERS + 1]),
    float: repr,
    complex: repr,
    bool: repr,
    type(None): repr,
}


def _scalar(value: Any) -> str:  # noqa: ANN401 - as above
    """Return a plain value as Python writes it, of others their type."""
    kind = type(value)
    if kind is int:
        return str(value) if value.bit_length() <= _LARGEST_INTEGER_BITS else "a huge integer"
    write = _PARTS.get(kind)
    return write(value) if write is not None else f"<{_type_name(kind)[:_NAME_CHARACTERS]}>"


def _short(text: str) -> str:
    return text if len(text) <= _PREVIEW_CHARACTERS else f"{text[:_PREVIEW_CHARACTERS]}…"
