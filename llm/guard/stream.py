"""A stream held back: sentences come out only once they are whole and judged."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from llm.guard.conversation import Guard

_END = re.compile(r"(?<=[.!?…])[\"'»”)]*\s+|\n+")
_FENCE = re.compile(r"^(?:```|~~~)", re.MULTILINE)
MOST_HELD = 4000
"""Characters of a sentence or fence that never ends; such a text is not released."""


@dataclass(frozen=True, slots=True)
class Held:
    """The stream has to stop: the reason for the log, and what was not released."""

    reason: str
    text: str


class Sentences:
    """Feeds pieces of a stream to a guard and lets out what passes, one sentence behind."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._kept = ""
        self.released = ""
        self.held: Held | None = None

    def feed(self, piece: str) -> Iterator[str]:
        """Yield what may be shown after this piece; once `held` is set, nothing comes any more."""
        self._kept += piece
        while self.held is None and (cut := _cut(self._kept)) is not None:
            yield from self._judge(cut)
        if len(self._kept) > MOST_HELD:
            self.held = Held("endless", self._kept)

    def end(self) -> Iterator[str]:
        """Yield the rest, if it passes."""
        if self.held is None and self._kept:
            yield from self._judge(len(self._kept))

    def _judge(self, cut: int) -> Iterator[str]:
        sentence, rest = self._kept[:cut], self._kept[cut:]
        reason = self._guard.leak(sentence)
        if reason is None and rest.strip():
            # What follows may already tell what this sentence was the first half of.
            following = rest[: end.end()] if (end := _END.search(rest)) else ""
            reason = self._guard.leak(sentence + following) if following else None
        if reason is not None:
            self.held = Held(reason, sentence)
            return
        self._guard.say(sentence)
        self._kept = rest
        self.released += sentence
        yield sentence


def _cut(text: str) -> int | None:
    """Return where the first whole sentence or fence ends, once something follows it."""
    fence = _FENCE.search(text)
    for end in _END.finditer(text):
        if end.end() == len(text) or text[: end.start()].count("`") % 2:
            continue
        if fence is None or end.end() <= fence.start():
            return end.end()
        closing = _FENCE.search(text, fence.end())
        after = None if closing is None else text.find("\n", closing.end())
        return after + 1 if after is not None and after >= 0 else None
    return None
