"""One stream output: its beginning and its end, and what of it a reader does not know yet."""

from typing import Literal

from notebooks.kernels.records import Note, Output, OutputAppended, OutputSet
from notebooks.kernels.runner.terminal import LIVE_CHARACTERS, Terminal

HEAD_CHARACTERS = 64 * 1024
TAIL_CHARACTERS = 16 * 1024
LEAST_ROOM = LIVE_CHARACTERS + LIVE_CHARACTERS // 2
"""Characters that a new stream output needs."""

REWRITE_FLUSHES = 4
LOSSY_FLUSHES = 20
_CHARACTERS_PER_FLUSH = 16 * 1024

_GAP = "⋯\n"
"""Stands where text was left out, whatever the reader's language."""


class StreamOutput:
    """The text of one stream output, bounded by `room` characters however much is written to it.

    Beyond the beginning only the newest lines are kept, so that a progress bar goes on and the last
    line of a long log is there.
    """

    def __init__(self, name: Literal["stdout", "stderr"], room: int) -> None:
        self.name = name
        self.note: Note | None = None
        self._terminal = Terminal()
        settled = max(0, room - LIVE_CHARACTERS)
        self._head_room = min(HEAD_CHARACTERS, settled * 3 // 4)
        self._tail_room = min(TAIL_CHARACTERS, settled // 4)
        self._head = ""
        self._tail = ""
        self._live = ""
        self._lost = 0
        self._sent: str | None = None

    @property
    def size(self) -> int:
        """Return how many characters are held."""
        return len(self._head) + len(self._tail) + len(self._live)

    @property
    def capacity(self) -> int:
        """Return how many characters are held at most, however much will be written."""
        return self._head_room + self._tail_room + LIVE_CHARACTERS

    @property
    def flushes(self) -> int:
        """Return how many flushes a change has to wait for.

        Whoever stores a change writes the whole text anew, so a long one changes less often, and so
        does a line that is written over.
        """
        rewrites = self._sent is not None and not self._text().startswith(self._sent)
        if rewrites:
            return LOSSY_FLUSHES if self._lost else REWRITE_FLUSHES
        return 1 + self.size // _CHARACTERS_PER_FLUSH

    def write(self, text: str) -> None:
        """Add what the kernel wrote."""
        self._terminal.write(text)
        self._live = self._terminal.live()
        scrolled = self._terminal.scrolled()
        if not self._tail:
            room = self._head_room - len(self._head)
            self._head, scrolled = self._head + scrolled[:room], scrolled[room:]
        if scrolled:
            self._keep_end(self._tail + scrolled)

    def change(self) -> OutputSet | OutputAppended | None:
        """Return the event that brings a reader up to date, with index 0; None if there is none."""
        text, sent = self._text(), self._sent
        self._sent = text
        if sent is None:
            return OutputSet(index=0, output=self.output(0))
        if text == sent:
            return None
        start = len(sent)
        if not text.startswith(sent):
            # Whole lines, so that each state of a line makes the one before worthless.
            start = text.rfind("\n", 0, _common(sent, text)) + 1
        return OutputAppended(index=0, text=text[start:], start=start)

    def resend(self) -> None:
        """Forget what was sent: it did not arrive, or is gone."""
        self._sent = None

    def left_out(self) -> int:
        """Return how many characters the bounds of this output have cost."""
        return self._lost

    def output(self, omitted: int) -> Output:
        """Return the whole output; `omitted` characters more were never written to it."""
        return Output(
            kind="stream",
            name=self.name,
            text=self._text(),
            omitted_bytes=self._lost + omitted,
            note=self.note,
        )

    def _keep_end(self, text: str) -> None:
        if len(text) > self._tail_room:
            cut = len(text) - self._tail_room
            line = text.find("\n", cut)
            cut = line + 1 if line >= 0 else cut
            self._lost += cut
            text = text[cut:]
        self._tail = text

    def _text(self) -> str:
        if not self._lost:
            return self._head + self._tail + self._live
        line_end = "" if self._head.endswith("\n") or not self._head else "\n"
        return f"{self._head}{line_end}{_GAP}{self._tail}{self._live}"


def _common(before: str, after: str) -> int:
    """Return how many characters at the beginning are the same."""
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[:middle] == after[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
