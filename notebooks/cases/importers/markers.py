"""Lines that mark blocks of a cell: `### BEGIN SOLUTION` … `### END SOLUTION` and their like."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from notebooks.cases.problems import ProblemLog


@dataclass(frozen=True, slots=True)
class Marker:
    """How a kind of block begins and ends; both patterns are searched in a line."""

    what: str
    begin: re.Pattern[str]
    end: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of a cell that lie together in or outside a block."""

    text: str
    marked: bool
    opening: str = ""
    """The line that began the block."""

    @property
    def indent(self) -> str:
        """Return the white space before the block's first marker."""
        return self.opening[: len(self.opening) - len(self.opening.lstrip())]


def marker(what: str, begin: str, end: str) -> Marker:
    """Return a marker of two patterns."""
    return Marker(what, re.compile(begin), re.compile(end))


def has_block(source: str, kind: Marker) -> bool:
    """Return whether a line begins or ends a block of this kind."""
    return any(kind.begin.search(line) or kind.end.search(line) for line in source.splitlines())


def parts(source: str, kind: Marker, *, file: str, cell: int, log: ProblemLog) -> tuple[Part, ...]:
    """Return a cell's lines in parts, the marker lines themselves left out.

    A block that begins within a block, ends without beginning or has no end is a problem.
    """
    found: list[Part] = []
    lines: list[str] = []
    opening: str | None = None
    opened = 0

    def close() -> None:
        if lines or opening is not None:
            found.append(Part("\n".join(lines), opening is not None, opening or ""))
        lines.clear()

    for number, line in enumerate(source.split("\n"), start=1):
        if kind.begin.search(line):
            if opening is not None:
                message = f"A {kind.what} block begins within the one of line {opened}."
                log.add(file, f"{message} End that one first.", cell=cell, line=number)
            close()
            opening, opened = line, number
        elif kind.end.search(line):
            if opening is None:
                message = f"A {kind.what} block ends here that did not begin."
                log.add(file, message, cell=cell, line=number)
            close()
            opening = None
        else:
            lines.append(line)
    if opening is not None:
        message = f"The {kind.what} block that begins here has no end."
        log.add(file, message, cell=cell, line=opened)
    close()
    return tuple(found)


def unmarked(found: Sequence[Part]) -> str:
    """Return what lies outside the blocks."""
    return "\n".join(part.text for part in found if not part.marked)


def marked(found: Sequence[Part]) -> str:
    """Return what lies in the blocks."""
    return "\n".join(part.text for part in found if part.marked)


def indented(text: str, indent: str) -> str:
    """Return text with `indent` before each line."""
    return "\n".join(f"{indent}{line}" for line in text.split("\n"))
