"""Bounded decoding of claimed buffers into NumPy arrays: no object dtypes, no pickles."""

import base64
import binascii
import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from grading.comparison.nodes import UnreadableError

_PLAIN_DTYPE = re.compile(
    r"^[<>|=]?(?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16|32)|[SU][0-9]{1,9}"
    r"|[mM]8(?:\[(?:[0-9]{1,6})?(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?)$"
)
_MAX_DIMENSIONS = 32
_MAX_YEARS = 290
"""Years from 1970 that nanoseconds can hold."""
_NANOSECONDS = {
    "W": 7 * 86_400 * 10**9,
    "D": 86_400 * 10**9,
    "h": 3_600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}


def decode(dtype_name: str, shape: tuple[int, ...], data: str) -> npt.NDArray[Any]:
    """Return the array that a buffer claims to be.

    Raises:
        UnreadableError: the dtype is not a plain one, or shape and length do not agree.
    """
    if not _PLAIN_DTYPE.match(dtype_name):
        raise UnreadableError("not a plain dtype")
    if len(shape) > _MAX_DIMENSIONS or any(length < 0 for length in shape):
        raise UnreadableError("not a shape")
    try:
        dtype = np.dtype(dtype_name)
        raw = base64.b64decode(data, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise UnreadableError("not a buffer") from error
    count = math.prod(shape)
    if count * dtype.itemsize != len(raw):
        raise UnreadableError("shape and length disagree")
    if count == 0 or dtype.itemsize == 0:
        return np.zeros(_bounded(shape, count), dtype=dtype)
    return np.frombuffer(raw, dtype=dtype).reshape(shape)


def _bounded(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    # An empty buffer may claim any shape, `(0, 10**30)` included, and NumPy multiplies before it
    # sees the zero; a zero-width text may claim any count.
    largest = 10**6
    if count > largest or any(length > largest for length in shape):
        raise UnreadableError("not a shape")
    return shape


def nanoseconds(array: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return a datetime64 or timedelta64 array as int64 nanoseconds; NaT stays the minimum.

    Raises:
        UnreadableError: the unit is finer than a nanosecond, or the times do not fit.
    """
    unit, step = np.datetime_data(array.dtype)
    if unit in {"Y", "M"}:
        if array.dtype.kind == "m":
            raise UnreadableError("a duration in years or months")
        if array.size and np.abs(array.astype("M8[Y]").astype(np.int64)).max() > _MAX_YEARS:
            raise UnreadableError("a time out of range")
        return nanoseconds(array.astype("M8[D]"))
    factor = _NANOSECONDS.get(unit, 0) * step
    numbers = array.astype(array.dtype.newbyteorder("="), copy=False).view(np.int64)
    missing = np.isnat(array)
    known = numbers[~missing]
    if factor == 0 and known.size:
        raise UnreadableError("a time unit without nanoseconds")
    limit = (2**63 - 1) // max(factor, 1)
    if known.size and (int(known.max()) > limit or int(known.min()) < -limit):
        raise UnreadableError("a time out of range")
    return np.where(missing, numbers, np.where(missing, 0, numbers) * factor)
