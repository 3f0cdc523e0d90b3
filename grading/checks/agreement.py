"""Whether an answer agrees with the ideal's."""

from grading.checks.finding import Finding
from grading.comparison import DifferenceKind, compare, render
from notebooks.cases.probes import Tolerance
from notebooks.kernels.records import Answer
from notebooks.kernels.values import NoneValue, Opaque, Value


def ideal(answer: Answer | None) -> Value | str:
    """Return what the ideal answered, or why it cannot be expected of anybody."""
    if answer is None or (answer.value is None and answer.failure is None):
        return "the ideal solution gives no answer"
    if answer.failure is not None:
        return f"asking the ideal solution raises {answer.failure.name}: {answer.failure.message}"
    value = answer.value
    if value is None or isinstance(value, Opaque):
        told = "nothing" if value is None else f"a `{value.type}` ({value.reason})"
        return f"the answer is {told}; ask for a value"
    if compare(value, value) is not None:
        return "the answer holds something that has no exact kind; ask for plain values"
    if "\\u0000" in value.model_dump_json():
        return "the answer holds a NUL character, which cannot be stored"
    return value


def found(
    expected: Value, observed: Value, tolerance: Tolerance, *, called: bool, in_order: bool = True
) -> Finding:
    """Return how an answer differs from the ideal's.

    `called`: it is what a function returned; `in_order`: the order of rows and items counts.
    """
    difference = compare(expected, observed, tolerance, in_order=in_order)
    shown = render(observed)
    if difference is None:
        return Finding(observed=shown)
    if difference.kind is DifferenceKind.PLACEHOLDER:
        return Finding("placeholder")
    if called and isinstance(observed, NoneValue):
        return Finding("returned_nothing", observed=shown)
    return Finding(
        difference.kind.value,
        difference.where,
        difference.facts,
        shown,
        "decides" if difference.decisive else "doubts",
    )
