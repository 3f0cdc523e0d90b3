"""What is called for a property: each call as it is, and again in another way where a name asks."""

import random
from collections.abc import Iterator, Sequence
from enum import StrEnum

from notebooks.kernels.records import AskCall
from notebooks.kernels.values import Sequence as Items
from notebooks.kernels.values import Value

_SEED = 7
_ROUNDS = 4


class Form(StrEnum):
    """How a function is called."""

    PLAIN = "plain"
    AGAIN = "again"
    """A second time."""
    TWICE = "twice"
    """With its own result for its first argument."""
    SHUFFLED = "shuffled"
    """With the items of its first argument in another order."""
    KEPT = "kept"
    """As it is, but what comes back are the arguments, as they are then."""


NEEDED = {
    "idempotent": Form.TWICE,
    "repeatable": Form.AGAIN,
    "permutation_invariant": Form.SHUFFLED,
    "keeps_arguments": Form.KEPT,
}
"""What a property has to see besides the plain call."""

_FUNCTIONS = {
    Form.TWICE: "(lambda *_given_: {0}({0}(*_given_), *_given_[1:]))",
    Form.KEPT: "(lambda *_given_: ({0}(*_given_), _given_)[1])",
}


def asks(
    function: str, args: tuple[Value, ...], holds: Sequence[str]
) -> Iterator[tuple[Form, AskCall]]:
    """Yield what is asked about one call: how it is called, and the question itself."""
    forms = dict.fromkeys([Form.PLAIN, *(NEEDED[name] for name in holds if name in NEEDED)])
    for form in forms:
        given = shuffled(args) if form is Form.SHUFFLED else args
        if given is not None:
            called = _FUNCTIONS.get(form, "{0}").format(function)
            yield form, AskCall(function=called, args=given)


def shuffled(args: tuple[Value, ...]) -> tuple[Value, ...] | None:
    """Return arguments with the first one's items in another order; None if there is no other."""
    first = args[0] if args else None
    if not isinstance(first, Items) or first.t not in {"list", "tuple"}:
        return None
    choose = random.Random(_SEED)  # noqa: S311 # nosec B311 - variety, not secrecy
    for _ in range(_ROUNDS):
        mixed = tuple(choose.sample(first.v, len(first.v)))
        if mixed != first.v:
            return (first.model_copy(update={"v": mixed}), *args[1:])
    return None
