"""Which subtask each cell of a foreign notebook belongs to: the case says it, not the notebook.

Cells come back copied, deleted, retyped, reordered or split. Nothing of that is an error: a cell
that cannot be placed belongs to no subtask, and a subtask without cells has simply no answer.
"""

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.cases.notebook import RawCell, document_cell
from notebooks.cases.profile import Profile

_TAG = "subtask:"
_CLIENT = "grader"
_OTTER_IMPORT = re.compile(r"^\s*(import otter\b|from otter\b)")


@dataclass(frozen=True, slots=True)
class _Known:
    """What the case says of one of its cells."""

    subtask: str | None
    kind: Literal["markdown", "code"]
    replay: bool
    sources: frozenset[str]


def match(
    cells: Sequence[RawCell],
    *,
    profile: Profile,
    solution: Sequence[Cell],
    template: Sequence[Cell],
) -> tuple[Cell, ...]:
    """Return a notebook's cells as a document of the case; ids are made unique.

    A cell is placed by the first that fits: the id or grade_id of a cell of the case; the text
    that only one of them has; a tag `subtask:ID`; the check of a question that stands below it; a
    name that only one subtask binds; the same subtask above and below it. A cell that the case has
    as a text, and that is as the case has it, stays a text; one that the case has as code is code.
    The case's own test cells and calls of Otter's client are not run.
    """
    known = _known(solution, template)
    texts = _texts(known)
    aliases = {subtask.alias or subtask.id: subtask.id for subtask in profile.subtasks}
    ids = {subtask.id for subtask in profile.subtasks}
    owners = _owners(solution)
    checks = _checked(cells, aliases)
    tests = {_flat(text) for one in known.values() if not one.replay for text in one.sources}
    placed = []
    for index, cell in enumerate(cells):
        case_cell = next((known[key] for key in _keys(cell) if key in known), None)
        case_cell = case_cell or texts.get(_flat(cell.source))
        if case_cell is not None:
            subtask = case_cell.subtask
        else:
            subtask = _tagged(cell, ids) or checks.get(index) or _bound(cell, owners)
        placed.append((cell, case_cell, subtask))
    open_ = [one.kind == "code" and found is None for one, found, _ in placed]
    subtasks = _filled([subtask for _, _, subtask in placed], open_)
    made: list[Cell] = []
    taken: set[str] = set()
    for (cell, case_cell, _), subtask in zip(placed, subtasks, strict=True):
        document = _document(cell, case_cell, subtask, tests)
        unique = _unique(document.id, taken)
        taken.add(unique)
        made.append(document.model_copy(update={"id": unique}))
    return tuple(made)


def _known(solution: Sequence[Cell], template: Sequence[Cell]) -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    for cell in (*solution, *template):
        before = found.get(cell.id)
        sources = (before.sources if before else frozenset()) | {cell.source}
        found[cell.id] = _Known(cell.subtask, cell.kind, cell.replay, sources)
    return found


def _texts(known: Mapping[str, _Known]) -> dict[str, _Known]:
    """Return the cells of the case by their text, where no two of them have it."""
    found: dict[str, list[_Known]] = {}
    for one in known.values():
        for text in {_flat(source) for source in one.sources} - {""}:
            found.setdefault(text, []).append(one)
    return {text: cells[0] for text, cells in found.items() if len(cells) == 1}


def _keys(cell: RawCell) -> tuple[str, ...]:
    grade_id = cell.nbgrader.get("grade_id") if cell.nbgrader else None
    return (*([grade_id] if isinstance(grade_id, str) else []), cell.id)


def _tagged(cell: RawCell, subtasks: Collection[str]) -> str | None:
    named = [tag.removeprefix(_TAG) for tag in cell.tags if tag.startswith(_TAG)]
    return next((name for name in named if name in subtasks), None)


def _owners(solution: Sequence[Cell]) -> dict[str, str]:
    """Return the names that exactly one subtask of the ideal solution binds, with it."""
    owners: dict[str, set[str | None]] = {}
    for cell in solution:
        if cell.kind == "code" and cell.replay:
            for name in code.own_names(cell.source):
                owners.setdefault(name, set()).add(cell.subtask)
    only = {name: next(iter(found)) for name, found in owners.items() if len(found) == 1}
    return {name: owner for name, owner in only.items() if owner is not None}


def _bound(cell: RawCell, owners: Mapping[str, str]) -> str | None:
    if cell.kind != "code":
        return None
    found = {owners[name] for name in code.own_names(cell.source) if name in owners}
    return found.pop() if len(found) == 1 else None


def _checked(cells: Sequence[RawCell], aliases: Mapping[str, str]) -> dict[int, str]:
    """Return the subtasks of code cells that stand between one check and the next."""
    found: dict[int, str] = {}
    begin = 0
    for index, cell in enumerate(cells):
        names = _checks_of(cell) if cell.kind == "code" else []
        if names:
            subtask = aliases.get(names[-1])
            code_ = [at for at in range(begin, index + 1) if cells[at].kind == "code"]
            texts = [at for at in range(begin, index) if cells[at].kind != "code"]
            after = texts[-1] if texts else -1
            if subtask is not None:
                found |= {at: subtask for at in code_ if at > after}
            begin = index + 1
    return found


def _checks_of(cell: RawCell) -> list[str]:
    try:
        tree = code.parse(cell.source)
    except SyntaxError:
        return []
    return [
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "check"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == _CLIENT
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]


def _filled(subtasks: Sequence[str | None], open_: Sequence[bool]) -> list[str | None]:
    """Give code that the case does not know to the subtask that stands above and below it."""
    made = list(subtasks)
    for index, subtask in enumerate(subtasks):
        if subtask is None and open_[index]:
            above = next((one for one in reversed(subtasks[:index]) if one is not None), None)
            below = next((one for one in subtasks[index + 1 :] if one is not None), None)
            made[index] = above if above == below else None
    return made


def _document(
    cell: RawCell, case_cell: _Known | None, subtask: str | None, tests: Collection[str]
) -> Cell:
    made = document_cell(cell, subtask)
    kind, replay = made.kind, made.replay
    if case_cell is not None:
        unchanged = _flat(cell.source) in {_flat(text) for text in case_cell.sources}
        kind = case_cell.kind if unchanged or case_cell.kind == "code" else made.kind
        replay = case_cell.replay
    replay = replay and _flat(cell.source) not in tests
    source = without_client(cell.source) if kind == "code" else cell.source
    return made.model_copy(update={"kind": kind, "replay": replay, "source": source})


def without_client(source: str) -> str:
    """Return code without statements that are for Otter's client, each line staying in place."""
    try:
        body = code.parse(source).body
    except SyntaxError:
        return source
    lines = source.split("\n")
    for statement in body:
        first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
        if _is_client(statement, lines[first]):
            lines[first:last] = ["pass", *("" for _ in range(last - first - 1))]
    return "\n".join(lines)


def _is_client(statement: ast.stmt, line: str) -> bool:
    if _OTTER_IMPORT.match(line) and isinstance(statement, ast.Import | ast.ImportFrom):
        return ";" not in line
    if isinstance(statement, ast.Assign):
        targets = [one.id for one in statement.targets if isinstance(one, ast.Name)]
        return targets == [_CLIENT] and ";" not in line
    call = statement.value if isinstance(statement, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == _CLIENT
        and ";" not in line
    )


def _flat(source: str) -> str:
    return " ".join(source.split())


def _unique(cell_id: str, taken: Collection[str]) -> str:
    made, number = cell_id, 2
    while made in taken:
        made = f"{cell_id[:50]}-{number}"
        number += 1
    return made
