"""Relations between typed values, as Python has them, computed where no student's code runs."""

import builtins
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from grading.author_tests.records import Compares
from grading.comparison import compare
from grading.comparison.buffers import decode
from notebooks.cases.probes import Tolerance
from notebooks.kernels import values
from notebooks.kernels.values import Value

_EXACT = Tolerance(relative=0, absolute=0)
_TABLES = (values.Array, values.Column, values.Index, values.Series, values.DataFrame)
_MAX_DEPTH = 50
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda item, many: item in many,
    "not in": lambda item, many: item not in many,
}
_SINGLETONS = (None, True, False)
_TYPES: Mapping[str, frozenset[str]] = {
    "none": frozenset({"NoneType", "object"}),
    "bool": frozenset({"bool", "int", "object"}),
    "int": frozenset({"int", "object"}),
    "float": frozenset({"float", "object"}),
    "complex": frozenset({"complex", "object"}),
    "str": frozenset({"str", "object"}),
    "bytes": frozenset({"bytes", "object"}),
    "list": frozenset({"list", "object"}),
    "tuple": frozenset({"tuple", "object"}),
    "set": frozenset({"set", "object"}),
    "frozenset": frozenset({"frozenset", "object"}),
    "dict": frozenset({"dict", "object"}),
    "array": frozenset({"ndarray", "object"}),
    "series": frozenset({"Series", "object"}),
    "dataframe": frozenset({"DataFrame", "object"}),
}
KNOWN_TYPES = frozenset(name for names in _TYPES.values() for name in names)
"""Types of which a value's kind tells whether it is one."""


class UnreadableError(ValueError):
    """A value is not one that can be had as plain Python."""


def holds(check: Compares, left: Value, right: Value) -> bool | None:
    """Return whether two values stand in the check's relation; None if that cannot be told.

    A relation that Python itself refuses, such as `1 < "a"`, does not hold.
    """
    try:
        found = _related(check, left, right)
    except UnreadableError:
        return None
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False
    return found != check.negated if found is not None else None


def truth(value: Value) -> bool | None:
    """Return a value's truth; None if that cannot be told."""
    try:
        return bool(plain(value))
    except UnreadableError:
        return None


def is_instance(value: Value, names: tuple[str, ...]) -> bool | None:
    """Return whether a value is of one of the types; None if that cannot be told."""
    if isinstance(value, values.Scalar):
        try:
            kind = decode(value.dtype, (1,), value.data)[0]
        except ValueError:  # a claim that no honest process makes
            return None
        types = {base.__name__ for base in type(kind).__mro__}
    elif value.t in _TYPES:
        types = set(_TYPES[value.t])
    else:
        return None
    return bool(types & set(names))


def is_exception(name: str, wanted: tuple[str, ...]) -> bool:
    """Return whether an exception of this name is one of the wanted, as far as names tell."""
    known = getattr(builtins, name, None)
    names = {name}
    if isinstance(known, type) and issubclass(known, BaseException):
        names |= {base.__name__ for base in known.__mro__}
    elif name not in dir(builtins):  # a class of its own: most likely an Exception
        names |= {"Exception", "BaseException"}
    return bool(names & set(wanted))


def _related(  # noqa: PLR0911 - one return per kind of relation
    check: Compares, left: Value, right: Value
) -> bool | None:
    relation = check.relation
    if relation == "allclose":
        return _allclose(left, right, check.relative, check.absolute)
    if relation == "isclose":
        a, b = plain(left), plain(right)
        gap = max(check.relative * max(abs(a), abs(b)), check.absolute)
        return bool(a == b or abs(a - b) <= gap)
    if relation in ("is", "is not"):
        a, b = plain(left), plain(right)
        if not any(b is one for one in _SINGLETONS):
            return None
        return (a is b) == (relation == "is")
    if isinstance(left, _TABLES) or isinstance(right, _TABLES):
        if relation not in ("==", "!="):
            return None
        tolerance = Tolerance(relative=check.relative, absolute=check.absolute)
        return (compare(right, left, tolerance) is None) == (relation == "==")
    try:
        a, b = plain(left), plain(right)
    except UnreadableError:
        if relation not in ("==", "!=") or "opaque" in (left.t, right.t):
            raise
        return (compare(right, left, _EXACT) is None) == (relation == "==")
    return bool(_OPERATORS[relation](a, b))


def _allclose(left: Value, right: Value, relative: float, absolute: float) -> bool:
    a, b = _numbers(left), _numbers(right)
    with np.errstate(all="ignore"):
        near = np.abs(a - b) <= absolute + relative * np.abs(b)
        return bool(np.all(near | (a == b) | (np.isnan(a) & np.isnan(b) if a.size == 1 else False)))


def _numbers(value: Value) -> npt.NDArray[Any]:
    match value:
        case values.Array() if value.data is not None:
            found = decode(value.dtype, value.shape, value.data)
        case values.Series():
            return _numbers(value.column.values)
        case values.DataFrame():
            columns = [_numbers(column.values) for column in value.columns]
            return np.stack(columns, axis=1) if columns else np.zeros((0, 0))
        case _:
            found = np.asarray(plain(value))
    if found.dtype.kind not in "biufc":
        raise UnreadableError("these are no numbers")
    return found.astype(complex if found.dtype.kind == "c" else float)


def plain(value: Value) -> Any:  # noqa: ANN401 - any value
    """Return a value as an object of Python's own types; a NumPy scalar as what it equals.

    Raises:
        UnreadableError: it is of no such kind, or a claim that no honest process makes.
    """
    try:
        return _plain(value, 0)
    except UnreadableError:
        raise
    except (TypeError, ValueError, OverflowError) as error:  # a set of lists, a number of words
        raise UnreadableError(str(error)) from error


def _plain(value: Value, depth: int) -> Any:  # noqa: ANN401, C901, PLR0911 - any value; one return per kind
    if depth > _MAX_DEPTH:
        raise UnreadableError("nested too deeply")
    match value:
        case values.NoneValue():
            return None
        case values.Bool() | values.Str():
            return value.v
        case values.Int():
            return int(value.v)
        case values.Float():
            return float(value.v)
        case values.Complex():
            return complex(float(value.re), float(value.im))
        case values.Scalar():
            found = decode(value.dtype, (1,), value.data)
            if found.dtype.kind not in "biufcSU":
                raise UnreadableError("no plain number")
            return found[0].item()
        case values.Sequence():
            items = [_plain(item, depth + 1) for item in value.v]
            return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[value.t](
                items
            )
        case values.Dict():
            return {_plain(key, depth + 1): _plain(item, depth + 1) for key, item in value.v}
        case _:
            raise UnreadableError(value.t)


def typed(thing: object, depth: int = 0) -> Value:  # noqa: C901, PLR0911 - one return per kind
    """Return an object of Python's own types as a value, its type exact.

    Raises:
        UnreadableError: it is of no such type.
    """
    if depth > _MAX_DEPTH:
        raise UnreadableError("nested too deeply")
    match thing:
        case None:
            return values.NoneValue()
        case bool():
            return values.Bool(v=thing)
        case int():
            return values.Int(v=str(thing))
        case float():
            return values.Float(v=repr(thing))
        case complex():
            return values.Complex(re=repr(thing.real), im=repr(thing.imag))
        case str():
            return values.Str(v=thing)
        case list():
            return values.Sequence(t="list", v=tuple(typed(item, depth + 1) for item in thing))
        case tuple():
            return values.Sequence(t="tuple", v=tuple(typed(item, depth + 1) for item in thing))
        case set():
            return values.Sequence(t="set", v=tuple(typed(item, depth + 1) for item in thing))
        case dict():
            return values.Dict(
                v=tuple((typed(k, depth + 1), typed(i, depth + 1)) for k, i in thing.items())
            )
        case _:
            raise UnreadableError(type(thing).__name__)
