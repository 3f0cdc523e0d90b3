"""What a writer's text is made of: remarks on the idea, and remarks bound to lines that exist."""

import re
from dataclasses import dataclass

from llm.analyst import has_line
from llm.records import Cell

_REMARK = re.compile(r"^\s*[-*]?\s*\[(\d{1,4}):(\d{1,5})\]\s*(.+)$")
_NAME = re.compile(r"`([^\W\d]\w*)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A remark on one line of the student's code."""

    cell: int
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A feedback, taken apart."""

    text: str
    remarks: tuple[Remark, ...]


def read_written(text: str, cells: tuple[Cell, ...], *, known: str = "") -> Written:
    """Take a text apart; remarks on lines or names that do not exist are dropped.

    `known`: what else a student reads, whose names may be spoken of.
    """
    source = "\n".join([known, *(cell.source for cell in cells)])
    names = set(re.findall(r"[^\W\d]\w*", source))
    kept: list[str] = []
    remarks: list[Remark] = []
    for line in text.splitlines():
        match = _REMARK.match(line)
        if match is None:
            kept.append(line)
            continue
        cell, at, said = int(match[1]), int(match[2]), match[3].strip()
        if has_line(cells, cell, at) and set(_NAME.findall(said)) <= names:
            remarks.append(Remark(cell=cell, line=at, text=said))
    return Written(text="\n".join(kept).strip(), remarks=tuple(remarks))
