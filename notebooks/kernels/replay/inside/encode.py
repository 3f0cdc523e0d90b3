"""From Python objects to the JSON of notebooks.kernels.values; runs inside the sandbox.

Only `type(x) is` decides, never `isinstance`: a subclass may lie in every method, so it is opaque.
Methods of exact built-in, NumPy and pandas types are called, hooks of others never, but for the
`repr` that describes an opaque value, which may raise or lie. What comes out is a claim.
"""

import base64
import datetime
import sys
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
_Maker = Callable[[Any], Json]

MAX_BYTES = 8 * 1024 * 1024
MAX_ITEMS = 200_000
MAX_DEPTH = 40
_MAX_DIGITS = 4000
_MAX_REPR = 500
_PLAIN_KINDS = frozenset("biufcmMSU")


class _TooLargeError(Exception):
    """The value does not fit the bound."""


class _TooDeepError(Exception):
    """The value is nested too deeply, or in itself."""


class _InexactError(Exception):
    """The value has no exact kind."""


def encode(value: object) -> Json:
    """Return the typed JSON of any object, within the bounds; never raises for a bad object."""
    try:
        return _Encoder().encode(value, 0)
    except _TooLargeError:
        return opaque(value, "too large")
    except _TooDeepError:
        return opaque(value, "too deep")
    except BaseException:  # noqa: BLE001 - a student's object may raise anything, SystemExit too
        return opaque(value, "no exact kind")


def opaque(value: object, reason: str = "no exact kind") -> Json:
    """Describe a value that has no exact kind."""
    kind = type(value)
    try:
        name = f"{kind.__module__}.{kind.__qualname__}"[:_MAX_REPR]
    except BaseException:  # noqa: BLE001 - as above
        name = "unknown"
    try:
        text = repr(value) if reason == "no exact kind" else ""
        shown = text[:_MAX_REPR] if type(text) is str else ""
    except BaseException:  # noqa: BLE001 - as above
        shown = ""
    return {"t": "opaque", "type": clean(name), "repr": clean(shown), "reason": reason}


def clean(text: str) -> str:
    """Return text that UTF-8 can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class _Encoder:
    """Counts what was written, so that a value that refers to itself often ends in time."""

    def __init__(self) -> None:
        self._left = MAX_BYTES
        self._items = MAX_ITEMS
        self._makers: dict[type, _Maker] = {
            bool: lambda value: {"t": "bool", "v": value},
            int: self._int,
            float: lambda value: {"t": "float", "v": repr(value)},
            complex: lambda value: {
                "t": "complex",
                "re": repr(value.real),
                "im": repr(value.imag),
            },
            str: self._str,
            bytes: lambda value: {"t": "bytes", "v": self._base64(value)},
        }
        numpy = sys.modules.get("numpy")
        self._scalar_kinds = frozenset(numpy.sctypeDict.values() if numpy is not None else ())

    def _spend(self, size: int) -> None:
        self._left -= size
        self._items -= 1
        if self._left < 0 or self._items < 0:
            raise _TooLargeError

    def encode(self, value: object, depth: int) -> Json:
        if depth > MAX_DEPTH:
            raise _TooDeepError
        self._spend(16)
        for encoder in (self._plain, self._collection, self._moment, self._numpy, self._pandas):
            found = encoder(value, depth)
            if found is not None:
                return found
        return opaque(value)

    def _plain(self, value: object, _depth: int) -> Json | None:
        kind = type(value)
        if value is None:
            return {"t": "none"}
        maker = self._makers.get(kind)
        return None if maker is None else maker(value)

    def _int(self, value: int) -> Json:
        if value.bit_length() > _MAX_DIGITS * 3:
            raise _TooLargeError
        return {"t": "int", "v": str(value)}

    def _str(self, value: str) -> Json:
        self._spend(len(value))
        return {"t": "str", "v": clean(value)}

    def _base64(self, value: bytes) -> str:
        self._spend(len(value) * 4 // 3)
        return base64.b64encode(value).decode("ascii")

    def _collection(self, value: Any, depth: int) -> Json | None:  # noqa: ANN401 - its type decides
        kind = type(value)
        if kind in {list, tuple, set, frozenset}:
            items = [self.encode(item, depth + 1) for item in tuple(value)]
            return {"t": kind.__name__, "v": items}
        if kind is dict:
            pairs = tuple(value.items())
            encoded = [
                [self.encode(key, depth + 1), self.encode(item, depth + 1)] for key, item in pairs
            ]
            return {"t": "dict", "v": encoded}
        return None

    def _moment(self, value: Any, _depth: int) -> Json | None:  # noqa: ANN401 - its type decides
        kind = type(value)
        if kind is datetime.datetime:
            return {"t": "datetime", "v": value.isoformat(), "tz": _zone(value.tzinfo)}
        if kind is datetime.date or kind is datetime.time:
            return {"t": kind.__name__, "v": value.isoformat()}
        if kind is datetime.timedelta:
            microseconds = value // datetime.timedelta(microseconds=1)
            return {"t": "timedelta", "v": _duration(microseconds * 1000)}
        return None

    def _numpy(self, value: object, depth: int) -> Json | None:
        numpy = sys.modules.get("numpy")
        if numpy is None:
            return None
        kind = type(value)
        if kind is numpy.ndarray:
            return self.array(value, depth)
        if kind in self._scalar_kinds:
            scalar: Any = value
            if scalar.dtype.kind not in _PLAIN_KINDS:
                raise _InexactError
            little = numpy.asarray(scalar).astype(scalar.dtype.newbyteorder("<"))
            data = self._base64(little.tobytes())
            return {"t": "scalar", "dtype": little.dtype.str, "data": data}
        return None

    def array(self, array: Any, depth: int) -> Json:  # noqa: ANN401 - numpy may be absent here
        shape = [int(size) for size in array.shape]
        if array.dtype.kind in _PLAIN_KINDS and array.dtype.names is None:
            if array.nbytes > self._left:
                raise _TooLargeError
            little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
            data = self._base64(little.tobytes("C"))
            return {"t": "array", "dtype": little.dtype.str, "shape": shape, "data": data}
        if array.dtype.kind != "O":
            raise _InexactError
        if array.size > self._items:
            raise _TooLargeError
        items = [self.encode(item, depth + 1) for item in array.ravel("C").tolist()]
        return {"t": "array", "dtype": "object", "shape": shape, "items": items}

    def _pandas(self, value: object, depth: int) -> Json | None:
        pandas = sys.modules.get("pandas")
        if pandas is None:
            return None
        # Imported late, since an environment may have no pandas.
        from notebooks.kernels.replay.inside.encode_pandas import encode_pandas  # noqa: PLC0415

        return encode_pandas(self, pandas, value, depth)


def _zone(tzinfo: object) -> str | None:
    return None if tzinfo is None else clean(str(tzinfo))


def _duration(nanoseconds: int) -> str:
    """Return an ISO 8601 duration in seconds: exact, whatever its size."""
    sign = "-" if nanoseconds < 0 else ""
    seconds, rest = divmod(abs(nanoseconds), 1_000_000_000)
    return f"{sign}PT{seconds}.{rest:09d}S"
