"""Typed values as plain Python, for the kinds that arguments can be varied in, and back again."""

from collections.abc import Callable, Mapping
from typing import Any

from notebooks.kernels.values import (
    Bool,
    Dict,
    Float,
    Int,
    NoneValue,
    Sequence,
    Str,
    Value,
)

Plain = Any
"""None, bool, int, float, str, or a list, tuple, set, frozenset or dict of such; exactly these."""

_CONTAINERS: Mapping[str, Callable[[list[Plain]], Plain]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}


def plain_of(value: Value) -> Plain:
    """Return the Python object that a typed value stands for.

    Raises:
        TypeError: It is of another kind than `Plain`, or not hashable where it must be.
    """
    match value:
        case NoneValue():
            return None
        case Bool() | Str():
            return value.v
        case Int():
            return int(value.v)
        case Float():
            return float(value.v)
        case Sequence():
            return _CONTAINERS[value.t]([plain_of(item) for item in value.v])
        case Dict():
            return {plain_of(key): plain_of(item) for key, item in value.v}
        case _:
            raise TypeError(f"a value of kind {value.t} is not plain")


def value_of(thing: Plain) -> Value:  # noqa: PLR0911 - one return per kind
    """Return a plain object as a typed value.

    Raises:
        TypeError: It is none of the plain kinds.
    """
    kind = type(thing)
    if thing is None:
        return NoneValue()
    if kind is bool:
        return Bool(v=thing)
    if kind is int:
        return Int(v=str(thing))
    if kind is float:
        return Float(v=repr(thing))
    if kind is str:
        return Str(v=thing)
    if kind is dict:
        return Dict(v=tuple((value_of(key), value_of(item)) for key, item in thing.items()))
    if kind.__name__ in _CONTAINERS and kind in {list, tuple, set, frozenset}:
        items = sorted(thing, key=repr) if kind in {set, frozenset} else thing
        return Sequence.model_validate({"t": kind.__name__, "v": [value_of(one) for one in items]})
    raise TypeError(f"a {kind.__name__} is not plain")
