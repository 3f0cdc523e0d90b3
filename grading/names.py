"""Which names a notebook's cells bind and read, from their text alone; nothing is executed."""

import ast
import builtins
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from notebooks.attempts.document import Cell
from notebooks.syntax import parse_module

_CODE_MAGICS = frozenset({"time", "timeit", "capture", "prun"})
"""Cell magics whose body is code of the notebook's own namespace."""

_LINE_MAGIC = re.compile(r"^(\s*)(?:[%!?]|[\w.]+\?{1,2}\s*$)")
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$")
_BINDING = re.compile(r"^(?:def\s+|class\s+)?([^\W\d]\w*)\s*(?:=(?!=)|\()", re.MULTILINE)
_BUILTINS = frozenset(dir(builtins))
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Names:
    """What one cell does with the notebook's names."""

    bound: dict[str, int] = field(default_factory=dict)
    """Names that the cell binds, with the 1-based line of the last binding."""
    imported: frozenset[str] = frozenset()
    """Those of them that an import binds."""
    placeholders: frozenset[str] = frozenset()
    """Those whose last binding is the template's `...`."""
    read: frozenset[str] = frozenset()
    """Names that the cell reads before it has bound them itself."""


def plain_code(source: str) -> str:
    """Return a cell's source with IPython's magics replaced, each line staying where it is."""
    lines = source.split("\n")
    if lines and lines[0].startswith("%%"):
        magic = lines[0][2:].split(maxsplit=1)
        if not magic or magic[0] not in _CODE_MAGICS:
            return ""
    replaced = (_ASSIGNED_MAGIC.sub(r"\1None", line) for line in lines)
    return "\n".join(_LINE_MAGIC.sub(r"\1pass #", line) for line in replaced)


def names_of(source: str) -> Names:
    """Return what a cell binds and reads; of code that cannot be parsed, what it seems to bind."""
    code = plain_code(source)
    try:
        tree = parse_module(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = {
            match[1]: code.count("\n", 0, match.start()) + 1 for match in _BINDING.finditer(code)
        }
        return Names(bound=found)
    reader = _Reader()
    try:
        reader.visit(tree)
    except RecursionError:
        return Names()
    return Names(
        bound=reader.bound,
        imported=frozenset(reader.imported),
        placeholders=frozenset(reader.placeholders),
        read=frozenset((reader.read | reader.deferred) - _BUILTINS),
    )


class _Reader:
    """Walks in the order of evaluation, so that `df = df.dropna()` reads `df`."""

    def __init__(self) -> None:
        self.bound: dict[str, int] = {}
        self.imported: set[str] = set()
        self.placeholders: set[str] = set()
        self.read: set[str] = set()
        self._later: set[str] = set()

    @property
    def deferred(self) -> set[str]:
        """Return what functions read when called and the cell never binds."""
        return self._later - set(self.bound)

    def visit(self, node: ast.AST | None) -> None:  # noqa: C901, PLR0912 - one case per kind of node
        """Note what a node reads and binds."""
        match node:
            case None:
                pass
            case ast.Name():
                self._name(node)
            case ast.Assign():
                self._assign(node)
            case ast.AnnAssign():
                if node.value is not None:  # an annotation alone binds nothing
                    self._in_order(node.value, node.target)
            case ast.AugAssign():
                if isinstance(node.target, ast.Name):
                    self._read(node.target.id)
                self._in_order(node.value, node.target)
            case ast.NamedExpr():
                self._in_order(node.value, node.target)
            case ast.For() | ast.AsyncFor():
                self._in_order(node.iter, node.target, *node.body, *node.orelse)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    name = alias.asname or alias.name.split(".")[0]
                    self._bind(name, node.lineno, imported=True)
            case ast.ExceptHandler():
                if node.name:
                    self._bind(node.name, node.lineno)
                self._in_order(node.type, *node.body)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._in_order(*node.decorator_list, *node.args.defaults, *node.args.kw_defaults)
                self._bind(node.name, node.lineno)
                self._later |= _free(node)
            case ast.Lambda():
                self._later |= _free(node)
            case ast.ClassDef():
                self._in_order(*node.decorator_list, *node.bases)
                self._later |= _free(node)
                self._bind(node.name, node.lineno)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self.read |= _free(node) - set(self.bound)
            case _:
                self._in_order(*ast.iter_child_nodes(node))

    def _in_order(self, *nodes: ast.AST | None) -> None:
        for node in nodes:
            self.visit(node)

    def _read(self, name: str) -> None:
        if name not in self.bound:
            self.read.add(name)

    def _bind(self, name: str, line: int, *, imported: bool = False) -> None:
        self.bound[name] = line
        self.placeholders.discard(name)
        if imported:
            self.imported.add(name)
        else:
            self.imported.discard(name)

    def _name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._bind(node.id, node.lineno)
        else:
            self._read(node.id)

    def _assign(self, node: ast.Assign) -> None:
        self._in_order(node.value, *node.targets)
        if _is_stub(node.value):
            self.placeholders |= {
                part.id
                for target in node.targets
                for part in ast.walk(target)
                if isinstance(part, ast.Name)
            }


def _is_stub(value: ast.expr) -> bool:
    """Tell whether a value is `...`, or a tuple or list of nothing else."""
    if isinstance(value, ast.Tuple | ast.List):
        return bool(value.elts) and all(map(_is_stub, value.elts))
    return isinstance(value, ast.Constant) and value.value is Ellipsis


def _free(scope: ast.AST) -> set[str]:
    """Return the names that a scope reads and does not itself bind, inner scopes included."""
    own: set[str] = set()
    read: set[str] = set()
    for node in _own_nodes(scope):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else own).add(node.id)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            own.add(node.name)
            read |= _free(node)
        elif isinstance(node, (ast.Lambda, *_COMPREHENSIONS)):
            read |= _free(node)
        elif isinstance(node, ast.alias):
            own.add(node.asname or node.name.split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            own.add(node.name)
    return read - own


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope without going into inner scopes, whose heads are yielded."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*_SCOPES, *_COMPREHENSIONS, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def blockers(
    subtask: str, cells: Sequence[Cell], settled: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """Return the unsettled subtasks whose names a subtask's cells read, each with one such name.

    `cells` are the code cells in document order; `settled` are the subtasks that may be built on.
    Names that an import binds are nobody's work, and block nothing.
    """
    owners: dict[str, set[str]] = {}
    own: set[str] = set()
    found: dict[str, str] = {}
    for cell in cells:
        names = names_of(cell.source)
        if cell.subtask == subtask:
            for name in sorted(names.read - own):
                for owner in sorted(owners.get(name, ())):
                    found.setdefault(owner, name)
            own |= set(names.bound)
        elif cell.subtask is not None and cell.subtask not in settled:
            for name in set(names.bound) - names.imported:
                owners.setdefault(name, set()).add(cell.subtask)
    return tuple(found.items())


def root_names(expression: str) -> frozenset[str]:
    """Return the notebook's names that an expression reads; none if it cannot be parsed."""
    return names_of(expression).read


def interface_name(entry: str) -> str:
    """Return the name that an entry of a subtask's interface declares: `def f(x)` declares `f`."""
    found = re.match(r"\s*(?:async\s+)?(?:def\s+|class\s+)?([^\W\d]\w*)", entry)
    return found[1] if found else entry.strip()
