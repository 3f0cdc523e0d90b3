"""A column of a CSV file by a key, from anyone's bytes: bounded, each fault with its line."""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

MAX_TABLE_BYTES = 5 * 1024 * 1024
MAX_ROWS = 100_000

_SHOWN = 80
_DELIMITERS = (",", ";", "\t")
_WHOLE = re.compile(r"(\d+)\.0+")


class _Rows(Protocol):
    """What `csv.reader` returns."""

    @property
    def line_num(self) -> int:
        """The line that was read last."""
        ...

    def __iter__(self) -> Iterator[list[str]]:
        """Go on with the next row."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """Why no column can be had; `kind` names a sentence of the feedback's catalogue."""

    kind: str
    facts: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None
    """In the file, from 1."""


def read_column(content: bytes, key: str, column: str) -> Mapping[str, str] | Fault:
    """Return the texts of a column by those of the key column, without spaces around them.

    Fields stand between commas, semicolons or tabs. A key such as `12.0`, which is how pandas
    writes a whole number of a column of floats, is the same as `12`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Fault("file_unreadable")
    head = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return _column(rows, key, column)
    except csv.Error:
        return Fault("file_unreadable", line=rows.line_num)


def _column(rows: _Rows, key: str, column: str) -> Mapping[str, str] | Fault:
    names = [name.strip() for name in next(iter(rows), [])]
    for wanted in (key, column):
        if wanted not in names:
            shown = ", ".join(names)[:_SHOWN] or "…"
            return Fault("file_column", {"name": wanted, "names": shown}, line=1)
    at_key, at_column = names.index(key), names.index(column)
    found: dict[str, str] = {}
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        line = rows.line_num
        if len(row) <= max(at_key, at_column):
            return Fault("file_short", {"line": str(line)}, line=line)
        name = row[at_key].strip()
        whole = _WHOLE.fullmatch(name)
        name = whole[1] if whole else name
        if name in found:
            facts = {"first": name[:_SHOWN], "line": str(line)}
            return Fault("file_twice", facts, line=line)
        if len(found) == MAX_ROWS:
            return Fault("file_many", {"count": str(MAX_ROWS)}, line=line)
        found[name] = row[at_column].strip()
    return found


def numbers(column: Mapping[str, str]) -> Mapping[str, float] | Fault:
    """Return a column's texts as numbers, all of which have to be finite."""
    found: dict[str, float] = {}
    for name, text in column.items():
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            return Fault("file_number", {"first": name[:_SHOWN], "observed": text[:_SHOWN]})
        found[name] = number
    return found
