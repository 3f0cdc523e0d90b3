"""Comparison of pandas tables: columns by name, rows in order, indexes leniently."""

import numpy as np

from grading.comparison import scalars, values
from grading.comparison.columns import missing_mask
from grading.comparison.difference import Difference, DifferenceKind
from grading.comparison.nodes import Items, Leaf, Node, Table
from grading.comparison.render import cut, text_of
from notebooks.cases.probes import Tolerance

_MAX_NAMES = 20


def aligned(expected: Node, observed: Node) -> tuple[Node, Node]:
    """Make a Series and a one-column frame, or a Series and plain items, the same kind of thing.

    The labels of a Series are not compared with a list or an array, which has none.
    """
    if isinstance(expected, Table) and isinstance(observed, Table):
        if expected.is_series != observed.is_series and len(expected.columns) == 1:
            return _unnamed(expected), _unnamed(observed)
        return expected, observed
    if isinstance(expected, Table) and expected.is_series and isinstance(observed, Items):
        return expected.columns[0][1], observed
    if isinstance(observed, Table) and observed.is_series and isinstance(expected, Items):
        return expected, observed.columns[0][1]
    return expected, observed


def _unnamed(table: Table) -> Table:
    if len(table.columns) != 1:
        return table
    return Table(table.columns, table.index, table.rows, is_series=True)


def compare_tables(  # noqa: PLR0911 - one return per outcome
    expected: Table, observed: Table, tolerance: Tolerance, where: str
) -> Difference | None:
    """Compare two frames, or two Series."""
    if expected.is_series != observed.is_series:
        facts = {
            "observed_type": values.describe(observed),
            "expected_type": values.describe(expected),
        }
        return Difference(DifferenceKind.TYPE, where, facts)
    paired = _by_name(expected, observed)
    if isinstance(paired, DifferenceKind):
        facts = {"count": str(len(observed.columns)), "names": _names(observed)}
        return Difference(paired, where, facts)
    if expected.rows != observed.rows:
        return Difference(DifferenceKind.ROWS, where, {"count": str(observed.rows)})
    for name, ours, theirs in paired:
        found = values.items(ours, theirs, tolerance, "")
        if found is not None:
            if _same_rows_elsewhere(paired, expected.index, observed.index):
                return Difference(DifferenceKind.ROW_ORDER, where)
            if observed.is_series:
                return Difference(found.kind, where + found.where, found.facts)
            return _in_column(name, ours, theirs, found, where)
    return _index(expected.index, observed.index, tolerance, where)


def _by_name(expected: Table, observed: Table) -> list[tuple[str, Items, Items]] | DifferenceKind:
    if expected.is_series:
        return [("", expected.columns[0][1], observed.columns[0][1])]
    if len(expected.columns) != len(observed.columns):
        return DifferenceKind.COLUMN_COUNT
    left = list(observed.columns)
    paired = []
    for name, ours in expected.columns:
        position = next((i for i, (other, _) in enumerate(left) if _same_name(name, other)), None)
        if position is None:
            return DifferenceKind.COLUMN_NAMES
        label, theirs = left.pop(position)
        paired.append((_label(label), ours, theirs))
    return paired


def _same_name(ours: Node, theirs: Node) -> bool:
    if isinstance(ours, Leaf) and isinstance(theirs, Leaf):
        return scalars.same(ours, theirs, scalars.DEFAULT)
    return values.nodes(ours, theirs, scalars.DEFAULT, "") is None


def _label(name: Node) -> str:
    if isinstance(name, Leaf):
        return cut(name.value, 80) if isinstance(name.value, str) else text_of(name)
    if isinstance(name, Items):
        return cut(", ".join(_label(part) for part in values.flat(name)[:5]), 80)
    return "?"


def _names(table: Table) -> str:
    shown = ", ".join(_label(name) for name, _ in table.columns[:_MAX_NAMES])
    return shown + (", …" if len(table.columns) > _MAX_NAMES else "")


def _in_column(name: str, ours: Items, theirs: Items, found: Difference, where: str) -> Difference:
    facts = dict(found.facts) | {"column": name}
    lost = missing_mask(theirs) & ~missing_mask(ours)
    if lost.any():
        facts |= {"count": str(int(lost.sum())), "total": str(lost.size)}
        return Difference(DifferenceKind.MISSING, where, facts)
    if found.kind is DifferenceKind.TYPE:
        return Difference(DifferenceKind.COLUMN_TYPE, where, facts)
    return Difference(DifferenceKind.COLUMN_VALUES, where, facts)


def _same_rows_elsewhere(
    paired: list[tuple[str, Items, Items]],
    expected: tuple[Items, ...],
    observed: tuple[Items, ...],
) -> bool:
    """Tell whether the rows are the expected ones in another order, with their labels or not."""
    if len(expected) == len(observed) == 1 and values.reordered(expected[0], observed[0]):
        ours_order = np.argsort(expected[0].array, kind="stable")
        theirs_order = np.argsort(observed[0].array, kind="stable")
        moved = (
            values.items(
                Items(ours.sort, ours.array[ours_order]),
                Items(theirs.sort, theirs.array[theirs_order]),
                scalars.DEFAULT,
                "",
            )
            for _, ours, theirs in paired
        )
        if all(difference is None for difference in moved):
            return True
    return all(values.reordered(ours, theirs) for _, ours, theirs in paired)


def _index(
    expected: tuple[Items, ...], observed: tuple[Items, ...], tolerance: Tolerance, where: str
) -> Difference | None:
    if len(expected) != len(observed):
        return Difference(DifferenceKind.INDEX, where)
    for ours, theirs in zip(expected, observed, strict=True):
        if values.items(ours, theirs, tolerance, "") is not None:
            return Difference(DifferenceKind.INDEX, where)
    return None
