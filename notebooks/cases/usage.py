"""What code uses, found in its syntax tree without running it: names, calls and constructs.

A target is a construct (`for`, `lambda`, `recursion` …), a dotted name, looked up through imports
and aliases (`np.mean` is `numpy.mean`), or `.name`, which is an attribute of anything. A module
stands for everything below it. With `()` behind it, only a call counts.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from notebooks.cases import code

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NODES: Mapping[str, tuple[type[ast.AST], ...]] = {
    "for": (ast.For, ast.AsyncFor),
    "while": (ast.While,),
    "loop": (ast.For, ast.AsyncFor, ast.While),
    "if": (ast.If, ast.IfExp),
    "try": (ast.Try,),
    "with": (ast.With, ast.AsyncWith),
    "lambda": (ast.Lambda,),
    "def": _FUNCTIONS,
    "class": (ast.ClassDef,),
    "import": (ast.Import, ast.ImportFrom),
    "global": (ast.Global,),
    "comprehension": _COMPREHENSIONS,
}
RECURSION = "recursion"
CONSTRUCTS = frozenset(_NODES) | {RECURSION}

_TARGET = re.compile(r"\.?[^\W\d]\w*(\.[^\W\d]\w*)*(\(\))?")
_USUAL = {
    "np": "numpy",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
    "sns": "seaborn",
    "sp": "scipy",
    "tf": "tensorflow",
}
"""What authors call modules; students may have named them otherwise."""

_CODE_MAGIC = re.compile(r"%%(time|timeit|capture|prun)\b.*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is used; `line` counts from 1 within the cell."""

    cell: str
    line: int


@dataclass(frozen=True, slots=True)
class Source:
    """A code cell; `own` if its uses count, otherwise it is read for its imports alone."""

    id: str
    text: str
    own: bool


@dataclass(frozen=True, slots=True)
class _Use:
    """A dotted name that is read, as it is written and as its imports resolve it."""

    names: frozenset[str]
    attribute: str | None
    called: bool
    place: Place


class Usage:
    """All that some cells use."""

    def __init__(self, cells: Iterable[Source]) -> None:
        """Read the cells in their order.

        Raises:
            SyntaxError: an own cell cannot be parsed; others are left out.
        """
        self._aliases: dict[str, str] = {}
        self._stars: list[str] = []
        self._bound: set[str] = set()
        self._uses: list[_Use] = []
        self._constructs: list[tuple[ast.AST, Place]] = []
        calls: dict[str, set[str]] = {}
        defined: dict[str, Place] = {}
        for cell in cells:
            try:
                tree = _tree(cell.text)
            except SyntaxError:
                if cell.own:
                    raise
                continue
            for statement in tree.body:
                self._learn(statement)
                if cell.own:
                    self._read(statement, cell.id)
                    for function in _functions(statement):
                        place = Place(cell.id, function.lineno)
                        defined.setdefault(function.name, place)
                        calls.setdefault(function.name, set()).update(_called(function))
        self._recursive = sorted(
            (place for name, place in defined.items() if _reaches(name, calls)),
            key=lambda place: place.line,
        )

    def of(self, target: str) -> Place | None:
        """Return where a target is used first, or None."""
        if target == RECURSION:
            return self._recursive[0] if self._recursive else None
        if target in _NODES:
            kinds = _NODES[target]
            return next((at for node, at in self._constructs if isinstance(node, kinds)), None)
        matches = _matcher(target)
        return next((use.place for use in self._uses if matches(use)), None)

    def _learn(self, statement: ast.stmt) -> None:
        """Note what imports, and assignments of what was imported, call things."""
        for node in ast.walk(statement):
            match node:
                case ast.Import():
                    for alias in node.names:
                        bound = alias.asname or alias.name.split(".")[0]
                        self._aliases[bound] = alias.name if alias.asname else bound
                case ast.ImportFrom(module=str(module)):
                    for alias in node.names:
                        if alias.name == "*":
                            self._stars.append(module)
                        else:
                            self._aliases[alias.asname or alias.name] = f"{module}.{alias.name}"
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                meant = self._resolved(_dotted(value))
                self._aliases.pop(name, None)
                self._bound.add(name)
                if meant is not None:
                    self._aliases[name] = meant
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._aliases.pop(statement.name, None)
                self._bound.add(statement.name)

    def _resolved(self, written: str | None) -> str | None:
        """Return the full name of what was imported; None for anything else."""
        root, _, rest = (written or "").partition(".")
        meant = self._aliases.get(root)
        return None if meant is None else ".".join(filter(None, (meant, rest)))

    def _from_a_star(self, written: str) -> bool:
        """Tell whether a name may come from an `import *`."""
        root = written.partition(".")[0]
        return root not in self._aliases and root not in self._bound

    def _read(self, statement: ast.stmt, cell: str) -> None:
        called = {id(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)}
        nodes = [node for node in ast.walk(statement) if hasattr(node, "lineno")]
        for node in sorted(nodes, key=_position):
            place = Place(cell, _position(node)[0])
            self._constructs.append((node, place))
            if (found := _looked_up(node)) is not None:
                self._uses.append(_Use(frozenset(), found, called=True, place=place))
            written = _dotted(node)
            attribute = node.attr if isinstance(node, ast.Attribute) else None
            if written is None and attribute is None:
                continue
            names = {written, self._resolved(written)} - {None}
            if written is not None and self._from_a_star(written):
                names |= {f"{module}.{written}" for module in self._stars}
            known = frozenset(name for name in names if name is not None)
            self._uses.append(_Use(known, attribute, id(node) in called, place))


def is_target(text: str) -> bool:
    """Tell whether a text names something that can be looked for."""
    return text in CONSTRUCTS or _TARGET.fullmatch(text) is not None


def _matcher(target: str) -> Callable[[_Use], bool]:
    name = target.removesuffix("()")
    must_call = name != target
    if name.startswith(".") and "." not in name[1:]:
        return lambda use: use.attribute == name[1:] and (use.called or not must_call)
    root, _, rest = name.partition(".")
    wanted = {name, ".".join(filter(None, (_USUAL.get(root, root), rest)))}

    def matches(use: _Use) -> bool:
        if must_call and not use.called:
            return False
        return any(
            found == one or (not must_call and found.startswith(f"{one}."))
            for found in use.names
            for one in wanted
        )

    return matches


def _tree(source: str) -> ast.Module:
    first, newline, rest = source.partition("\n")
    return code.parse(newline + rest if _CODE_MAGIC.fullmatch(first) else source)


def _position(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _dotted(node: ast.AST) -> str | None:
    """Return a name or a chain of attributes of one as it is written, where it is read."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return None
    return ".".join([node.id, *reversed(parts)])


def _looked_up(node: ast.AST) -> str | None:
    """Return the attribute that a `getattr` with a plain text asks for."""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
            return name
    return None


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS))


def _called(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name)):
                yield name


def _reaches(start: str, calls: Mapping[str, Iterable[str]]) -> bool:
    """Tell whether a function can come to call itself, directly or by others."""
    seen: set[str] = set()
    waiting: Sequence[str] = [*calls[start]]
    while waiting:
        if start in waiting:
            return True
        seen |= set(waiting)
        waiting = [one for name in waiting for one in calls.get(name, ()) if one not in seen]
    return False
