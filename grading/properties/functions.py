"""The functions that a property may call, on `things`; each bounded in what it takes and makes."""

import cmath
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grading.properties.things import Frame, Thing, items_of, row
from notebooks.cases.probes import Tolerance

_MAX_RANGE = 100_000
_MAX_DIGITS = 20
_Number = int | float | complex
_ROWS = (np.ndarray, list)
_NAMED = (Frame, dict)
_CONTAINERS = (*_ROWS, *_NAMED)


def equal(ours: Thing, theirs: Thing) -> bool:
    """Tell whether two things are the same as a whole, rows of other lengths being different."""
    return _alike(ours, theirs, _Same())


def close(ours: Thing, theirs: Thing, tolerance: Tolerance) -> bool:
    """Tell whether two things are the same, their numbers within a tolerance; NaN is NaN."""
    return _alike(ours, theirs, _Near(tolerance))


class _Same:
    """Compares numbers exactly."""

    def arrays(self, ours: Any, theirs: Any) -> bool:  # noqa: ANN401 - arrays of any numbers
        return bool(np.array_equal(ours, theirs))

    def numbers(self, ours: Any, theirs: Any) -> bool:  # noqa: ANN401 - any numbers
        return bool(ours == theirs)


class _Near(_Same):
    """Compares numbers within a tolerance."""

    def __init__(self, tolerance: Tolerance) -> None:
        self._relative, self._absolute = tolerance.relative, tolerance.absolute

    def arrays(self, ours: Any, theirs: Any) -> bool:  # noqa: ANN401 - as above
        if ours.shape != theirs.shape:
            return False
        near = (self._relative, self._absolute)
        return bool(np.allclose(ours, theirs, *near, equal_nan=True))

    def numbers(self, ours: Any, theirs: Any) -> bool:  # noqa: ANN401 - as above
        if ours == theirs or (cmath.isnan(ours) and cmath.isnan(theirs)):
            return True
        near = max(self._absolute, self._relative * max(abs(ours), abs(theirs)))
        return bool(abs(ours - theirs) <= near < math.inf)


def _alike(ours: Thing, theirs: Thing, by: _Same) -> bool:
    if isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray):
        return by.arrays(ours, theirs)
    if isinstance(ours, _ROWS) and isinstance(theirs, _ROWS):
        pairs = zip(items_of(ours), items_of(theirs), strict=False)
        return len(ours) == len(theirs) and all(_alike(a, b, by) for a, b in pairs)
    if isinstance(ours, _NAMED) and isinstance(theirs, _NAMED):
        a, b = (one.columns if isinstance(one, Frame) else one for one in (ours, theirs))
        return a.keys() == b.keys() and all(_alike(a[key], b[key], by) for key in a)
    if isinstance(ours, _CONTAINERS) or isinstance(theirs, _CONTAINERS):
        return False
    if isinstance(ours, _Number) and isinstance(theirs, _Number):
        return by.numbers(ours, theirs)
    return bool(ours == theirs)


def truth(made: Thing) -> bool:
    """Return whether something is true; a row of truth values is if all of them are."""
    if isinstance(made, np.ndarray):
        return bool(made.all()) if made.dtype.kind == "b" else len(made) > 0
    return bool(made)


def _numbers(made: Thing) -> Any:  # noqa: ANN401 - an array, or one of Python's numbers
    if isinstance(made, np.ndarray) and made.dtype.kind in "biufc":
        return made
    if isinstance(made, _Number):
        return made
    raise TypeError("numbers are needed")


def _one(made: Thing) -> Any:  # noqa: ANN401 - a number, or a text that stands for one
    if isinstance(made, int | float | str):
        return made
    raise TypeError("a single number is needed")


def _filled(made: Thing) -> Any:  # noqa: ANN401 - an array of floats
    array = _numbers(made)
    if not isinstance(array, np.ndarray) or not array.size:
        raise TypeError("a row of numbers is needed, and not an empty one")
    return array.astype(np.float64)


def _sum(made: Thing) -> Thing:
    array = _numbers(made)
    if not isinstance(array, np.ndarray):
        raise TypeError("a row is needed")
    if array.dtype.kind in "bi":
        return sum(array.ravel().tolist())  # of Python's numbers, which do not overflow
    return math.fsum(array.ravel()) if array.dtype.kind == "f" else complex(array.sum())


def _round(number: Thing, digits: int = 0) -> Thing:
    if type(digits) is not int or abs(digits) > _MAX_DIGITS:
        raise TypeError("so many digits cannot be kept")
    if isinstance(number, np.ndarray):
        return np.round(_numbers(number), digits)
    return round(_numbers(number), digits) if digits else round(_numbers(number))


def _range(*ends: int) -> Thing:
    if any(type(end) is not int for end in ends) or len(made := range(*ends)) > _MAX_RANGE:
        raise TypeError("such a range cannot be made")
    return row(list(made))


def _extreme(choose: Callable[..., Any]) -> Callable[..., Thing]:
    def found(*given: Thing) -> Thing:
        return choose(items_of(given[0]) if len(given) == 1 else given)

    return found


def _missing(made: Thing) -> Thing:
    if isinstance(made, np.ndarray):
        return np.isnan(made) if made.dtype.kind in "fc" else np.zeros(made.shape, dtype=np.bool_)
    if isinstance(made, list):
        return np.array([_missing(one) for one in made], dtype=np.bool_)
    return made is None or (isinstance(made, float) and math.isnan(made))


def _text(change: Callable[[str], str]) -> Callable[[Thing], Thing]:
    def changed(made: Thing) -> Thing:
        if isinstance(made, list):
            return [changed(one) for one in made]
        if not isinstance(made, str):
            raise TypeError("a text is needed")
        return change(made)

    return changed


def _count(made: Thing, item: Thing) -> int:
    if isinstance(made, str) and isinstance(item, str):
        return made.count(item)
    return sum(equal(one, item) for one in items_of(made))


def _named(made: Thing) -> Mapping[Thing, Thing]:
    if isinstance(made, Frame):
        return made.columns
    if isinstance(made, dict):
        return made
    raise TypeError("this has no keys")


def _length(made: Thing) -> int:
    if isinstance(made, np.ndarray) and not made.ndim:
        raise TypeError("this has no length")
    return len(made)


def functions(tolerance: Tolerance) -> Mapping[str, Callable[..., Thing]]:
    """Return what may be called, by name; `close` has the tolerance."""
    return {
        "abs": lambda one: abs(_numbers(one)),
        "all": lambda one: all(map(truth, items_of(one))),
        "any": lambda one: any(map(truth, items_of(one))),
        "close": lambda ours, theirs: close(ours, theirs, tolerance),
        "count": _count,
        "enumerate": lambda one: [[place, item] for place, item in enumerate(items_of(one))],
        "float": lambda one: float(_one(one)),
        "int": lambda one: int(_one(one)),
        "is_finite": lambda one: np.isfinite(_numbers(one)),
        "is_missing": _missing,
        "keys": lambda one: row(list(_named(one))),
        "len": _length,
        "lower": _text(str.lower),
        "max": _extreme(max),
        "mean": lambda one: float(_filled(one).mean()),
        "median": lambda one: float(np.median(_filled(one))),
        "min": _extreme(min),
        "range": _range,
        "round": _round,
        "set": lambda one: frozenset(items_of(one)),
        "sorted": lambda one: row(sorted(items_of(one))),
        "std": lambda one: float(_filled(one).std()),
        "strip": _text(str.strip),
        "sum": _sum,
        "upper": _text(str.upper),
        "values": lambda one: row(list(_named(one).values())),
        "zip": lambda *rows: [list(one) for one in zip(*map(items_of, rows), strict=False)],
    }
