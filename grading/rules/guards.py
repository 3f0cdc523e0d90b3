"""Which findings of ruff are certain enough to be shown.

Ruff's rules warn of what is likely; a mark says what is certain. Each guard names code that
ruff reports and Python runs. The page's twin is `rules/guards.ts`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grading.rules.catalogue import Certainty
from grading.rules.facts import Facts, within

_ANY_NAME = re.compile(
    r"(?<![\w.])(?:exec|eval|globals|locals|vars|get_ipython)\s*\(|(?<![\w.])dir\s*\(\s*\)"
    r"|__builtins__|\bbuiltins\b|__main__|\buser_ns\b|__dict__|_getframe|\bsys\.modules\b"
    r"|\b_convert_\(|\bimport\s*\*"
)
"""Code that can bind names which no analysis sees."""

_TOP_LEVEL = frozenset({"F704", "PLE1142", "PLE0118"})
_ATTRS = re.compile(r"\battrs?\b")
_IPYTHON_NAME = re.compile(r"_+\d*|_i+\d*|_oh|_dh|_ih|_exit_code|__\w+__")
_CHOICE = re.compile(r"\b(?:if|and|or)\b")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_LITERAL = r"(?:[+-]?\d[\w.]*|True|'[^'\n]*'|\"[^\"\n]*\"|\[[^\[\]]*\]|\([^()\[\]]*\)|\{[^{}]*\})"
_PLAIN_VALUE = re.compile(r"%\s*(?:\d[\w.]*|'[^'\n]*'|\"[^\"\n]*\"|\([^()]*,[^()]*\))$")
_CHARACTER = re.compile(r"%[^A-Za-z%]*c")
_F_STRING = re.compile(r"\b[rR]?[fF][rR]?['\"]")
_NOT_NONE = re.compile(rf"return\s+(?:self|False|{_LITERAL})")
_NO_CLASS = re.compile(_LITERAL)
_COUNTED = re.compile(r"(?:\[[^\[\]()*]*\]|\([^\[\]()*]*\))\[\s*$")
_FIELD = re.compile(
    r"\s*\w+\s*:\s*(?:\w+\.)?(?:list|dict|set|List|Dict|Set|Any|object|Optional|Union|Iterable"
    r"|Sequence|MutableSequence|Mapping|MutableMapping|Collection)\b[^=]*=\s*"
)
_FACTORY = re.compile(r"[\[{]|(?:list|dict|set)\(")
_SUPER_CALL = re.compile(r"\.(?!mro\b)(?:__init__|[^\W_]\w*)\s*\(")
_BOOL = re.compile(r"\s*(?:True|False)\s*")


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of ruff in a cell's plain text; offsets count its characters."""

    code: str
    start: int
    end: int
    message: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the guards look at beside the cell itself."""

    names: frozenset[str]
    """Names that the kernel or another cell may have bound, or that a cell deletes."""
    any_name: bool
    """Some cell can bind names that no analysis sees."""
    attrs: bool
    """Some cell speaks of attrs, whose classes take a list as a default."""


def uses_attrs(source: str) -> bool:
    """Return whether a cell's source speaks of attrs."""
    return _ATTRS.search(source) is not None


def binds_any_name(source: str) -> bool:
    """Return whether a cell's source can bind names which no analysis sees."""
    return _ANY_NAME.search(source) is not None


def compiles_anyway(found: Found, code: str, facts: Facts | None) -> bool:
    """Return whether IPython compiles what ruff refuses.

    Outside functions and classes it runs an `await`, and it compiles statement by statement, so
    that a `global` there is never late.
    """
    if found.code not in _TOP_LEVEL or code.startswith("yield", found.start):
        return False
    return facts is None or not within(facts.scopes, found.start)


def is_certain(
    found: Found, code: str, facts: Facts, around: Surroundings, certainty: Certainty
) -> bool:
    """Return whether a finding of class B or C stands."""
    if within(facts.quiet, found.start):
        return False
    if found.code == "F821":
        return _is_undefined(found, code, facts, around)
    if found.code == "F823":
        return not within(facts.loops, found.start)
    if (
        certainty is Certainty.CALL
        and found.code not in {"PLR0206", "B030", "PLW0245"}
        and within(facts.decorated, found.start)
    ):
        return False
    if found.code == "RUF008" and around.attrs:
        return False
    guard = _GUARDS.get(found.code)
    return guard is None or guard(found, code, facts)


def _is_undefined(found: Found, code: str, facts: Facts, around: Surroundings) -> bool:
    name = code[found.start : found.end]
    return not (
        around.any_name
        or name in around.names
        or _IPYTHON_NAME.fullmatch(name)
        or within(facts.unread, found.start)
        or (name in facts.assigned and within(facts.loops, found.start))
    )


def _text(found: Found, code: str) -> str:
    return code[found.start : found.end]


def _line_before(found: Found, code: str) -> str:
    return code[code.rfind("\n", 0, found.start) + 1 : found.start]


def _without_choice(found: Found, code: str, _facts: Facts) -> bool:
    """A conditional expression may choose the part that is right."""
    return _CHOICE.search(_QUOTED.sub("''", _text(found, code))) is None


def _not_a_mapping(found: Found, code: str, _facts: Facts) -> bool:
    """A text without places takes any mapping."""
    if "has 0 placeholder" not in found.message:
        return True
    return _PLAIN_VALUE.search(_text(found, code)) is not None


def _wrong_value(found: Found, code: str, facts: Facts) -> bool:
    """An f-string may be the one character that `%c` asks for."""
    text = _text(found, code)
    return _without_choice(found, code, facts) and not (
        _CHARACTER.search(text) and _F_STRING.search(text)
    )


def _no_bool(found: Found, code: str, facts: Facts) -> bool:
    """`True` is a whole number to Python."""
    plain = _without_choice(found, code, facts)
    return plain and _BOOL.fullmatch(_text(found, code)) is None


def _returns_value(found: Found, code: str, _facts: Facts) -> bool:
    """`return super().__init__()` returns None after all."""
    return _NOT_NONE.fullmatch(_text(found, code)) is not None


def _plain_slots(found: Found, _code: str, facts: Facts) -> bool:
    return not within(facts.slotted, found.start)


def _needs_argument(found: Found, _code: str, facts: Facts) -> bool:
    return not within(facts.optional, found.start)


def _plain_field(found: Found, code: str, _facts: Facts) -> bool:
    """`InitVar` and `ClassVar` take any default."""
    plain = _FIELD.fullmatch(_line_before(found, code)) is not None
    return plain and _FACTORY.match(_text(found, code)) is not None


def _plain_index(found: Found, code: str, _facts: Facts) -> bool:
    """With a star, or calls, the length is not what it seems."""
    return _COUNTED.search(_line_before(found, code)) is not None


def _super_call(found: Found, code: str, _facts: Facts) -> bool:
    """`super` is a class, with a class's own attributes."""
    return _SUPER_CALL.match(code, found.end) is not None


def _no_class(found: Found, code: str, _facts: Facts) -> bool:
    return _NO_CLASS.fullmatch(_text(found, code)) is not None


_GUARDS: Mapping[str, Callable[[Found, str, Facts], bool]] = {
    "F507": _not_a_mapping,
    "PLE1307": _wrong_value,
    "PLE1507": _without_choice,
    "RUF016": _without_choice,
    "PLE0643": _plain_index,
    "RUF008": _plain_field,
    "PLE0101": _returns_value,
    "PLE0237": _plain_slots,
    "PLE0303": _no_bool,
    "PLE0304": _without_choice,
    "PLE0305": _no_bool,
    "PLE0307": _without_choice,
    "PLE0308": _without_choice,
    "PLE0309": _no_bool,
    "PLW0245": _super_call,
    "PLR0206": _needs_argument,
    "B030": _no_class,
}
