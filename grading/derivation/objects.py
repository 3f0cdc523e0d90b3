"""What to ask about an answer that is no plain value: a frame, a fitted model, a figure.

Works from a description that the ideal's own process gives of its own objects.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grading.derivation.names import Answerable, columns_that_decide
from notebooks.attempts.document import Cell
from notebooks.kernels.values import DataFrame, Dict, Opaque, Series, Str, Value
from notebooks.kernels.values import Sequence as Items

_MAX_FITTED = 8
_TEXT_LABELS = {"str", "string", "object", "category"}
_SORTED = re.compile(
    r"\b(sort\w*|order\w*|rank\w*|ascending|descending|nlargest|nsmallest)\b", re.IGNORECASE
)
_DESCRIBE = (
    "(lambda o: {{'module': type(o).__module__.split('.')[0], 'class': type(o).__name__,"
    " 'fitted': sorted(n for n in dir(o) if n.endswith('_') and not n.startswith('_'))"
    " if type(o).__module__.startswith('sklearn.') else [],"
    " 'steps': [type(s).__name__ for _, s in o.steps] if hasattr(o, 'steps') else []}})({name})"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An expression to ask, and whether its failing shows that the work is wrong."""

    expression: str
    on_interface: bool
    words: str | None = None
    """Key of the catalogues' words for it, where the expression is not fit to be read."""


@dataclass(frozen=True, slots=True)
class Description:
    """What an object says about its own class."""

    module: str
    class_name: str
    fitted: tuple[str, ...]
    steps: tuple[str, ...]


def describing(name: str) -> str:
    """Return the expression whose value `description` reads."""
    return _DESCRIBE.format(name=name)


def description(answer: Value | None) -> Description | None:
    """Return what an object says about itself; None if it says nothing that can be read."""
    if not isinstance(answer, Dict):
        return None
    found = {key.v: item for key, item in answer.v if isinstance(key, Str)}
    module, class_name = found.get("module"), found.get("class")
    if not isinstance(module, Str) or not isinstance(class_name, Str):
        return None
    return Description(
        module.v, class_name.v, _texts(found.get("fitted")), _texts(found.get("steps"))
    )


def questions(
    name: str,
    answer: Value | None,
    described: Description | None,
    subtask: Answerable,
    cells: Sequence[Cell],
) -> Iterator[Asked]:
    """Yield what to ask about a name, by what the ideal has there."""
    if isinstance(answer, DataFrame):
        yield from _of_frame(name, answer, subtask, cells)
    elif isinstance(answer, Series) and _is_lookup(answer, subtask, cells):
        # Counts by Counter or groupby are the same counts, in whatever order.
        yield Asked(f"dict({name})", on_interface=True)
    elif not isinstance(answer, Opaque):
        yield Asked(name, on_interface=True)
    elif described is not None and described.module == "sklearn":
        yield from _of_estimator(name, described, subtask)


def _is_lookup(answer: Series, subtask: Answerable, cells: Sequence[Cell]) -> bool:
    """Whether a Series only says what belongs to which word, so that a dictionary says the same."""
    own = [cell.source for cell in cells if cell.subtask == subtask.subtask]
    labelled = len(answer.index.levels) == 1 and answer.index.levels[0].dtype in _TEXT_LABELS
    return labelled and not any(map(_SORTED.search, (subtask.text, *own)))


def _of_frame(
    name: str, answer: DataFrame, subtask: Answerable, cells: Sequence[Cell]
) -> Iterator[Asked]:
    columns = [column.name.v for column in answer.columns if isinstance(column.name, Str)]
    if len(columns) < len(answer.columns):
        yield Asked(name, on_interface=True)
        return
    deciding = columns_that_decide(name, columns, subtask, cells)
    if len(deciding) == len(columns):
        yield Asked(name, on_interface=True)
        return
    yield Asked(f"{name}[{list(deciding)!r}]", on_interface=True)
    yield Asked(name, on_interface=False)


def _of_estimator(name: str, described: Description, subtask: Answerable) -> Iterator[Asked]:
    uses = subtask.uses.get(name, ())
    for use in uses:
        yield Asked(use, on_interface=True)
    if described.steps:
        named = all(step in subtask.text for step in described.steps)
        yield Asked(f"[type(step).__name__ for _, step in {name}.steps]", named, "steps")
        for place in range(len(described.steps)):
            # What the parts have learnt: leakage shows there, not in the predictions.
            fitted = f"{name}[{place}]"
            yield Asked(_state(fitted), named, "learnt")
    else:
        named = described.class_name in subtask.text
        yield Asked(f"type({name}).__name__", named, "class")
        for attribute in described.fitted[:_MAX_FITTED]:
            yield Asked(f"{name}.{attribute}", on_interface=named or not uses)


def _state(fitted: str) -> str:
    # Numbers sorted: in what order a step meets its columns is nobody's business.
    return (
        "{n: sorted(a.ravel().tolist()) if getattr(getattr(a, 'dtype', None), 'kind', '') in "
        "('i', 'f') else a for n in ('mean_', 'scale_', 'min_', 'data_max_', 'statistics_', "
        "'n_samples_seen_', 'n_samples_fit_', 'components_', 'coef_', 'intercept_', 'classes_') "
        f"for a in [getattr({fitted}, n, None)] if a is not None}}"
    )


def _texts(value: Value | None) -> tuple[str, ...]:
    if not isinstance(value, Items):
        return ()
    return tuple(item.v for item in value.v if isinstance(item, Str))
