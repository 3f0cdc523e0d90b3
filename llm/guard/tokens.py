"""Tokens of code, and of prose that may hold code; tolerant of anything."""

import builtins
import keyword
import re

_TOKEN = re.compile(
    r"""(?P<string>[rbfuRBFU]{0,2}(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
      | (?P<number>\d+(?:[._]\d+)*(?:[eE][+-]?\d+)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<operator>\*\*=?|//=?|[<>=!]=|->|:=|[-+*/%&|^]=|<<|>>|[^\s\w])
    """,
    re.VERBOSE,
)
_DOCSTRING = re.compile(r"('''|\"\"\")(?:.|\n)*?\1")
RESERVED = frozenset(keyword.kwlist) | frozenset(dir(builtins))


def tokens(code: str) -> list[str]:
    """Return tokens; a string constant loses its prefix and gets single quotes."""
    found = []
    for match in _TOKEN.finditer(code):
        text = match.group()
        if match.lastgroup == "string":
            quote = min(at for at in (text.find("'"), text.find('"')) if at >= 0)
            text = f"'{text[quote + 1 : -1]}'"
        elif match.lastgroup == "number":
            text = text.replace("_", "")
        found.append(text)
    return found


def bare(code: str) -> str:
    """Return code without comments and triple-quoted strings."""
    without = _DOCSTRING.sub("''", code)
    return "\n".join(_uncommented(line) for line in without.splitlines())


def _uncommented(line: str) -> str:
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote and line[at - 1] != "\\" else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "#":
            return line[:at]
    return line


def grams(found: list[str], size: int) -> set[tuple[str, ...]]:
    """Return all runs of `size` tokens."""
    return {tuple(found[at : at + size]) for at in range(len(found) - size + 1)}


def alpha(found: list[str]) -> list[str]:
    """Return tokens with every free name replaced: what a renaming leaves as it is."""
    shown = []
    for at, token in enumerate(found):
        attribute = at > 0 and found[at - 1] == "."
        free = token.isidentifier() and token not in RESERVED and not attribute
        shown.append("ID" if free else token)
    return shown
