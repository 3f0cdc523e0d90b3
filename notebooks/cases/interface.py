"""Which names a subtask asks for: declared, or derived from the ideal solution."""

import ast
import re
from collections.abc import Iterable, Sequence

from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.cases.profile import FigureProbe, StdoutProbe, Subtask, ValueProbe

_ENTRY = re.compile(r"(?:def\s+|class\s+)?([^\W\d]\w*)\s*(?:[(:].*)?", re.DOTALL)

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign)


def entry_name(entry: str) -> str | None:
    """Return the name that an interface entry declares (`df`, `clean(frame)`, `n: int`)."""
    match = _ENTRY.fullmatch(entry.strip())
    return match[1] if match else None


def interface_names(subtask: Subtask, cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return the names that a student has to provide in this subtask, in order.

    They are the declared ones; or else those that the subtask's cells of the ideal solution
    (`cells`, all of them) bind and that probes or other cells read, or that a cell shows last,
    and its functions and classes; where that is nothing, all that it assigns.
    """
    if subtask.interface:
        declared = (entry_name(entry) for entry in subtask.interface)
        return tuple(name for name in declared if name is not None)
    own = [tree for cell, tree in _trees(cells) if cell.subtask == subtask.id]
    others = [tree for cell, tree in _trees(cells) if cell.subtask != subtask.id]
    wanted = {name for tree in others for name in code.read_names(tree)} | _probed(subtask)
    for tree in own:
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            wanted |= code.read_names(tree.body[-1])
    bound: dict[str, ast.stmt] = {}
    for tree in own:
        for name, statement in code.bound_names(tree.body).items():
            bound.setdefault(name, statement)
    chosen = tuple(
        name
        for name, statement in bound.items()
        if isinstance(statement, _DEFINITIONS)
        or (name in wanted and not isinstance(statement, ast.Import | ast.ImportFrom))
    )
    return chosen or tuple(name for name, one in bound.items() if isinstance(one, _ASSIGNMENTS))


def _trees(cells: Iterable[Cell]) -> list[tuple[Cell, ast.Module]]:
    return [(cell, code.parse(cell.source)) for cell in cells if cell.kind == "code"]


def _probed(subtask: Subtask) -> set[str]:
    names: set[str] = set()
    for probe in subtask.probes:
        if isinstance(probe, ValueProbe):
            names |= code.read_names(ast.parse(probe.expression.strip(), mode="eval"))
        elif not isinstance(probe, StdoutProbe | FigureProbe):
            names.add(probe.function.split(".")[0])
    return names
