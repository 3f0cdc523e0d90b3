"""Whether figures show what the ideal's show: kinds of marks, their data, and what is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grading.checks.finding import Finding
from grading.checks.records import Draws
from grading.comparison import compare, render
from grading.comparison.nodes import Items, Sort, UnreadableError
from grading.comparison.normalise import normalise
from notebooks.cases.probes import Aspect, Tolerance
from notebooks.kernels.values import Array, Dict, Float, Str, Value
from notebooks.kernels.values import Sequence as List

_MARKS = ("lines", "bars", "points", "images")
_WRITTEN = ("title", "x", "y")
_UNORDERED = frozenset({"bars", "points"})
_COORDINATES = frozenset({Sort.INT, Sort.FLOAT})
_FORGIVEN = Tolerance(relative=1e-6, absolute=1e-9)


class _MalformedError(ValueError):
    """A claim that is no list of axes."""


@dataclass(frozen=True, slots=True)
class _Axes:
    """What one axes shows."""

    written: Mapping[str, str]
    """`title`, `x` and `y`; empty where nothing is written."""
    lists: Mapping[str, tuple[str, ...]]
    """`x_ticks`, `y_ticks` and `legend`."""
    marks: Mapping[str, tuple[Array, ...]]
    """Each series by the kind of its marks."""

    @property
    def drawn(self) -> bool:
        return any(self.marks.values())


def ideal(check: Draws, value: Value) -> Value | str:
    """Return what the ideal's figures show, or why it cannot be expected of anybody."""
    try:
        axes = _axes(value)
    except _MalformedError:
        return "what the ideal solution draws cannot be read; it may be too much"
    if not any(one.drawn for one in axes):
        return "the cells of this subtask draw no lines, bars, points or images"
    found_in_itself = found(check, value, value, _FORGIVEN)
    return value if found_in_itself.difference is None else "its data cannot be compared"


def found(check: Draws, expected: Value, observed: Value, tolerance: Tolerance) -> Finding:
    """Return the first aspect in which a student's figures are not the ideal's."""
    try:
        ours, theirs = _axes(expected), _axes(observed)
    except _MalformedError:
        return Finding("unreadable_plain")
    ours, theirs = [one for one in ours if one.drawn], [one for one in theirs if one.drawn]
    shown = _summary(theirs)
    if not theirs:
        return Finding("figure_none", observed=shown)
    if len(ours) != len(theirs):
        return Finding("figure_axes", facts={"count": str(len(theirs))}, observed=shown)
    for aspect in check.aspects:
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True), start=1):
            difference = _ASPECTS[aspect](one, other, tolerance)
            if difference is not None:
                kind, facts = difference
                return Finding(kind, facts={**facts, "line": str(number)}, observed=shown)
    return Finding(observed=shown)


_Difference = tuple[str, Mapping[str, str]]


def _kind(ours: _Axes, theirs: _Axes, _tolerance: Tolerance) -> _Difference | None:
    counts = {kind: len(theirs.marks[kind]) for kind in _MARKS}
    if all(counts[kind] == len(ours.marks[kind]) for kind in _MARKS):
        return None
    return "figure_kind", {"observed": _counted(counts)}


def _data(ours: _Axes, theirs: _Axes, tolerance: Tolerance) -> _Difference | None:
    for kind in _MARKS:
        left = [_ordered(kind, one) for one in theirs.marks[kind]]
        for series in ours.marks[kind]:
            wanted = _ordered(kind, series)
            match = next(
                (n for n, one in enumerate(left) if compare(wanted, one, tolerance) is None), None
            )
            if match is None:
                return f"figure_{kind}", {}
            del left[match]
    return None


def _ordered(kind: str, series: Array) -> Value:
    """Return a series whose order means nothing in one order."""
    if kind not in _UNORDERED:
        return series
    try:
        node = normalise(series)
    except UnreadableError:
        return series
    if not isinstance(node, Items) or node.sort not in _COORDINATES or node.array.ndim != 2:  # noqa: PLR2004 - a table of points
        return series
    rows = sorted((tuple(map(float, row)) for row in node.array), key=repr)
    return List(t="list", v=tuple(_numbers(row) for row in rows))


def _numbers(row: Sequence[float]) -> Value:
    return List(t="list", v=tuple(Float(v=repr(number)) for number in row))


def _labels(ours: _Axes, theirs: _Axes, _tolerance: Tolerance) -> _Difference | None:
    for place in _WRITTEN:
        if ours.written[place].strip() and not theirs.written[place].strip():
            return f"figure_no_{place}", {}
    if ours.lists["legend"] and not theirs.lists["legend"]:
        return "figure_no_legend", {}
    return None


def _texts(ours: _Axes, theirs: _Axes, _tolerance: Tolerance) -> _Difference | None:
    for place in _WRITTEN:
        if _plain(ours.written[place]) != _plain(theirs.written[place]):
            return f"figure_{place}", {"observed": theirs.written[place]}
    return None


def _ticks(ours: _Axes, theirs: _Axes, _tolerance: Tolerance) -> _Difference | None:
    for place in ("x_ticks", "y_ticks"):
        if list(map(_plain, ours.lists[place])) != list(map(_plain, theirs.lists[place])):
            return "figure_ticks", {}
    return None


def _legend(ours: _Axes, theirs: _Axes, _tolerance: Tolerance) -> _Difference | None:
    mine, other = (sorted(map(_plain, one.lists["legend"])) for one in (ours, theirs))
    return None if mine == other else ("figure_legend", {})


_ASPECTS = {
    Aspect.KIND: _kind,
    Aspect.DATA: _data,
    Aspect.LABELS: _labels,
    Aspect.TEXTS: _texts,
    Aspect.TICKS: _ticks,
    Aspect.LEGEND: _legend,
}


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind}: {count}" for kind, count in counts.items() if count)


def _summary(axes: Sequence[_Axes]) -> str:
    """Return what figures show in few words, for teachers and the student whose they are."""
    parts = []
    for one in axes[:10]:
        counts = _counted({kind: len(one.marks[kind]) for kind in _MARKS})
        parts.append(f"{one.written['title']!r} ({counts})")
    return "; ".join(parts)[:500]


def _axes(value: Value) -> list[_Axes]:
    if not isinstance(value, List):
        raise _MalformedError(render(value))
    return [_one(entry) for entry in value.v]


def _one(value: Value) -> _Axes:
    fields = {key.v: item for key, item in _pairs(value) if isinstance(key, Str)}
    try:
        return _Axes(
            written={place: _text(fields[place]) for place in _WRITTEN},
            lists={
                place: tuple(_text(item) for item in _items(fields[place]))
                for place in ("x_ticks", "y_ticks", "legend")
            },
            marks={
                kind: tuple(item for item in _items(fields[kind]) if isinstance(item, Array))
                for kind in _MARKS
            },
        )
    except KeyError as error:
        raise _MalformedError(str(error)) from error


def _pairs(value: Value) -> Iterator[tuple[Value, Value]]:
    if not isinstance(value, Dict):
        raise _MalformedError(value.t)
    yield from value.v


def _items(value: Value) -> tuple[Value, ...]:
    if not isinstance(value, List):
        raise _MalformedError(value.t)
    return value.v


def _text(value: Value) -> str:
    if not isinstance(value, Str):
        raise _MalformedError(value.t)
    return value.v
