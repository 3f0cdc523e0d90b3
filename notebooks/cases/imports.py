"""Which modules a case's code imports, so that they can be ready before a student needs them."""

import ast
import re
from collections.abc import Iterable, Iterator

from notebooks.attempts.document import Cell
from notebooks.cases.code import parse

MAX_IMPORTS = 200
_MODULE = re.compile(r"^[A-Za-z_][A-Za-z0-9_.]{0,199}$")


def imported_modules(cells: Iterable[Cell]) -> tuple[str, ...]:
    """Return the modules that the code cells import, in order of appearance, each once.

    What is taken from a package counts as a module of its own where its name could be one
    (`from matplotlib import pyplot`). A cell that does not compile imports nothing.
    """
    found: dict[str, None] = {}
    for cell in cells:
        if cell.kind == "code":
            found.update(dict.fromkeys(filter(_MODULE.match, _modules(cell.source))))
    return tuple(found)[:MAX_IMPORTS]


def _modules(source: str) -> Iterator[str]:
    try:
        tree = parse(source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{a.name}" for a in node.names if a.name.islower())
