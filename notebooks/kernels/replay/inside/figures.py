"""Keeps the figures of each cell, as a notebook's page shows them, and tells what is drawn there.

On a page a cell begins without a figure, and `show` ends those that are there: so it is here,
whichever backend draws. Runs inside the sandbox; what comes out is a claim.
"""

import contextlib
import functools
import sys
from typing import Any

Json = dict[str, Any]

_MAX_FIGURES = 20
"""Of one cell."""
_MAX_AXES = 100
_MAX_ARTISTS = 200
_MAX_TEXT = 500

_kept: dict[str, list[Any]] = {}
_shown: list[Any] = []


def prepare() -> None:
    """Have `show` put away what is drawn, as on a page; later calls change nothing."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    show = getattr(pyplot, "show", None)
    if show is None or getattr(show, "puts_away", False):
        return

    @functools.wraps(show)
    def shown(*_arguments: Any, **_options: Any) -> None:  # noqa: ANN401 - pyplot's
        _collect()

    shown.puts_away = True  # type: ignore[attr-defined] # a mark of ours
    pyplot.show = shown


def put_away(cell: str) -> None:
    """Keep what a cell has drawn, so that the next begins without; never raises."""
    with contextlib.suppress(Exception):
        _collect()
    if _shown:
        _kept[cell] = _shown[:_MAX_FIGURES]
        _shown.clear()


def _collect() -> None:
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not hasattr(pyplot, "get_fignums"):
        return
    _shown.extend(pyplot.figure(number) for number in pyplot.get_fignums())
    pyplot.close("all")


def read(cells: list[str]) -> list[Json]:
    """Return what each axes of these cells' figures shows, in exact types of Python and NumPy."""
    figures = [figure for cell in cells for figure in _kept.get(cell, ())]
    axes = [one for figure in figures for one in figure.get_axes()]
    return [_axes(one) for one in axes[:_MAX_AXES]]


def _axes(axes: Any) -> Json:  # noqa: ANN401 - matplotlib may be absent here
    legend = axes.get_legend()
    entries = [] if legend is None else legend.get_texts()
    lines = axes.get_lines()[:_MAX_ARTISTS]
    strokes = [line for line in lines if str(line.get_linestyle()) not in {"None", "", " "}]
    marks = [line.get_xydata() for line in lines if line not in strokes]
    dots = [
        one.get_offsets()
        for one in axes.collections[:_MAX_ARTISTS]
        if type(one).__name__ == "PathCollection"
    ]
    bars = [one for one in axes.containers[:_MAX_ARTISTS] if type(one).__name__ == "BarContainer"]
    return {
        "title": _text(axes.get_title()),
        "x": _text(axes.get_xlabel()),
        "y": _text(axes.get_ylabel()),
        "x_ticks": [_text(label.get_text()) for label in axes.get_xticklabels()[:_MAX_ARTISTS]],
        "y_ticks": [_text(label.get_text()) for label in axes.get_yticklabels()[:_MAX_ARTISTS]],
        "legend": [_text(entry.get_text()) for entry in entries[:_MAX_ARTISTS]],
        "lines": [_array(line.get_xydata()) for line in strokes],
        "points": [_array(points) for points in (*dots, *marks)],
        "bars": [_array([_bar(bar, one) for bar in one.patches]) for one in bars],
        "images": [_array(image.get_array()) for image in axes.images[:_MAX_ARTISTS]],
    }


def _bar(bar: Any, container: Any) -> tuple[float, float]:  # noqa: ANN401 - as above
    """Return where the middle of a bar stands and how long it is, whichever way it lies."""
    if getattr(container, "orientation", "vertical") == "horizontal":
        return bar.get_y() + bar.get_height() / 2, bar.get_width()
    return bar.get_x() + bar.get_width() / 2, bar.get_height()


def _array(data: Any) -> Any:  # noqa: ANN401 - numpy may be absent here
    numpy: Any = sys.modules["numpy"]
    return numpy.array(numpy.ma.filled(numpy.ma.asarray(data, dtype=float), numpy.nan))


def _text(text: object) -> str:
    return str(text)[:_MAX_TEXT]
