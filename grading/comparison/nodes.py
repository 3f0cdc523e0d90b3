"""The normal form in which values are compared: types that mean the same have become one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt


class Sort(StrEnum):
    """What a leaf, or every item of a homogeneous array, is."""

    NONE = "none"
    MISSING = "missing"
    """`NaT`, `pandas.NA`, and any missing entry of a pandas column. A float NaN is a number."""
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    COMPLEX = "complex"
    TEXT = "text"
    BYTES = "bytes"
    DATE = "date"
    TIME = "time"
    MOMENT = "moment"
    """A point in time without a zone, in nanoseconds."""
    ZONED = "zoned"
    """A point in time with a zone, in nanoseconds UTC."""
    DURATION = "duration"
    PERIOD = "period"
    MIXED = "mixed"
    """Items only: an object array of nodes."""


NUMBERS = frozenset({Sort.INT, Sort.FLOAT, Sort.COMPLEX})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single value: a Python number, text, bytes, bool; nanoseconds; ISO text; or None."""

    sort: Sort
    value: Any = None


@dataclass(frozen=True, slots=True)
class Items:
    """A list, tuple, array, index or column of at least one dimension.

    TEXT holds an object array of `str` (None where a column's entry is missing); MOMENT, ZONED and
    DURATION hold int64 nanoseconds with `NAT` for missing; MIXED a 1-d object array of nodes.
    """

    sort: Sort
    array: npt.NDArray[Any]
    word: str = "list"
    """What the student would call it."""


@dataclass(frozen=True, slots=True)
class Bag:
    """A set."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """A dictionary."""

    pairs: tuple[tuple["Node", "Node"], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A DataFrame, or a Series, which is a table of one column."""

    columns: tuple[tuple["Node", Items], ...]
    index: tuple[Items, ...]
    rows: int
    is_series: bool = False


Node = Leaf | Items | Bag | Pairs | Table

NAT = np.iinfo(np.int64).min
"""How NumPy and pandas write a missing time in int64."""

NAN = float("nan")


class UnreadableError(ValueError):
    """A claimed value is malformed, or of no exact kind; `type_name` is what the child said."""

    def __init__(self, why: str, type_name: str = "", *, too_large: bool = False) -> None:
        super().__init__(why)
        self.type_name = type_name
        self.too_large = too_large
