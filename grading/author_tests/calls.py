"""Calls that assert something, as numpy, pandas, pytest and unittest have them."""

import ast

from grading.author_tests.conditions import conditions
from grading.author_tests.records import Check, IsInstance, Raises
from grading.author_tests.sides import (
    KEPT_INSIDE,
    Known,
    compares,
    exception_names,
    last_part,
    options_of,
    type_names,
)


def assertion_call(  # noqa: C901, PLR0911 - one return per kind of assertion
    call: ast.Call, known: Known
) -> tuple[Check, ...] | None:
    """Return the checks of a call such as `assert_allclose(f(2), 4)`; None if it is not known."""
    name, args, options = last_part(call.func), call.args, options_of(call)
    if any(isinstance(node, KEPT_INSIDE) for node in ast.walk(call)) or options is None:
        return None
    match name, args:
        case (("assert_true" | "assertTrue" | "assert_"), [one]):
            return conditions(one, known)
        case (("assert_false" | "assertFalse"), [one]):
            return conditions(one, known, expected=False)
        case (("assert_equal" | "assertEqual" | "assert_array_equal"), [a, b]) if not options:
            return (compares(a, "==", b, known),)
        case (("assert_not_equal" | "assertNotEqual"), [a, b]) if not options:
            return (compares(a, "!=", b, known),)
        case (("assert_in" | "assertIn"), [a, b]) if not options:
            return (compares(a, "in", b, known),)
        case "assert_allclose", [a, b] if options.keys() <= {"rtol", "atol"}:
            near = (options.get("rtol", 1e-7), options.get("atol", 0.0))
            return (compares(a, "allclose", b, known, near=near),)
        case (("assert_almost_equal" | "assert_array_almost_equal" | "assertAlmostEqual"), [a, b]):
            places = options.pop("decimal", options.pop("places", 6 if "array" in name else 7))
            near = (0.0, 1.5 * 10.0**-places)
            return None if options else (compares(a, "allclose", b, known, near=near),)
        case (("assert_frame_equal" | "assert_series_equal"), [a, b]) if not options:
            return (compares(a, "==", b, known, near=(1e-5, 1e-8)),)
        case (("assert_raises" | "assertRaises" | "raises"), [error, function, *rest]):
            names = exception_names(error)
            made = ast.Call(func=function, args=rest, keywords=call.keywords)
            return (raises(made, names),) if names else None
        case (("assert_is_instance" | "assertIsInstance"), [one, kinds]):
            types = type_names(kinds)
            return (IsInstance(expression=ast.unparse(one), names=types),) if types else None
    return None


def raises(call: ast.expr, names: tuple[str, ...]) -> Raises:
    """Return the check that an expression raises one of the exceptions."""
    return Raises(expression=ast.unparse(call), names=names)
