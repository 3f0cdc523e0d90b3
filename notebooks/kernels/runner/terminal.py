"""Text as a terminal would leave it: lines written over, colours kept, everything else dropped.

A progress bar writes one line ten thousand times; only the last state of it is text. Of escape
sequences only colours and styles survive, written anew from what was understood of them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from notebooks.text import storable

LIVE_ROWS = 24
"""How many lines can still be written over; nested progress bars move up some."""
LIVE_CHARACTERS = 8192

_MAX_UNFINISHED = 256
"""Characters of an escape sequence that was not sent whole; a longer one is no sequence."""

_TOKEN = re.compile(
    r"""
      \x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])      # a control sequence
    | \x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)                 # titles, links: dropped whole
    | \x1b[ -/]*[0-Z\\^-~]                                    # other escapes
    | (?P<move>[\r\n\b])
    | (?P<text>[^\x00-\x08\x0a-\x1f\x7f-\x9f]+)
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]P^_X][^\x07\x1b]*\x1b?|[ -/]*)?\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_FLAGS = {1, 2, 3, 4, 7, 9}
_FLAG_ENDS = {22: {1, 2}, 23: {3}, 24: {4}, 27: {7}, 29: {9}}
_FOREGROUND, _BACKGROUND = 38, 48
_PALETTE, _RGB = 5, 2


@dataclass(frozen=True, slots=True)
class _Style:
    """Colours and styles, each as the parameters of the sequence that sets it."""

    foreground: str = ""
    background: str = ""
    flags: frozenset[int] = frozenset()

    def sequence(self) -> str:
        parts = [*map(str, sorted(self.flags)), self.foreground, self.background]
        return f"\x1b[{';'.join(filter(None, parts))}m"


_PLAIN = _Style()


@dataclass(slots=True)
class _Row:
    """One line: a character and a style for each column."""

    characters: list[str] = field(default_factory=list)
    styles: list[_Style] = field(default_factory=list)
    styled: bool = False

    def write(self, column: int, text: str, style: _Style) -> None:
        gap = column - len(self.characters)
        if gap > 0:
            self.characters += " " * gap
            self.styles += [_PLAIN] * gap
        self.characters[column : column + len(text)] = text
        self.styles[column : column + len(text)] = [style] * len(text)
        self.styled = self.styled or style is not _PLAIN

    def erase(self, start: int, end: int) -> None:
        if end >= len(self.characters):
            del self.characters[start:], self.styles[start:]
        elif start < end:
            self.write(start, " " * (end - start), _PLAIN)

    def render(self) -> str:
        if not self.styled:
            return "".join(self.characters)
        parts: list[str] = []
        current = _PLAIN
        for character, style in zip(self.characters, self.styles, strict=True):
            if style != current:
                parts.append("\x1b[0m" if current != _PLAIN else "")
                parts.append(style.sequence() if style != _PLAIN else "")
                current = style
            parts.append(character)
        parts.append("\x1b[0m" if current != _PLAIN else "")
        return "".join(parts)


class Terminal:
    """The last lines of a stream, which can still change; what scrolled out is handed over once."""

    def __init__(self) -> None:
        self._rows = [_Row()]
        self._row = 0
        self._column = 0
        self._style = _PLAIN
        self._unfinished = ""
        self._scrolled: list[str] = []

    def write(self, text: str) -> None:
        """Take text as the kernel sent it, in pieces of any size."""
        text = self._unfinished + storable(text)
        self._unfinished = ""
        if not _CONTROL.search(text):
            self._write_lines(text)
        else:
            unfinished = _UNFINISHED.search(text, max(0, len(text) - _MAX_UNFINISHED))
            if unfinished is not None:
                text, self._unfinished = text[: unfinished.start()], unfinished[0]
            for token in _TOKEN.finditer(text):
                self._take(token)
        self._scroll()

    def scrolled(self) -> str:
        """Return, once, the text that can no longer change."""
        text, self._scrolled = "".join(self._scrolled), []
        return text

    def live(self) -> str:
        """Return the text that can still change; it follows what has scrolled out."""
        return "\n".join(row.render() for row in self._rows)

    def _write_lines(self, text: str) -> None:
        """Write text without anything but line ends to look at."""
        first, *more = text.split("\n")
        self._put(first)
        for line in more:
            self._new_line()
            self._put(line)

    def _take(self, token: re.Match[str]) -> None:
        text, move, final = token["text"], token["move"], token["final"]
        if text is not None:
            self._put(text)
        elif move == "\n":
            self._new_line()
        elif move == "\r":
            self._column = 0
        elif move == "\b":
            self._column = max(0, self._column - 1)
        elif final == "m":
            self._style = _restyled(self._style, token["parameters"])
        elif final is not None:
            self._move(final, token["parameters"])

    def _put(self, text: str) -> None:
        if text:
            self._rows[self._row].write(self._column, text, self._style)
            self._column += len(text)

    def _new_line(self) -> None:
        self._row += 1
        self._column = 0
        if self._row == len(self._rows):
            self._rows.append(_Row())
            if len(self._rows) > 2 * LIVE_ROWS:
                self._scroll()

    def _move(self, final: str, parameters: str) -> None:
        if len(parameters) > len("9999"):
            return
        count = int(parameters) if parameters.isdigit() else 0
        steps = max(count, 1)
        match final:
            case "A":
                self._row = max(0, self._row - steps)
            case "B":
                self._row = min(len(self._rows) - 1, self._row + steps)
            case "C":
                width = len(self._rows[self._row].characters)
                self._column = min(self._column + steps, max(width, self._column))
            case "D":
                self._column = max(0, self._column - steps)
            case "G":
                width = len(self._rows[self._row].characters)
                self._column = min(steps - 1, width)
            case "K":
                row = self._rows[self._row]
                start = self._column if count == 0 else 0
                row.erase(start, self._column if count == 1 else len(row.characters))
            case _:
                pass

    def _scroll(self) -> None:
        """Let go of the lines, and of the beginning of a long one, that are too many to keep."""
        widths = [len(row.characters) + 1 for row in self._rows]
        total = sum(widths)
        gone = 0
        while gone < self._row and (len(self._rows) - gone > LIVE_ROWS or total > LIVE_CHARACTERS):
            self._scrolled.append(self._rows[gone].render() + "\n")
            total -= widths[gone]
            gone += 1
        if gone:
            del self._rows[:gone]
            self._row -= gone
        if total > LIVE_CHARACTERS:
            self._scrolled.append(self.live())
            self._rows = [_Row()]
            self._row = 0
            self._column = 0


def settled(text: str) -> str:
    """Return a whole text as a terminal would leave it."""
    if not _CONTROL.search(text):
        return storable(text)
    terminal = Terminal()
    parts = []
    for start in range(0, len(text), LIVE_CHARACTERS):
        terminal.write(text[start : start + LIVE_CHARACTERS])
        parts.append(terminal.scrolled())
    return "".join([*parts, terminal.live()])


def _restyled(style: _Style, parameters: str) -> _Style:
    codes = [int(code) if code.isdigit() else 0 for code in re.split("[;:]", parameters[:60])]
    rest = iter(codes)
    for code in rest:
        if code in {_FOREGROUND, _BACKGROUND}:
            colour = _extended(code, rest)
            style = _coloured(style, code, colour)
        elif code == 0:
            style = _PLAIN
        elif code in _FLAGS:
            style = _Style(style.foreground, style.background, style.flags | {code})
        elif code in _FLAG_ENDS:
            style = _Style(style.foreground, style.background, style.flags - _FLAG_ENDS[code])
        elif 30 <= code <= 37 or 90 <= code <= 97:  # noqa: PLR2004 - ECMA-48's own numbers
            style = _coloured(style, _FOREGROUND, str(code))
        elif 40 <= code <= 47 or 100 <= code <= 107:  # noqa: PLR2004 - as above
            style = _coloured(style, _BACKGROUND, str(code))
        elif code in {39, 49}:
            style = _coloured(style, code - 1, "")
    return _PLAIN if style == _PLAIN else style


def _coloured(style: _Style, which: int, colour: str) -> _Style:
    if which == _FOREGROUND:
        return _Style(colour, style.background, style.flags)
    return _Style(style.foreground, colour, style.flags)


def _extended(which: int, rest: Iterator[int]) -> str:
    """Return the parameters of one of the 256 colours, or of a true colour."""
    mode = next(rest, 0)
    count = {_PALETTE: 1, _RGB: 3}.get(mode, 0)
    values = [min(next(rest, 0), 255) for _ in range(count)]
    return ";".join(map(str, (which, mode, *values))) if values else ""
