"""A condition of a test as checks: what is compared leaves the sandbox as values."""

import ast
from collections.abc import Sequence

from grading.author_tests.records import Check, Holds, IsInstance, Relation
from grading.author_tests.sides import (
    KEPT_INSIDE,
    Known,
    compares,
    last_part,
    options_of,
    type_names,
)

_RELATIONS: dict[type[ast.cmpop], Relation] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}


def conditions(test: ast.expr, known: Known, *, expected: bool = True) -> tuple[Check, ...] | None:
    """Return checks that hold together if and only if the condition is as expected.

    None if it cannot be taken apart without changing what it does.
    """
    if any(isinstance(node, KEPT_INSIDE) for node in ast.walk(test)):
        return None
    match test:
        case ast.UnaryOp(op=ast.Not()):
            return conditions(test.operand, known, expected=not expected)
        case ast.BoolOp() if isinstance(test.op, ast.And) == expected:
            return _together([conditions(one, known, expected=expected) for one in test.values])
        case ast.Compare() if expected or len(test.ops) == 1:
            return _comparisons(test, known, expected=expected)
        case ast.Call():
            found = _call(test, known)
            if found is not None:
                return _expecting(found, expected=expected)
    return (Holds(expression=ast.unparse(test), expected=expected),)


def _together(found: Sequence[tuple[Check, ...] | None]) -> tuple[Check, ...] | None:
    checks: list[Check] = []
    for part in found:
        if part is None:
            return None
        checks += part
    return tuple(checks)


def _comparisons(test: ast.Compare, known: Known, *, expected: bool) -> tuple[Check, ...]:
    sides = [test.left, *test.comparators]
    made: list[Check] = []
    for left, op, right in zip(sides, test.ops, sides[1:], strict=False):
        relation = _RELATIONS[type(op)]
        approx = (
            right if isinstance(right, ast.Call) and last_part(right.func) == "approx" else None
        )
        options = options_of(approx) if approx is not None else None
        if (
            approx is not None
            and options is not None
            and relation == "=="
            and len(approx.args) == 1
        ):
            near = (options.get("rel", 1e-6), options.get("abs", 1e-12))
            check = compares(left, "isclose", approx.args[0], known, near=near)
        else:
            check = compares(left, relation, right, known)
        made.append(check if expected else check.model_copy(update={"negated": True}))
    return tuple(made)


def _call(  # noqa: C901, PLR0911 - one return per kind of call
    call: ast.Call, known: Known
) -> Check | None:
    """Return the check that a call which answers True or False stands for."""
    name, args, options = last_part(call.func), call.args, options_of(call)
    if options is None:
        return None
    match name, args:
        case "allclose", [a, b] if options.keys() <= {"rtol", "atol"}:
            near = (options.get("rtol", 1e-5), options.get("atol", 1e-8))
            return compares(a, "allclose", b, known, near=near)
        case "isclose", [a, b] if options.keys() <= {"rel_tol", "abs_tol"} and _is(call, "math"):
            near = (options.get("rel_tol", 1e-9), options.get("abs_tol", 0.0))
            return compares(a, "isclose", b, known, near=near)
        case "isclose", [a, b] if options.keys() <= {"rtol", "atol"}:
            near = (options.get("rtol", 1e-5), options.get("atol", 1e-8))
            return compares(a, "allclose", b, known, near=near)
        case "array_equal", [a, b] if not options:
            return compares(a, "==", b, known)
        case "equals", [b] if isinstance(call.func, ast.Attribute) and not options:
            return compares(call.func.value, "==", b, known)
        case "isinstance", [one, kinds]:
            types = type_names(kinds)
            return IsInstance(expression=ast.unparse(one), names=types) if types else None
        case "all", [ast.Compare(ops=[ast.Eq()]) as inner] if not options:
            return compares(inner.left, "==", inner.comparators[0], known)
        case "all", [] if isinstance(call.func, ast.Attribute):
            inner_ = call.func.value
            if isinstance(inner_, ast.Compare) and isinstance(inner_.ops[0], ast.Eq):
                return compares(inner_.left, "==", inner_.comparators[0], known)
    return None


def _expecting(check: Check, *, expected: bool) -> tuple[Check, ...]:
    return (check if expected else check.model_copy(update={"negated": True}),)


def _is(call: ast.Call, module: str) -> bool:
    func = call.func
    inner = func.value if isinstance(func, ast.Attribute) else None
    return isinstance(inner, ast.Name) and inner.id == module
