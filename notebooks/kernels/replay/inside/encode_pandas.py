"""The pandas part of `encode`: exact pandas types only, column by column."""

from typing import Any, Protocol

Json = dict[str, Any]

_NUMPY_KINDS = frozenset("biufc")


class Encoder(Protocol):
    """What is needed of the encoder that counts."""

    def encode(self, value: object, depth: int) -> Json:
        """Return the typed JSON of a value."""
        ...

    def array(self, array: Any, depth: int) -> Json:  # noqa: ANN401 - numpy may be absent here
        """Return the typed JSON of a NumPy array."""
        ...


def encode_pandas(encoder: Encoder, pandas: Any, value: Any, depth: int) -> Json | None:  # noqa: ANN401 - pandas may be absent here
    """Return the typed JSON of a pandas object, or None if it is none of the exact kinds."""
    kind = type(value)
    if kind is pandas.DataFrame:
        return {
            "t": "dataframe",
            "index": _index(encoder, pandas, value.index, depth),
            "columns": [
                _column(encoder, pandas, value.columns[place], value.iloc[:, place], depth)
                for place in range(value.shape[1])
            ],
            "column_index_name": encoder.encode(value.columns.name, depth + 1),
        }
    if kind is pandas.Series:
        return {
            "t": "series",
            "index": _index(encoder, pandas, value.index, depth),
            "column": _column(encoder, pandas, value.name, value, depth),
        }
    if kind in _index_kinds(pandas):
        return _index(encoder, pandas, value, depth)
    if kind is pandas.Categorical:
        return _column(encoder, pandas, None, pandas.Series(value), depth)
    return _scalar(pandas, value)


def _index_kinds(pandas: Any) -> frozenset[type]:  # noqa: ANN401 - as above
    names = ("Index", "RangeIndex", "MultiIndex", "DatetimeIndex", "TimedeltaIndex", "PeriodIndex")
    return frozenset(getattr(pandas, name) for name in (*names, "CategoricalIndex"))


def _scalar(pandas: Any, value: Any) -> Json | None:  # noqa: ANN401 - as above
    if value is pandas.NaT:
        return {"t": "nat"}
    if value is pandas.NA:
        return {"t": "na"}
    kind = type(value)
    if kind is pandas.Timestamp:
        zone = None if value.tzinfo is None else str(value.tzinfo)
        return {"t": "timestamp", "v": value.isoformat(timespec="nanoseconds"), "tz": zone}
    if kind is pandas.Timedelta:
        nanoseconds = int(value.as_unit("ns").value)
        seconds, rest = divmod(abs(nanoseconds), 1_000_000_000)
        return {"t": "timedelta", "v": f"{'-' if nanoseconds < 0 else ''}PT{seconds}.{rest:09d}S"}
    if kind is pandas.Period:
        return {"t": "period", "v": f"{value} {value.freqstr}"}
    return None


def _index(encoder: Encoder, pandas: Any, index: Any, depth: int) -> Json:  # noqa: ANN401 - as above
    if type(index) not in _index_kinds(pandas):
        raise TypeError("not an exact index")
    levels = (
        [index.get_level_values(level) for level in range(index.nlevels)]
        if type(index) is pandas.MultiIndex
        else [index]
    )
    return {
        "t": "index",
        "levels": [
            _column(encoder, pandas, level.name, pandas.Series(level.array), depth)
            for level in levels
        ],
    }


def _column(encoder: Encoder, pandas: Any, name: object, series: Any, depth: int) -> Json:  # noqa: ANN401 - as above
    column: Json = {
        "t": "column",
        "name": encoder.encode(name, depth + 1),
        "dtype": str(series.dtype),
    }
    if type(series.dtype) is pandas.CategoricalDtype:
        categories = series.cat.categories
        column["values"] = encoder.array(series.cat.codes.to_numpy(), depth)
        column["categories"] = _values(encoder, pandas.Series(categories.array), depth)
        column["ordered"] = bool(series.cat.ordered)
        return column
    column["values"] = _values(encoder, series, depth)
    return column


def _values(encoder: Encoder, series: Any, depth: int) -> Json:  # noqa: ANN401 - as above
    numpy_dtype = getattr(series.dtype, "kind", "O")
    if str(series.dtype).startswith(("datetime64", "timedelta64")):
        return encoder.array(series.array.as_unit("ns").asi8, depth)
    if numpy_dtype in _NUMPY_KINDS and type(series.dtype).__module__.startswith("numpy"):
        return encoder.array(series.to_numpy(), depth)
    items = [encoder.encode(item, depth + 1) for item in series.array.astype(object).tolist()]
    return {"t": "array", "dtype": "object", "shape": [len(items)], "items": items}
