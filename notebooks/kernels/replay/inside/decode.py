"""From the JSON of notebooks.kernels.values to Python objects; runs inside the sandbox.

Arguments of calls come this way. Every call decodes them anew, so that none sees what an earlier
one did to its own.
"""

import base64
import datetime
import importlib
import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

_DURATION = re.compile(r"^(-?)PT([0-9]+)(?:\.([0-9]{1,9}))?S$")


def decode(value: Json) -> Any:  # noqa: ANN401 - any kind of value comes out
    """Return the object that typed JSON stands for.

    Raises:
        ValueError: It stands for nothing that can be made (an opaque value, say).
    """
    maker = _MAKERS.get(value["t"])
    if maker is None:
        raise ValueError(f"a value of kind {value['t']} cannot be made")
    return maker(value)


def _array(value: Json) -> Any:  # noqa: ANN401 - numpy may be absent here
    numpy = importlib.import_module("numpy")
    if value.get("items") is not None:
        made = numpy.empty(len(value["items"]), dtype=object)
        for place, item in enumerate(value["items"]):
            made[place] = decode(item)
        return made.reshape(value["shape"])
    raw = base64.b64decode(value["data"])
    return numpy.frombuffer(raw, dtype=value["dtype"]).reshape(value["shape"]).copy()


def _scalar(value: Json) -> Any:  # noqa: ANN401 - as above
    numpy = importlib.import_module("numpy")
    return numpy.frombuffer(base64.b64decode(value["data"]), dtype=value["dtype"])[0]


def _duration(value: Json) -> datetime.timedelta:
    found = _DURATION.match(value["v"])
    if found is None:
        raise ValueError("not a duration")
    sign, seconds, fraction = found.groups()
    microseconds = int((fraction or "").ljust(9, "0")) // 1000
    made = datetime.timedelta(seconds=int(seconds), microseconds=microseconds)
    return -made if sign else made


def _pandas(name: str) -> Any:  # noqa: ANN401 - pandas may be absent here
    return getattr(importlib.import_module("pandas"), name)


def _column(value: Json) -> Any:  # noqa: ANN401 - as above
    """Return a Series; the array decides the type, the dtype name corrects it."""
    series, dtype = _pandas("Series"), value["dtype"]
    raw = _array(value["values"])
    if dtype == "category":
        categories = _array(value["categories"])
        made = _pandas("Categorical").from_codes(raw, categories, ordered=value.get("ordered"))
        return series(made)
    if dtype.startswith("datetime64") and "," in dtype:
        zone = dtype.split(",", 1)[1].strip(" ]")
        moments = series(raw.view("M8[ns]")).dt.tz_localize("UTC").dt.tz_convert(zone)
        return moments.astype(dtype)
    if dtype.startswith(("datetime64", "timedelta64")):
        kind = "M8[ns]" if dtype.startswith("datetime64") else "m8[ns]"
        return series(raw.view(kind)).astype(dtype)
    return series(raw).astype(dtype)


def _index(value: Json) -> Any:  # noqa: ANN401 - as above
    columns = [(decode(level["name"]), _column(level)) for level in value["levels"]]
    if len(columns) == 1:
        return _pandas("Index")(columns[0][1].array, name=columns[0][0])
    arrays, names = [column.array for _, column in columns], [name for name, _ in columns]
    return _pandas("MultiIndex").from_arrays(arrays, names=names)


def _series(value: Json) -> Any:  # noqa: ANN401 - as above
    column = value["column"]
    made = _column(column)
    made.index, made.name = _index(value["index"]), decode(column["name"])
    return made


def _dataframe(value: Json) -> Any:  # noqa: ANN401 - as above
    index = _index(value["index"])
    columns = {place: _column(column) for place, column in enumerate(value["columns"])}
    frame = _pandas("DataFrame")(columns)
    frame.index = index
    names = [decode(column["name"]) for column in value["columns"]]
    frame.columns = _pandas("Index")(names, name=decode(value["column_index_name"]))
    return frame


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


_MAKERS: dict[str, Callable[[Json], Any]] = {
    "none": lambda _: None,
    "bool": lambda value: value["v"],
    "int": lambda value: int(value["v"]),
    "float": lambda value: float(value["v"]),
    "complex": lambda value: complex(float(value["re"]), float(value["im"])),
    "str": lambda value: value["v"],
    "bytes": lambda value: base64.b64decode(value["v"]),
    "list": lambda value: [decode(item) for item in value["v"]],
    "tuple": lambda value: tuple(decode(item) for item in value["v"]),
    "set": lambda value: {decode(item) for item in value["v"]},
    "frozenset": lambda value: frozenset(decode(item) for item in value["v"]),
    "dict": lambda value: {decode(key): decode(item) for key, item in value["v"]},
    "scalar": _scalar,
    "array": _array,
    "date": lambda value: datetime.date.fromisoformat(value["v"]),
    "time": lambda value: datetime.time.fromisoformat(value["v"]),
    "datetime": lambda value: _moment(value["v"]),
    "timedelta": _duration,
    "timestamp": lambda value: _pandas("Timestamp")(value["v"], tz=value.get("tz")),
    "nat": lambda _: _pandas("NaT"),
    "na": lambda _: _pandas("NA"),
    "column": _column,
    "index": _index,
    "series": _series,
    "dataframe": _dataframe,
}
