"""A notebook's cell as plain Python: every character of code stays in its line.

IPython's own syntax is replaced, so that a Python parser can read the rest. The page's twin is
`rules/cells.ts`; one corpus holds the two together.
"""

import re
from dataclasses import dataclass

_CODE_MAGICS = frozenset({"time", "timeit", "capture", "prun"})
"""Cell magics whose body is code of the notebook's own namespace."""

_PLAIN_MAGICS = _CODE_MAGICS | {
    *("alias", "autosave", "bash", "cat", "cd", "cmd", "conda", "config", "cp", "env", "html"),
    *("HTML", "javascript", "js", "latex", "lsmagic", "ls", "ll", "man", "markdown", "matplotlib"),
    *("memit", "mkdir", "mprun", "lprun", "mv", "pinfo", "pip", "precision", "psource", "pwd"),
    *("rm", "rmdir", "script", "set_env", "sh", "svg", "sx", "system", "SVG", "who", "whos"),
    *("writefile", "xmode", "colors", "autoreload"),
}
"""Magics that bring no name into the notebook but those written in their own line."""

_WORD = re.compile(r"[^\W\d]\w*")
_PROMPT = re.compile(r"^\s*(?:>>>|In ?\[\d*\]:)", re.MULTILINE)
_MARGIN = re.compile(r"[ \t]*")
_ESCAPE = re.compile(r"[ \t]*[%!?/,;]")
_HELP = re.compile(r"[^'\"#]*\?[ \t]*$")
_MAGIC_VALUE = re.compile(r"[ \t]*(?:!|%%?[^\W\d])")
_MAGIC_NAME = re.compile(r"%{1,2}(\w*)")
_STRING = re.compile(r"\"\"\"|'''|\"|'")


@dataclass(frozen=True, slots=True)
class PlainCell:
    """A cell that a Python parser can read."""

    lines: tuple[str, ...]
    shifts: tuple[int, ...]
    """Per line, how many characters were taken off its beginning."""
    words: frozenset[str] = frozenset()
    """Names that a magic of the cell may bind."""
    opaque: bool = False
    """What the cell binds cannot be known: a magic, or pasted prompts, may bring any name."""

    @property
    def code(self) -> str:
        """Return the text, without a newline at its end."""
        return "\n".join(self.lines)


def words_of(text: str) -> frozenset[str]:
    """Return everything in a text that could be a name."""
    return frozenset(_WORD.findall(text))


def plain_cell(source: str) -> PlainCell:
    """Return a cell's source as Python, as many lines as it has."""
    # Half a character of two units is no text to a parser; one sign takes its place.
    source = source.encode("utf-8", errors="replace").decode("utf-8")
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if _PROMPT.search(source):
        return _blank(lines, opaque=True)
    words: set[str] = set()
    opaque = False
    first = _first_written(lines)
    while first < len(lines) and lines[first].startswith("%%"):
        name = _magic(lines[first])
        words |= words_of(lines[first])
        opaque = opaque or name not in _PLAIN_MAGICS
        if name not in _CODE_MAGICS:
            return _blank(lines, words=frozenset(words), opaque=opaque)
        lines[first] = ""
        first = _first_written(lines)
    margin = _common_margin(lines)
    if first < len(lines) and not margin and lines[first][:1] in (" ", "\t"):
        # What IPython does with it differs between its versions.
        return _blank(lines, words=words_of(source), opaque=opaque)
    shifts = [len(margin) if line.startswith(margin) else len(line) for line in lines]
    lines = [line[shift:] for line, shift in zip(lines, shifts, strict=True)]
    replaced = _Replacer(lines)
    replaced.run()
    return PlainCell(
        lines=tuple(replaced.lines),
        shifts=tuple(shifts),
        words=frozenset(words | replaced.words),
        opaque=opaque or replaced.opaque,
    )


def _blank(
    lines: list[str], *, words: frozenset[str] = frozenset(), opaque: bool = False
) -> PlainCell:
    empty = ("",) * len(lines)
    return PlainCell(lines=empty, shifts=(0,) * len(lines), words=words, opaque=opaque)


def _first_written(lines: list[str]) -> int:
    return next((i for i, line in enumerate(lines) if line.strip(" \t\f")), len(lines))


def _magic(line: str) -> str:
    found = _MAGIC_NAME.match(line.strip(" \t"))
    return found[1] if found else ""


def _common_margin(lines: list[str]) -> str:
    margins = [_margin(line) for line in lines if line.strip(" \t\f")]
    common = min(margins, key=len, default="")
    while not all(margin.startswith(common) for margin in margins):
        common = common[:-1]
    return common


def _margin(line: str) -> str:
    found = _MARGIN.match(line)
    return found[0] if found else ""


class _Replacer:
    """Walks the characters once and replaces IPython's lines outside strings and brackets."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.words: set[str] = set()
        self.opaque = False
        self._quote = ""
        self._depth = 0

    def run(self) -> None:
        number = 0
        continued = False
        while number < len(self.lines):
            line = self.lines[number]
            begins = not (continued or self._quote or self._depth)
            if begins and (_ESCAPE.match(line) or _HELP.match(line)):
                number = self._replace(number, _margin(line) + "pass")
                continue
            magic = self._scan(line)
            if magic is not None:
                number = self._replace(number, line[:magic] + "None")
                continue
            continued = not self._quote and line.endswith("\\")
            number += 1

    def _replace(self, number: int, text: str) -> int:
        """Put `text` for a line and blank those that a backslash adds to it."""
        while True:
            line = self.lines[number]
            self.words |= words_of(line)
            magic = re.search(r"(?<![%\w])%{1,2}(\w+)", line)
            if magic and magic[1] not in _PLAIN_MAGICS:
                self.opaque = True
            self.lines[number] = text
            number += 1
            if not line.endswith("\\") or number == len(self.lines):
                return number
            text = ""

    def _scan(self, line: str) -> int | None:
        """Follow strings and brackets through a line; return where a magic's value begins."""
        at = 0
        while at < len(line):
            if self._quote:
                at = self._in_string(line, at)
                continue
            char = line[at]
            quote = _STRING.match(line, at)
            if char == "#":
                break
            if quote:
                self._quote = quote[0]
                at = quote.end()
                continue
            if char in "([{":
                self._depth += 1
            elif char in ")]}":
                self._depth = max(0, self._depth - 1)
            elif char == "=" and not self._depth and _MAGIC_VALUE.match(line, at + 1):
                return at + 1
            at += 1
        if len(self._quote) == 1 and not line.endswith("\\"):
            self._quote = ""  # an unclosed string ends with its line
        return None

    def _in_string(self, line: str, at: int) -> int:
        if line[at] == "\\":
            return at + 2
        if line.startswith(self._quote, at):
            length = len(self._quote)
            self._quote = ""
            return at + length
        return at + 1
