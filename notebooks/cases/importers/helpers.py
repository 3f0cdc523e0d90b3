"""Tests that lean on earlier tests: imports and helpers are carried along, as each runs alone."""

import ast
from collections.abc import Collection, Sequence

from notebooks.cases import code

_HELPERS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
_MAX_ROUNDS = 20


def with_helpers(source: str, earlier: Sequence[str], known: Collection[str]) -> str:
    """Return a test with what it needs of earlier ones before it.

    Needed are names that it reads and neither binds itself nor finds in the notebook (`known`).
    Where several earlier tests bind one, the nearest counts.
    """
    try:
        trees = [code.parse(text) for text in (*earlier, source)]
    except SyntaxError:  # reported when the notebook was read
        return source
    own = trees.pop()
    missing = code.read_names(own) - set(code.bound_names(own.body)) - set(known)
    carried: dict[tuple[int, int], ast.stmt] = {}
    for _ in range(_MAX_ROUNDS):
        found = _definitions(missing, trees)
        new = {place: one for place, one in found.items() if place not in carried}
        if not new:
            break
        carried |= new
        missing = {name for one in new.values() for name in code.read_names(one)} - set(known)
    if not carried:
        return source
    lines = [ast.unparse(carried[place]) for place in sorted(carried)]
    return "\n".join([*lines, source])


def _definitions(
    names: Collection[str], trees: Sequence[ast.Module]
) -> dict[tuple[int, int], ast.stmt]:
    found: dict[str, tuple[int, int]] = {}
    for cell, tree in enumerate(trees):
        for place, statement in enumerate(tree.body):
            if isinstance(statement, _HELPERS):
                for name in set(code.bound_names([statement])) & set(names):
                    found[name] = (cell, place)
    return {place: trees[place[0]].body[place[1]] for place in found.values()}
