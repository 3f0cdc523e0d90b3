"""Looking at a cell's code without running it: syntax, and which names it binds and reads."""

import ast
import builtins
import re
from collections.abc import Iterable

from notebooks.syntax import parse_expression, parse_module

_MAGIC = re.compile(r"^(\s*)([%!?].*|[\w.%]+\?{1,2}\s*)$")
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w, .]+=\s*)[%!].*$")

_BUILTINS = frozenset(dir(builtins)) | {"display", "get_ipython"}


def parse(source: str) -> ast.Module:
    """Return the syntax tree of a cell; IPython's own lines count as `pass`.

    Lines and columns stay in place. Raises SyntaxError with the cell's line.
    """
    if source.lstrip().startswith("%%"):
        return ast.Module(body=[], type_ignores=[])
    try:
        return parse_module(source)
    except SyntaxError:
        without = "\n".join(_plain(line) for line in source.splitlines())
        return parse_module(without)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "the code is nested too deeply") from None


def is_expression(text: str) -> bool:
    """Tell whether a text is one Python expression."""
    try:
        parse_expression(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def bound_names(statements: Iterable[ast.stmt]) -> dict[str, ast.stmt]:
    """Return the names that these statements bind at their level, with the first statement each.

    Blocks such as `if` and `for` bind at the level around them; functions and classes bind their
    own name only.
    """
    names: dict[str, ast.stmt] = {}
    for statement in statements:
        collector = _Bindings()
        collector.visit(statement)
        for name in collector.names:
            names.setdefault(name, statement)
    return names


def own_names(source: str) -> frozenset[str]:
    """Return the names that a cell binds other than by an import; none if it does not compile."""
    try:
        body = parse(source).body
    except SyntaxError:
        return frozenset()
    bound = bound_names(one for one in body if not isinstance(one, ast.Import | ast.ImportFrom))
    return frozenset(bound)


def read_names(tree: ast.AST) -> set[str]:
    """Return the names that the code reads anywhere, builtins left out."""
    loads = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return loads - _BUILTINS


class _Bindings(ast.NodeVisitor):
    def __init__(self) -> None:
        self.names: list[str] = []

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.names.append(node.id)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.names.append(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the name is ast's

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.append(node.name)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.names += [(alias.asname or alias.name).split(".")[0] for alias in node.names]

    visit_ImportFrom = visit_Import  # noqa: N815 - the name is ast's

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Bind nothing: its names are its own."""

    def _own_scope(self, node: ast.expr) -> None:
        """Bind nothing but walrus targets, which belong to the level around a comprehension."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr):
                self.names.append(inner.target.id)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _own_scope  # noqa: N815 - the names are ast's


def _plain(line: str) -> str:
    magic = _MAGIC.match(line)
    if magic:
        return f"{magic[1]}pass"
    assigned = _ASSIGNED_MAGIC.match(line)
    return f"{assigned[1]}None" if assigned else line
