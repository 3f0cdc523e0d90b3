"""What beginners get wrong, as edits of one node: operators, borders, axes, columns, methods.

Each operator is a generator from a node to edits; none looks beyond its node but for the names
and columns of the case. That an edit changes anything is found out later, by running it.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grading.mutation.edits import Edit, Places

Node = ast.AST


@dataclass(frozen=True, slots=True)
class Scope:
    """What an operator may put in place of something else."""

    names: frozenset[str]
    """Names that the solution binds anywhere."""
    columns: tuple[str, ...]
    """Strings that the solution uses in square brackets, in order."""


Operator = Callable[[Node, Places, Scope], Iterator[Edit]]

_COMPARISONS: Mapping[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.Is: ("is", "is not"),
}
_ARITHMETIC: Mapping[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "//"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}
_SWAPPED = (
    ("mean", "median"), ("sum", "mean"), ("min", "max"), ("any", "all"), ("head", "tail"),
    ("first", "last"), ("nlargest", "nsmallest"), ("idxmax", "idxmin"), ("argmax", "argmin"),
    ("lower", "upper"), ("std", "var"), ("count", "size"), ("cumsum", "cumprod"),
    ("union", "intersection"), ("startswith", "endswith"), ("ffill", "bfill"),
    ("isna", "notna"), ("isnull", "notnull"), ("floor", "ceil"), ("loc", "iloc"),
    ("fit_transform", "transform"), ("mean_absolute_error", "mean_squared_error"),
    ("precision_score", "recall_score"), ("predict_proba", "predict"), ("append", "extend"),
    ("keys", "values"),
)  # fmt: skip
_ALSO: Mapping[str, tuple[str, ...]] = {"transform": ("fit_transform",), "max": ("min",)}
_DROPPED = frozenset({
    "dropna", "fillna", "drop_duplicates", "sort_values", "sort_index", "reset_index", "copy",
    "round", "strip", "lower", "upper", "astype", "abs", "unique", "ravel", "squeeze", "rename",
})  # fmt: skip
_IDLE_CALLS = frozenset({"sorted", "abs", "round", "set", "reversed", "int", "str"})
_WORDS: Mapping[str, str] = {
    "inner": "left", "left": "inner", "outer": "inner", "right": "left", "mean": "median",
    "median": "mean", "sum": "mean", "min": "max", "max": "min", "first": "last", "last": "first",
    "columns": "index", "index": "columns", "coerce": "ignore", "macro": "micro",
}  # fmt: skip
_SIDES = (("train", "test"), ("test", "train"))
_MAX_OTHER_COLUMNS = 2


def comparisons(node: Node, places: Places, _scope: Scope) -> Iterator[Edit]:
    """Move a border: `<` for `<=`."""
    if not isinstance(node, ast.Compare):
        return
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        pair = _COMPARISONS.get(type(operator))
        if pair is not None:
            yield from _in_gap(places, left, right, pair)
        left = right


def arithmetic(node: Node, places: Places, _scope: Scope) -> Iterator[Edit]:
    """Take another operation: `+` for `-`."""
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            pair = _ARITHMETIC.get(type(operator))
            if pair is not None:
                yield from _in_gap(places, left, right, pair)
        case ast.BoolOp(op=junction, values=[first, second, *_]):
            word = ("and", "or") if isinstance(junction, ast.And) else ("or", "and")
            yield from _in_gap(places, first, second, word)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield places.replace(node, f"({places.text(operand)})")


def constants(node: Node, places: Places, scope: Scope) -> Iterator[Edit]:
    """Be off by one or by a tenth, or take the other truth, word or column."""
    if not isinstance(node, ast.Constant):
        return
    match node.value:
        case bool(truth):
            yield places.replace(node, str(not truth))
        case int(number):
            yield places.replace(node, str(number + 1))
            yield places.replace(node, str(number - 1) if number else "2")
        case float(number):
            yield places.replace(node, repr(round(number * 1.1 + 0.1, 6)))
            yield places.replace(node, repr(round(number * 0.9 - 0.1, 6)))
        case str(text) if text in _WORDS:
            yield places.replace(node, repr(_WORDS[text]))
        case str(text) if text in scope.columns:
            others = [column for column in scope.columns if column != text]
            for other in others[:_MAX_OTHER_COLUMNS]:
                yield places.replace(node, repr(other))
        case str(text) if text:
            yield places.replace(node, repr(text + "_"))


def methods(node: Node, places: Places, _scope: Scope) -> Iterator[Edit]:
    """Call a neighbour: `median` for `mean`, `transform` for `fit_transform`."""
    match node:
        case ast.Attribute(attr=name, value=value):
            for other in _neighbours(name):
                start = places.end(value)
                end = places.end(node)
                written = places.source[start:end]
                yield Edit(start, end, _last_replaced(written, name, other))
        case ast.Call(func=ast.Name(id=name) as function):
            for other in _neighbours(name):
                yield places.replace(function, other)


def left_out(node: Node, places: Places, _scope: Scope) -> Iterator[Edit]:
    """Forget a step: `.dropna()`, `sorted(…)`, an argument, a member of a list."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name, value=value)) if name in _DROPPED:
            yield places.replace(node, places.text(value))
        case ast.Call(func=ast.Name(id=name), args=[only, *_]) if name in _IDLE_CALLS:
            yield places.replace(node, f"({places.text(only)})")
    match node:
        case ast.Call(args=args, keywords=keywords):
            for keyword in keywords:
                if keyword.arg is not None and (args or len(keywords) > 1):
                    yield _without(places, keyword)
            if len(args) > 1 and not keywords:
                yield Edit(places.start(args[0]), places.start(args[1]), "")
        case ast.List(elts=[first, second, *_]):
            yield Edit(places.start(first), places.start(second), "")
        case ast.Subscript(value=value, slice=ast.Compare() | ast.BinOp()):
            yield places.replace(node, places.text(value))  # a filter
        case ast.If(test=test) | ast.IfExp(test=test):
            yield places.replace(test, f"not ({places.text(test)})")


def other_sides(node: Node, places: Places, scope: Scope) -> Iterator[Edit]:
    """Mix up the parts of a split: test for train, everything for train."""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return
    for side, other in _SIDES:
        if side not in node.id:
            continue
        swapped = node.id.replace(side, other)
        whole = node.id.replace(f"_{side}", "").replace(f"{side}_", "")
        for name in (swapped, whole):
            if name != node.id and name in scope.names:
                yield places.replace(node, name)


def statements(node: Node, places: Places, _scope: Scope) -> Iterator[Edit]:
    """Forget a statement that works on what is there already, or return nothing."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute())) | ast.AugAssign():
            yield places.replace(node, "pass")
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield places.replace(node, "pass")
        case ast.Return(value=ast.expr() as value) if places.text(value) != "None":
            yield places.replace(value, "None")
        case ast.Break() | ast.Continue():
            yield places.replace(node, "pass")


OPERATORS: Sequence[Operator] = (
    comparisons,
    arithmetic,
    constants,
    methods,
    left_out,
    other_sides,
    statements,
)


def _in_gap(
    places: Places, left: ast.expr, right: ast.expr, pair: tuple[str, str]
) -> Iterator[Edit]:
    """Replace an operator between two nodes; brackets and comments may stand there, too."""
    start, end = places.between(left, right)
    gap, (was, becomes) = places.source[start:end], pair
    if gap.count(was) == 1 and "#" not in gap:
        at = start + gap.index(was)
        yield Edit(at, at + len(was), becomes)


def _neighbours(name: str) -> Iterator[str]:
    for one, other in _SWAPPED:
        if name == one:
            yield other
        elif name == other:
            yield one
    yield from _ALSO.get(name, ())


def _last_replaced(text: str, was: str, becomes: str) -> str:
    at = text.rindex(was)
    return text[:at] + becomes + text[at + len(was) :]


def _without(places: Places, keyword: ast.keyword) -> Edit:
    """Take an argument out with the comma before it, or else the one after it."""
    start, end = places.start(keyword), places.end(keyword)
    before = places.source[:start].rstrip()
    if before.endswith(","):
        return Edit(len(before) - 1, end, "")
    after = places.source[end:]
    rest = after.lstrip()
    return Edit(start, end + len(after) - len(rest) + 1 if rest.startswith(",") else end, "")
