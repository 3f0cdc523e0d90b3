"""What only the ideal solution holds: its tokens less those that the student has or may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from llm.guard.tokens import RESERVED, alpha, bare, grams, tokens

GRAM = 3
RENAMED_GRAM = 6
_OPEN = "("
_EMPTY = frozenset(["''"])
_SIGNS = frozenset("()[]{},.:=;'\"`\\#@!?$…«»“”")
"""Signs that prose has too: alone, they are no secret."""
_PLAIN = frozenset({"in", "is", "as", "if", "for", "else", "self", "print", "import", "from"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What must not be told. Tokens are as in code; `known` is what may be said freely."""

    atoms: frozenset[str]
    """Names, constants and operators that only the ideal solution has, or has more of."""
    removed: frozenset[str]
    """What the student's code has in place of them."""
    grams: frozenset[tuple[str, ...]]
    renamed: frozenset[tuple[str, ...]]
    known: frozenset[str]
    known_lines: frozenset[tuple[str, ...]]
    """The lines that the student can read already, as tokens."""


def secret_of(
    ideal: str, student: str, *, readable: str = "", interface: Sequence[str] = ()
) -> Secret:
    """Return what of the ideal code a student with this code does not have.

    `readable` is all the student may read: statement, template, public messages. A case whose
    statement itself holds the answer has no secret.
    """
    wanted, had = tokens(bare(ideal)), tokens(student)
    bare_had = tokens(bare(student))
    given = tokens(readable) + [token for name in interface for token in tokens(name)]
    known = set(had) | set(given)
    known |= {token.strip("'") for token in known}
    added, removed = _edits(bare_had, wanted)
    names = {
        token
        for token in wanted
        if token.strip("'") not in known and token not in _SIGNS and not _trivial(token)
    }
    # Digits and names of the statement are no secret; a sign of it may be.
    edited = {token for token in added if not _trivial(token) and token not in set(given)}
    fresh = {
        gram
        for gram in grams(wanted, GRAM) - grams(had, GRAM) - grams(given, GRAM)
        if sum(token not in _SIGNS for token in gram) > 1 and _code_like(gram)
    }
    shape = grams(alpha(wanted), RENAMED_GRAM) - grams(alpha(bare_had), RENAMED_GRAM)
    lines = (student + "\n" + readable).splitlines()
    if _grouped(wanted) > _grouped(bare_had):
        edited.add("()")
    return Secret(
        atoms=frozenset(names | edited),
        removed=frozenset(token for token in removed if token not in _SIGNS),
        grams=frozenset(fresh),
        renamed=frozenset(shape - grams(alpha(given), RENAMED_GRAM)),
        known=frozenset(known),
        known_lines=frozenset(tuple(tokens(line)) for line in lines if line.strip()),
    )


def _edits(had: list[str], wanted: list[str]) -> tuple[set[str], set[str]]:
    added: set[str] = set()
    removed: set[str] = set()
    matcher = SequenceMatcher(None, had, wanted, autojunk=False)
    for _, low, high, start, end in (code for code in matcher.get_opcodes() if code[0] != "equal"):
        removed.update(had[low:high])
        added.update(wanted[start:end])
    # A name that both have, only elsewhere, is nothing new; a sign or a number may well be.
    both = {token for token in added if token in had and token.isidentifier()}
    return {token for token in added - both if token not in _SIGNS}, removed


def _grouped(code: list[str]) -> int:
    """Count parentheses that group, and do not call."""
    return sum(
        token == _OPEN
        and (at == 0 or not (code[at - 1][-1].isalnum() or code[at - 1] in {"]", ")"}))
        for at, token in enumerate(code)
    )


def _trivial(token: str) -> bool:
    return token in _PLAIN or (token.isidentifier() and len(token) == 1) or token in _EMPTY


def _code_like(gram: tuple[str, ...]) -> bool:
    """Tell whether prose would hardly hold it: three words in a row may be a sentence."""
    words = sum(token.isidentifier() and token not in RESERVED for token in gram)
    return words < len(gram) and not all(token in _SIGNS or token.isdigit() for token in gram)
