"""What the syntax tree of a cell says about where a finding of ruff is not certain.

The page's twin, over the editor's own tree, is `rules/facts.ts`. Offsets count characters of
the cell's plain text from 0.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from notebooks.syntax import parse_module

Span = tuple[int, int]
"""First offset, and the offset after the last."""

_UNDECIDED_TEST = re.compile(r"version_info|TYPE_CHECKING|^(?:True|False|None|0|1)$")
"""Conditions that decide at once, or by the interpreter, which branch is dead."""
_NEVER = re.compile(r"^(?:False|None|0)$")
_CATCHING = re.compile(r"\b(?:suppress|raises|assertRaises\w*)\b")
"""Context managers that expect an exception."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOPS = (ast.For, ast.AsyncFor, ast.While, *_COMPREHENSIONS)
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(slots=True)
class Facts:
    """Where in a cell what holds, and which names it binds."""

    scopes: list[Span] = field(default_factory=list)
    """Bodies of functions, lambdas and classes: an `await` elsewhere is IPython's to run."""
    quiet: list[Span] = field(default_factory=list)
    """Code that may never run, or whose exception is expected."""
    loops: list[Span] = field(default_factory=list)
    """Loops, in which a later line may have bound a name."""
    unread: list[Span] = field(default_factory=list)
    """Annotations and plain strings, in which names may never be looked up."""
    decorated: list[Span] = field(default_factory=list)
    """Functions that a decorator may replace."""
    optional: list[Span] = field(default_factory=list)
    """Heads of functions that no property is, or that work as one without an argument."""
    slotted: list[Span] = field(default_factory=list)
    """Classes whose attributes may be set in spite of `__slots__`."""
    bound: set[str] = field(default_factory=set)
    """Names that the cell binds in the notebook's namespace."""
    assigned: set[str] = field(default_factory=set)
    """Names that it binds in any scope."""
    deleted: set[str] = field(default_factory=set)


def facts_of(code: str) -> Facts | None:
    """Return the facts of a cell's plain text; None if this Python cannot parse it."""
    try:
        tree = parse_module(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    reader = _Reader(code)
    reader.read(tree)
    return reader.facts


def within(spans: Sequence[Span], offset: int) -> bool:
    """Return whether an offset lies in one of the spans."""
    return any(start <= offset < end for start, end in spans)


class _Reader:
    def __init__(self, code: str) -> None:
        self.facts = Facts()
        self._code = code
        self._lines = [line.encode() for line in code.split("\n")]
        starts = [0]
        for line in code.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        self._starts = starts

    def read(self, tree: ast.Module) -> None:
        """Walk without recursion: students nest deeper than Python's stack allows."""
        waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
        while waiting:
            node, top = waiting.pop()
            self._node(node)
            self._names(node, top=top)
            if isinstance(node, ast.JoinedStr):
                # Its plain parts have no positions of their own.
                waiting += [(part, top) for part in _replacements(node)]
                continue
            waiting += _children(node, top=top)

    def _node(self, node: ast.AST) -> None:  # noqa: C901, PLR0912 - one case per kind of node
        facts = self.facts
        self._dead(node)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                facts.scopes.append(self._block(node.body))
                self._function(node)
                if node.returns is not None:
                    facts.unread.append(self._span(node.returns))
            case ast.ClassDef():
                facts.scopes.append(self._block(node.body))
                if not _plainly_slotted(node):
                    facts.slotted.append(self._span(node))
            case ast.Lambda():
                facts.scopes.append(self._span(node.body))
            case ast.If() if _UNDECIDED_TEST.search(self._text(node.test)):
                facts.quiet.append((self._span(node.test)[1], self._span(node)[1]))
            case ast.While() if _NEVER.search(self._text(node.test)):
                facts.quiet.append((self._span(node.test)[1], self._span(node)[1]))
            case ast.Try() | ast.TryStar() if node.handlers:
                facts.quiet.append(self._block(node.body))
            case ast.With() | ast.AsyncWith():
                start, body = self._span(node)[0], self._block(node.body)
                if _CATCHING.search(self._code, start, body[0]):
                    facts.quiet.append(body)
            case ast.IfExp():
                facts.quiet += [self._span(node.body), self._span(node.orelse)]
            case ast.BoolOp():
                facts.quiet += [self._span(value) for value in node.values[1:]]
            case ast.Assert() if node.msg is not None:
                facts.quiet.append(self._span(node.msg))
            case ast.AnnAssign() | ast.arg() if node.annotation is not None:
                facts.unread.append(self._span(node.annotation))
            case ast.Constant(value=str()):
                facts.unread.append(self._span(node))
            case _:
                pass
        if isinstance(node, _LOOPS):
            facts.loops.append(self._span(node))

    def _dead(self, node: ast.AST) -> None:
        """Note the statements that follow a `return` in the same block."""
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            for before, after in pairwise(block):
                if isinstance(before, _LEAVING):
                    self.facts.quiet.append((self._span(after)[0], self._span(block[-1])[1]))
                    break

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.decorator_list:
            self.facts.decorated.append(self._span(node))
        named = [ast.unparse(decorator) for decorator in node.decorator_list]
        spec = node.args
        positional = len(spec.posonlyargs) + len(spec.args) - len(spec.defaults)
        needed = positional > 1 or any(default is None for default in spec.kw_defaults)
        if named != ["property"] or not needed:
            self.facts.optional.append((self._span(node)[0], self._block(node.body)[0]))

    def _names(self, node: ast.AST, *, top: bool) -> None:
        """Note the names that a node binds; `top` tells the notebook's namespace."""
        facts = self.facts
        names = set(_binds(node))
        facts.assigned |= names
        if top:
            facts.bound |= names
        if isinstance(node, ast.Global):
            facts.bound |= set(node.names)
        if isinstance(node, ast.Delete):
            facts.deleted |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}

    def _offset(self, line: int, column: int) -> int:
        """Return the offset of a position of `ast`: lines from 1, columns in bytes of UTF-8."""
        line = min(line, len(self._lines))  # inside f-strings Python 3.11 may count wrongly
        text = self._lines[line - 1]
        return self._starts[line - 1] + len(text[:column].decode(errors="ignore"))

    def _span(self, node: ast.AST) -> Span:
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line = getattr(node, "end_lineno", None) or line
        end_column = getattr(node, "end_col_offset", None) or column
        return self._offset(line, column), self._offset(end_line, end_column)

    def _block(self, body: Sequence[ast.stmt]) -> Span:
        return self._span(body[0])[0], self._span(body[-1])[1]

    def _text(self, node: ast.AST) -> str:
        start, end = self._span(node)
        return self._code[start:end]


def _children(node: ast.AST, *, top: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Yield a node's parts, each with whether it stands in the notebook's namespace."""
    opens = isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda))
    for name, value in ast.iter_fields(node):
        if name == "target" and isinstance(node, ast.comprehension):
            continue  # bound within the comprehension alone
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                yield part, top and not (opens and name == "body")


def _replacements(node: ast.JoinedStr) -> Iterator[ast.AST]:
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            yield part.value
            if isinstance(part.format_spec, ast.JoinedStr):
                yield from _replacements(part.format_spec)


def _binds(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0]
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if node.name is not None:
            yield node.name
        case ast.MatchMapping() if node.rest is not None:
            yield node.rest
        case _:
            pass


def _plainly_slotted(node: ast.ClassDef) -> bool:
    """Return whether nothing in the class but `__slots__` decides what can be set."""
    if node.decorator_list or node.bases or node.keywords:
        return False
    for part in node.body:
        names = set(_binds(part))
        if isinstance(part, ast.Assign | ast.AnnAssign):
            names = {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
            if names - {"__slots__"}:
                return False
        elif "__setattr__" in names or not isinstance(part, (*_FUNCTIONS, ast.Expr, ast.Pass)):
            return False
    return True
