"""Which names a subtask asks for: declared, or derived from the ideal solution."""

import ast
import re
from collections.abc import Collection, Iterable, Sequence

from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.cases.probes import FigureProbe, FileProbe, StdoutProbe, ValueProbe
from notebooks.cases.profile import Subtask
from notebooks.syntax import parse_expression

_ENTRY = re.compile(r"(?:def\s+|class\s+)?([^\W\d]\w*)\s*(?:[(:].*)?", re.DOTALL)

_WORD = re.compile(r"[^\W\d]\w*")
_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
"""Code in a text of Markdown."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign)


def entry_name(entry: str) -> str | None:
    """Return the name that an interface entry declares (`df`, `clean(frame)`, `n: int`)."""
    match = _ENTRY.fullmatch(entry.strip())
    return match[1] if match else None


def mentioned_names(text: str, bound: Collection[str]) -> frozenset[str]:
    """Return which of the names that code binds a text of Markdown asks for.

    Names are written as code. A text that writes none of them so may mention them as plain words;
    elsewhere a word that happens to be a helper's name means nothing.
    """
    names = frozenset(bound)
    return names & coded_words(text) or names & frozenset(_WORD.findall(text))


def coded_words(text: str) -> frozenset[str]:
    """Return the words that a text of Markdown writes as code."""
    spans = (span for _, span in _CODE.findall(text))
    return frozenset(word for span in spans for word in _WORD.findall(span))


def interface_names(subtask: Subtask, cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return the names that a student has to provide in this subtask, in order.

    They are the declared ones; or else those that the subtask's cells of the ideal solution
    (`cells`, all of them) bind and that probes or other cells read or a text writes as code, and
    its functions and classes; with what a cell shows last, unless a text says what to store; where
    that is nothing, all that it assigns.
    """
    if subtask.interface:
        declared = (entry_name(entry) for entry in subtask.interface)
        return tuple(name for name in declared if name is not None)
    own = [tree for cell, tree in _trees(cells) if cell.subtask == subtask.id]
    others = [tree for cell, tree in _trees(cells) if cell.subtask != subtask.id]
    wanted = {name for tree in others for name in code.read_names(tree)} | _probed(subtask)
    bound: dict[str, ast.stmt] = {}
    for tree in own:
        for name, statement in code.bound_names(tree.body).items():
            bound.setdefault(name, statement)
    coded = coded_words(subtask_text(subtask.id, cells))
    wanted |= coded
    if not any(name in coded and not isinstance(bound[name], _DEFINITIONS) for name in bound):
        for tree in own:
            if tree.body and isinstance(tree.body[-1], ast.Expr):
                wanted |= code.read_names(tree.body[-1])
    chosen = tuple(
        name
        for name, statement in bound.items()
        if isinstance(statement, _DEFINITIONS)
        or (name in wanted and not isinstance(statement, ast.Import | ast.ImportFrom))
    )
    return chosen or tuple(name for name, one in bound.items() if isinstance(one, _ASSIGNMENTS))


def subtask_text(subtask_id: str, cells: Iterable[Cell]) -> str:
    """Return everything that is written in a subtask's texts."""
    return "\n".join(
        cell.source for cell in cells if cell.kind == "markdown" and cell.subtask == subtask_id
    )


def _trees(cells: Iterable[Cell]) -> list[tuple[Cell, ast.Module]]:
    return [(cell, code.parse(cell.source)) for cell in cells if cell.kind == "code"]


def _probed(subtask: Subtask) -> set[str]:
    names: set[str] = set()
    for probe in subtask.probes:
        if isinstance(probe, ValueProbe):
            names |= code.read_names(parse_expression(probe.expression.strip()))
        elif not isinstance(probe, StdoutProbe | FigureProbe | FileProbe):
            names.add(probe.function.split(".")[0])
    return names
