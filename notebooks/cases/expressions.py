"""The language in which an author states a property: a few nodes of Python's, a few functions.

Whether a text belongs to it is decided here, when a case is read; `grading.properties` works out
what it says of data. It reaches no object's methods, imports nothing and has no side effects.
"""

import ast
from collections.abc import Collection, Iterator

from notebooks.syntax import parse_expression

MAX_EXPRESSION = 500
"""Characters of one expression."""
_MAX_DEPTH = 30

READY_MADE = frozenset(
    {
        "same_length", "sorted", "unique", "subset_of_input", "permutation_of_input",
        "permutation_invariant", "idempotent", "repeatable", "keeps_arguments", "increasing",
        "decreasing",
    }
)  # fmt: skip
"""Properties that have a name; an expression that is such a name means it."""

FUNCTIONS = frozenset(
    {
        "abs", "all", "any", "close", "count", "enumerate", "float", "int", "is_finite",
        "is_missing", "keys", "len", "lower", "max", "mean", "median", "min", "range", "round",
        "set", "sorted", "std", "strip", "sum", "upper", "values", "zip",
    }
)  # fmt: skip
"""What may be called; `close` compares within the probe's tolerance."""

ATTRIBUTES = frozenset({"shape", "size", "ndim", "columns"})

RESULT = "result"
"""What the function returned; arguments go by their own names."""

_NODES = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Store, ast.BoolOp, ast.And, ast.Or,
    ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div,
    ast.FloorDiv, ast.Mod, ast.Pow, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt,
    ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot, ast.IfExp, ast.Call, ast.Attribute,
    ast.Subscript, ast.Slice, ast.List, ast.Tuple, ast.Set, ast.ListComp, ast.SetComp,
    ast.GeneratorExp, ast.comprehension,
)  # fmt: skip
_CONSTANTS = (bool, int, float, str, type(None))


def parse(expression: str) -> ast.expr:
    """Return the tree of an expression.

    Raises:
        ValueError: it is no expression of Python's.
    """
    try:
        return parse_expression(expression.strip()).body
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("it is not a Python expression") from error


def fault(expression: str, names: Collection[str] | None) -> str | None:
    """Return why an expression is none of this language, or None if it is one.

    `names` are those that it may read, None meaning any: of a function's parameters that are not
    known yet.
    """
    try:
        tree = parse(expression)
    except ValueError as error:
        return str(error)
    if _deeper(tree, _MAX_DEPTH):
        return "it is nested too deeply"
    bound = {node.id for node in _names(tree) if isinstance(node.ctx, ast.Store)}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        found = _of_node(node)
        if found is not None:
            return found
        if not isinstance(node, ast.Name) or id(node) in called or node.id in bound:
            continue
        if names is not None and node.id not in names:
            return f"`{node.id}` is not known here; known are {', '.join(sorted(names))}"
    return None


def reads(expression: str) -> frozenset[str]:
    """Return the names that an expression takes from outside, functions apart.

    Raises:
        ValueError: it is no expression of Python's.
    """
    tree = parse(expression)
    bound = {node.id for node in _names(tree) if isinstance(node.ctx, ast.Store)}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    free = {node.id for node in _names(tree) if id(node) not in called}
    return frozenset(free - bound)


def _names(tree: ast.expr) -> Iterator[ast.Name]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name))


def _of_node(node: ast.AST) -> str | None:
    if not isinstance(node, _NODES):
        return f"`{_shown(node)}` cannot be used in a property"
    match node:
        case ast.Constant() if not isinstance(node.value, _CONSTANTS):
            return f"`{_shown(node)}` cannot be used in a property"
        case ast.Attribute() if node.attr not in ATTRIBUTES:
            return f"`.{node.attr}` cannot be used; known are .{', .'.join(sorted(ATTRIBUTES))}"
        case ast.Call():
            return _of_call(node)
        case ast.comprehension() if node.is_async:
            return "`async` cannot be used in a property"
    return None


def _of_call(node: ast.Call) -> str | None:
    if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
        known = ", ".join(sorted(FUNCTIONS))
        return f"`{_shown(node.func)}` cannot be called; known are {known}"
    if node.keywords:
        return f"`{node.func.id}` takes no arguments by name here"
    return None


def _shown(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__


def _deeper(node: ast.AST, levels: int) -> bool:
    """Tell whether a tree has more levels than these; looks no deeper than it has to."""
    nodes: list[ast.AST] = [node]
    for _ in range(levels):
        nodes = [child for one in nodes for child in ast.iter_child_nodes(one)]
        if not nodes:
            return False
    return True
