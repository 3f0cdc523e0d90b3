"""What cannot run in a notebook, found from its text alone: marks with positions in cells."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from grading.errors import NotebookTooLargeError
from grading.rules import ruff
from grading.rules.catalogue import SYNTAX, Certainty, catalogue
from grading.rules.cells import PlainCell, plain_cell, words_of
from grading.rules.facts import Facts, facts_of
from grading.rules.guards import (
    Found,
    Surroundings,
    binds_any_name,
    compiles_anyway,
    is_certain,
    uses_attrs,
)

MAX_CELLS = 500
MAX_CHARACTERS = 300_000


@dataclass(frozen=True, slots=True)
class Mark:
    """One hard error. Lines count from 1, columns from 0 in UTF-16 units, as browsers count."""

    cell: int
    """Index of the cell."""
    code: str
    certainty: Certainty
    line: int
    column: int
    end_line: int
    end_column: int
    text: str
    """The marked source, at most its first line."""
    detail: str
    """Ruff's own words, in English."""


@dataclass(slots=True)
class _Cell:
    source: str
    plain: PlainCell
    facts: Facts | None
    broken: Found | None = None


def hard_errors(
    sources: Sequence[str], *, known: Collection[str] = (), python: str = ruff.PYTHON
) -> tuple[Mark, ...]:
    """Return what cannot run in a notebook's code cells, in their order.

    A cell that cannot be compiled gets one mark, for its first error. `known` are the names that
    the kernel holds.

    Raises:
        NotebookTooLargeError: more cells or text than is checked.
        LinterError: ruff failed.
    """
    if len(sources) > MAX_CELLS or sum(map(len, sources)) > MAX_CHARACTERS:
        raise NotebookTooLargeError(cells=MAX_CELLS, characters=MAX_CHARACTERS)
    cells = [_read(source) for source in sources]
    for cell, found in zip(cells, _alone(cells, python), strict=True):
        cell.broken = found
    marks = [_mark(cells, n, cell.broken) for n, cell in enumerate(cells) if cell.broken]
    marks += [_mark(cells, n, found) for n, found in _together(cells, known, python)]
    return tuple(sorted(marks, key=lambda mark: (mark.cell, mark.line, mark.column)))


def _read(source: str) -> _Cell:
    plain = plain_cell(source)
    return _Cell(source=source, plain=plain, facts=facts_of(plain.code))


def _alone(cells: Sequence[_Cell], python: str) -> list[Found | None]:
    """Return the first error of each cell that cannot be compiled."""
    reports = ruff.check(
        [cell.plain.code for cell in cells],
        codes=catalogue().codes(Certainty.COMPILE),
        python=python,
    )
    errors: list[Found | None] = []
    for cell, found in zip(cells, reports, strict=True):
        code = cell.plain.code
        all_found = [_found(report, cell.plain.lines, 1) for report in found]
        real = [f for f in all_found if not compiles_anyway(f, code, cell.facts)]
        errors.append(min(real, key=_order, default=None))
    return errors


def _together(
    cells: Sequence[_Cell], known: Collection[str], python: str
) -> list[tuple[int, Found]]:
    """Return what raises, from all cells that compile, read as one program."""
    rules = catalogue()
    rows: list[int] = []
    lines: list[str] = []
    for cell in cells:
        rows.append(len(lines) + 1)
        lines += [""] * len(cell.plain.lines) if cell.broken else cell.plain.lines
    codes = rules.codes(Certainty.LINE, Certainty.CALL)
    (reports,) = ruff.check(["\n".join(lines)], codes=codes, python=python)
    certain: list[tuple[int, Found]] = []
    for report in reports:
        number = max((n for n, row in enumerate(rows) if row <= report.row), default=0)
        cell = cells[number]
        if report.code == SYNTAX or cell.facts is None or cell.broken:
            continue
        found = _found(report, cell.plain.lines, rows[number])
        around = _surroundings(cells, number, known)
        certainty = rules.rules[report.code].certainty
        if is_certain(found, cell.plain.code, cell.facts, around, certainty):
            certain.append((number, found))
    return _first_of_each_place(certain)


def _surroundings(cells: Sequence[_Cell], number: int, known: Collection[str]) -> Surroundings:
    names = set(known)
    for other, cell in enumerate(cells):
        names |= cell.plain.words
        if cell.broken or cell.facts is None:
            names |= words_of(cell.source)
        else:
            names |= cell.facts.deleted
            names |= cell.facts.bound if other != number else set()
    any_name = any(cell.plain.opaque or binds_any_name(cell.source) for cell in cells)
    attrs = any(uses_attrs(cell.source) for cell in cells)
    return Surroundings(frozenset(names), any_name=any_name, attrs=attrs)


def _order(found: Found) -> tuple[int, int]:
    """Sort by place; of two rules at one place, the earlier in the list speaks."""
    return found.start, list(catalogue().rules).index(found.code)


def _first_of_each_place(found: list[tuple[int, Found]]) -> list[tuple[int, Found]]:
    places: dict[tuple[int, int], Found] = {}
    for number, one in sorted(found, key=lambda pair: (pair[0], _order(pair[1]))):
        places.setdefault((number, one.start), one)
    return [(number, one) for (number, _), one in places.items()]


def _found(report: ruff.Report, lines: Sequence[str], first_row: int) -> Found:
    """Return a report as offsets in the cell's text; a syntax error keeps to its first line."""
    start = _offset(lines, report.row - first_row, report.column - 1)
    end = _offset(lines, report.end_row - first_row, report.end_column - 1)
    if report.code == SYNTAX:
        line = min(report.row - first_row, len(lines) - 1)
        first, last = _offset(lines, line, 0), _offset(lines, line, len(lines[line]))
        end = min(end, last)
        if end <= start:  # a place between two characters: mark one of them
            start, end = (start, start + 1) if start < last else (max(first, start - 1), last)
    return Found(report.code, start, end, report.message)


def _offset(lines: Sequence[str], line: int, column: int) -> int:
    """Return the offset of a place in the joined lines; beyond the text, its end."""
    if line >= len(lines):
        return sum(len(text) + 1 for text in lines) - 1
    return sum(len(text) + 1 for text in lines[:line]) + min(column, len(lines[line]))


def _mark(cells: Sequence[_Cell], number: int, found: Found) -> Mark:
    plain = cells[number].plain
    line, column = _place(plain, found.start)
    end_line, end_column = _place(plain, found.end)
    return Mark(
        cell=number,
        code=found.code,
        certainty=catalogue().rules[found.code].certainty,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        text=plain.code[found.start : found.end].split("\n")[0],
        detail=found.message,
    )


def _place(plain: PlainCell, offset: int) -> tuple[int, int]:
    before = plain.code[:offset]
    line = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1)
    units = len(plain.lines[line][:column].encode("utf-16-le", errors="replace")) // 2
    return line + 1, units + plain.shifts[line]
