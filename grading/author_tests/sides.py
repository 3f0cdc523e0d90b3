"""The two sides of a comparison in a test's text: who is to say what each of them is."""

import ast
from collections.abc import Collection
from dataclasses import dataclass

from grading.author_tests.records import Compares, Relation, Side
from grading.author_tests.relations import KNOWN_TYPES, UnreadableError, typed
from notebooks.cases.code import read_names

KEPT_INSIDE = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
"""What cannot be moved out of a statement."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the names when a condition is met."""

    students: frozenset[str]
    """Names whose value is the student's work, or made or changed by it."""


def compares(
    left: ast.expr,
    relation: Relation,
    right: ast.expr,
    known: Known,
    *,
    near: tuple[float, float] = (0.0, 0.0),
) -> Compares:
    """Return a comparison in which one side at most is said by somebody else than the student."""
    a, b = _side(left, known), _side(right, known)
    if a.source != "student" and b.source != "student":
        if b.source == "literal" or a.source == "ideal":
            a = Side(expression=a.expression, source="student")
        else:
            b = Side(expression=b.expression, source="student")
        if "literal" not in (a.source, b.source):
            a, b = (Side(expression=one.expression, source="student") for one in (a, b))
    return Compares(left=a, relation=relation, right=b, relative=near[0], absolute=near[1])


def _side(node: ast.expr, known: Known) -> Side:
    text = ast.unparse(node)
    try:
        value = typed(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, UnreadableError):
        theirs = bool(read_names(node) & known.students)
        return Side(expression=text, source="student" if theirs else "ideal")
    return Side(expression=text, source="literal", value=value)


def options_of(call: ast.Call) -> dict[str, float] | None:
    """Return a call's keyword numbers; None if there is another keyword, or `*` or `**`."""
    found: dict[str, float] = {}
    if any(isinstance(one, ast.Starred) for one in call.args):
        return None
    for keyword in call.keywords:
        value = keyword.value
        if keyword.arg in ("err_msg", "msg", "verbose") and isinstance(value, ast.Constant):
            continue
        if keyword.arg is None or not isinstance(value, ast.Constant):
            return None
        if not isinstance(value.value, int | float) or isinstance(value.value, bool):
            return None
        found[keyword.arg] = float(value.value)
    return found


def exception_names(node: ast.expr | None) -> tuple[str, ...]:
    """Return the exceptions that an `except` or `raises` names; empty if it does not by names."""
    if node is None:
        return ("BaseException",)
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    names = tuple(last_part(part) for part in parts)
    return names if all(names) else ()


def type_names(node: ast.expr) -> tuple[str, ...]:
    """Return the types that `isinstance` is asked for; empty if one is not known here."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    names = tuple(last_part(part) for part in parts)
    return names if all(name in KNOWN_TYPES for name in names) else ()


def last_part(node: ast.expr) -> str:
    """Return the last part of a dotted name; empty for any other expression."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case _:
            return ""


def changed_by(node: ast.AST, students: Collection[str]) -> set[str]:
    """Return names that a call of the student's code within `node` may change: its arguments."""
    found: set[str] = set()
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and read_names(call) & set(students):
            found |= {
                name.id
                for name in ast.walk(call)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)
            }
    return found
