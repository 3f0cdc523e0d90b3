"""Typed values as bounded JSON: how answers leave a sandbox, and arguments enter it.

Never pickle. Every kind is exact about its type; whatever has no exact kind is `Opaque`.
Floats are strings (`repr`), so that NaN and infinities survive; integers are strings, so that
size survives; array bytes are little-endian, C order, base64. Reading ends at the first item that
is no value: to tell of a million such items would take gigabytes.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MAX_VALUE_BYTES = 8 * 1024 * 1024
"""The bound of one encoded value; beyond it a child sends `Opaque` with `reason="too large"`."""


class _Kind(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoneValue(_Kind):
    """`None`."""

    t: Literal["none"] = "none"


class Bool(_Kind):
    """A Python `bool`, exactly."""

    t: Literal["bool"] = "bool"
    v: bool


class Int(_Kind):
    """A Python `int`, as decimal digits."""

    t: Literal["int"] = "int"
    v: Annotated[str, Field(pattern=r"^-?[0-9]{1,4000}$")]


class Float(_Kind):
    """A Python `float`, as `repr` writes it (`nan`, `inf`, `-inf` included)."""

    t: Literal["float"] = "float"
    v: str


class Complex(_Kind):
    """A Python `complex`, as two reprs."""

    t: Literal["complex"] = "complex"
    re: str
    im: str


class Str(_Kind):
    """A Python `str`."""

    t: Literal["str"] = "str"
    v: str


class Bytes(_Kind):
    """Python `bytes`, base64."""

    t: Literal["bytes"] = "bytes"
    v: str


class Sequence(_Kind):
    """A `list`, `tuple`, `set` or `frozenset`; sets come in an order that means nothing."""

    t: Literal["list", "tuple", "set", "frozenset"]
    v: tuple["Value", ...] = Field(fail_fast=True)


class Dict(_Kind):
    """A `dict`, in its own order."""

    t: Literal["dict"] = "dict"
    v: tuple[tuple["Value", "Value"], ...] = Field(fail_fast=True)


class Scalar(_Kind):
    """A NumPy scalar: dtype string (`<f8`, `|b1`, `<M8[ns]` …) and its bytes."""

    t: Literal["scalar"] = "scalar"
    dtype: str
    data: str


class Array(_Kind):
    """A NumPy array. `data` for plain dtypes; `items` (flat, C order) for `object`."""

    t: Literal["array"] = "array"
    dtype: str
    shape: tuple[int, ...] = Field(fail_fast=True)
    data: str | None = None
    items: tuple["Value", ...] | None = Field(default=None, fail_fast=True)


class Moment(_Kind):
    """A date, time, timestamp, period or interval of time, as ISO text; NaT is `NaT`."""

    t: Literal["date", "time", "datetime", "timedelta", "timestamp", "period", "nat", "na"]
    v: str = ""
    tz: str | None = None


class Column(_Kind):
    """The values of one pandas column or index level.

    `dtype` is pandas' own name (`int64`, `category`, `datetime64[ns, UTC]`, `string` …).
    `values` is an Array: the bytes of NumPy-backed kinds (times as int64 nanoseconds), `object`
    otherwise. `categories` and `ordered` only for `category`, whose values are their codes.
    """

    t: Literal["column"] = "column"
    name: "Value"
    dtype: str
    values: Array
    categories: Array | None = None
    ordered: bool | None = None


class Index(_Kind):
    """A pandas index: one column per level (a `RangeIndex` is spelled out)."""

    t: Literal["index"] = "index"
    levels: tuple[Column, ...] = Field(fail_fast=True)


class Series(_Kind):
    """A pandas Series."""

    t: Literal["series"] = "series"
    index: Index
    column: Column


class DataFrame(_Kind):
    """A pandas DataFrame, column by column."""

    t: Literal["dataframe"] = "dataframe"
    index: Index
    columns: tuple[Column, ...] = Field(fail_fast=True)
    column_index_name: "Value" = NoneValue()


class Opaque(_Kind):
    """Anything else: its type's full name and a bounded repr, or why it was not encoded."""

    t: Literal["opaque"] = "opaque"
    type: str
    repr: str = ""
    reason: Literal["no exact kind", "too large", "too deep"] = "no exact kind"


Value = Annotated[
    NoneValue
    | Bool
    | Int
    | Float
    | Complex
    | Str
    | Bytes
    | Sequence
    | Dict
    | Scalar
    | Array
    | Moment
    | Column
    | Index
    | Series
    | DataFrame
    | Opaque,
    Field(discriminator="t"),
]

for _model in (Sequence, Dict, Array, Column, Index, Series, DataFrame):
    _model.model_rebuild()

ValueAdapter: TypeAdapter[Value] = TypeAdapter(Value)
