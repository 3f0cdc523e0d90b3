"""Equality of single values and of homogeneous arrays, within a tolerance."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from grading.comparison.difference import Difference, DifferenceKind
from grading.comparison.nodes import NUMBERS, Leaf, Sort
from grading.comparison.render import text_of
from notebooks.cases.probes import Tolerance

DEFAULT = Tolerance()

_WORDS = {
    Sort.NONE: "none",
    Sort.MISSING: "missing",
    Sort.BOOL: "bool",
    Sort.INT: "number",
    Sort.FLOAT: "number",
    Sort.COMPLEX: "number",
    Sort.TEXT: "text",
    Sort.BYTES: "bytes",
    Sort.DATE: "date",
    Sort.TIME: "time",
    Sort.MOMENT: "moment",
    Sort.ZONED: "moment",
    Sort.DURATION: "duration",
    Sort.PERIOD: "period",
}


def word(sort: Sort) -> str:
    """Return the catalogues' key for what a single value is."""
    return _WORDS.get(sort, "value")


def is_nan(leaf: Leaf) -> bool:
    """Tell whether a single value is a missing one: NaN, NaT or NA, but not None."""
    if leaf.sort is Sort.MISSING:
        return True
    return leaf.sort in {Sort.FLOAT, Sort.COMPLEX} and bool(np.isnan(leaf.value))


def _close(a: complex, b: complex, tolerance: Tolerance, *, both_int: bool) -> bool:
    if a == b:
        return True
    if both_int and tolerance == DEFAULT:
        return False
    try:
        gap, scale = abs(a - b), max(abs(a), abs(b))
        if math.isinf(scale) or math.isnan(scale):
            return False
        return bool(gap <= max(tolerance.absolute, tolerance.relative * scale))
    except OverflowError:  # integers beyond what a float can hold
        return False


def same(expected: Leaf, observed: Leaf, tolerance: Tolerance) -> bool:
    """Tell whether two single values count as equal; symmetric."""
    if is_nan(expected) or is_nan(observed):
        return is_nan(expected) and is_nan(observed)
    if expected.sort in NUMBERS and observed.sort in NUMBERS:
        both_int = expected.sort is Sort.INT and observed.sort is Sort.INT
        return _close(expected.value, observed.value, tolerance, both_int=both_int)
    return expected.sort is observed.sort and bool(expected.value == observed.value)


def difference(
    expected: Leaf, observed: Leaf, tolerance: Tolerance, where: str
) -> Difference | None:
    """Compare two single values."""
    if same(expected, observed, tolerance):
        return None
    facts = {"observed": text_of(observed)}
    if is_nan(observed):
        return Difference(DifferenceKind.NOT_A_NUMBER, where, facts)
    if expected.sort is Sort.TEXT and observed.sort is Sort.TEXT:
        mine, theirs = str(expected.value), str(observed.value)
        if mine.split() == theirs.split():
            return Difference(DifferenceKind.TEXT_SPACE, where, facts)
        if mine.casefold() == theirs.casefold():
            return Difference(DifferenceKind.TEXT_CASE, where, facts)
    alike = word(expected.sort) == word(observed.sort)
    if alike or expected.sort in {Sort.NONE, Sort.MISSING}:
        return Difference(DifferenceKind.VALUE, where, facts)
    if observed.sort is Sort.NONE:
        facts = {}
    facts |= {"observed_type": word(observed.sort), "expected_type": word(expected.sort)}
    return Difference(DifferenceKind.TYPE, where, facts)


def equal_mask(
    expected: npt.NDArray[Any], observed: npt.NDArray[Any], tolerance: Tolerance, *, exact: bool
) -> npt.NDArray[np.bool_]:
    """Return where two arrays of one shape agree; `exact` for everything but numbers."""
    with np.errstate(invalid="ignore"):  # a signalling NaN within a complex number
        equal = np.asarray(expected == observed, dtype=np.bool_).reshape(expected.shape)
    if exact or expected.size == 0:
        return equal
    with np.errstate(all="ignore"):
        a, b = np.asarray(expected), np.asarray(observed)
        if a.dtype.kind != "c" and b.dtype.kind != "c":
            a, b = a.astype(np.float64), b.astype(np.float64)
        scale = np.maximum(np.abs(a), np.abs(b))
        near = np.abs(a - b) <= np.maximum(tolerance.absolute, tolerance.relative * scale)
        both_nan = np.isnan(a) & np.isnan(b)
        return np.asarray(equal | (near & np.isfinite(scale)) | both_nan, dtype=np.bool_)
