"""All planted mistakes of an ideal solution, without doubles, in a stable order."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grading.mutation.edits import Edit, Places
from grading.mutation.operators import OPERATORS, Scope
from notebooks.attempts.document import Cell
from notebooks.cases import code

_CONTEXT = 40
"""Characters of code that a mutant is shown with."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """The ideal solution with one mistake planted in one cell."""

    cell: str
    subtask: str | None
    line: int
    """1-based, in the cell."""
    was: str
    becomes: str
    """The line before and after, as a person writes it."""
    source: str
    """The whole cell with the mistake in it."""


def mutants(cells: Sequence[Cell]) -> tuple[Mutant, ...]:
    """Return every mutant of the cells that grading replays."""
    replayed = [cell for cell in cells if cell.kind == "code" and cell.replay]
    trees = [(cell, tree) for cell in replayed if (tree := _tree(cell)) is not None]
    scope = Scope(
        names=frozenset(name for _, tree in trees for name in code.bound_names(tree.body)),
        columns=tuple(dict.fromkeys(_columns([tree for _, tree in trees]))),
    )
    return tuple(mutant for cell, tree in trees for mutant in _of_cell(cell, tree, scope))


def sample(all_mutants: Sequence[Mutant], limit: int) -> tuple[Mutant, ...]:
    """Return at most `limit` mutants, spread evenly over the solution; the same ones each time."""
    if len(all_mutants) <= limit:
        return tuple(all_mutants)
    return tuple(all_mutants[index * len(all_mutants) // limit] for index in range(limit))


def _tree(cell: Cell) -> ast.Module | None:
    try:
        return code.parse(cell.source)
    except SyntaxError:
        return None


def _of_cell(cell: Cell, tree: ast.Module, scope: Scope) -> Iterator[Mutant]:
    places = Places(cell.source)
    seen = {ast.dump(tree)}
    for node in _nodes(tree):
        for operator in OPERATORS:
            for edit in operator(node, places, scope):
                source = edit.apply(cell.source)
                made = _tree(cell.model_copy(update={"source": source}))
                if made is None or (shape := ast.dump(made)) in seen:
                    continue
                seen.add(shape)
                yield _mutant(cell, edit, source)


def _nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield where a mistake can be made, in the order of the text; not in imports or docstrings."""
    for node in ast.iter_child_nodes(tree):
        yield from _walk(node)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.arguments):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _walk(child)


def _columns(trees: Sequence[ast.Module]) -> Iterator[str]:
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript):
                for inner in ast.walk(node.slice):
                    if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                        yield inner.value


def _mutant(cell: Cell, edit: Edit, source: str) -> Mutant:
    line = cell.source.count("\n", 0, edit.start) + 1
    return Mutant(
        cell=cell.id,
        subtask=cell.subtask,
        line=line,
        was=_shown(cell.source, edit.start, edit.end),
        becomes=_shown(source, edit.start, edit.start + len(edit.text)),
        source=source,
    )


def _shown(source: str, start: int, end: int) -> str:
    """Return what was changed with the code around it, on one line."""
    first = max(source.rfind("\n", 0, start) + 1, start - _CONTEXT)
    newline = source.find("\n", end)
    last = min(len(source) if newline < 0 else newline, end + _CONTEXT)
    return " ".join(source[first:last].split())
