"""Whether cells print what the ideal's do: line by line, spaces apart, numbers within tolerance."""

import re
from collections import Counter
from collections.abc import Sequence

from grading.checks.finding import Finding
from grading.checks.records import Prints
from grading.comparison.render import cut
from notebooks.cases.probes import Tolerance
from notebooks.kernels.values import Str, Value

MAX_CHARACTERS = 60_000
"""What a replay keeps of one cell's output is a little more: from here on, some may be lost."""

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?(?!\w)")
_SHOWN = 80
_OTHER_NUMBERS = 20
"""Lines that say the same as one that is asked for with another number: a loop may print some."""


def ideal(printed: str) -> Value | str:
    """Return what the ideal's cells print, or why it cannot be expected of anybody."""
    if not _lines(printed):
        return "the cells of this subtask print nothing in the ideal solution"
    if len(printed) > MAX_CHARACTERS:
        return f"the ideal solution prints more than {MAX_CHARACTERS} characters; print less of it"
    if "\x00" in printed:
        return "the ideal solution prints a NUL character, which cannot be stored"
    return Str(v=printed)


def varies(texts: Sequence[str], tolerance: Tolerance) -> bool:
    """Tell whether the ideal's cells print another thing each time."""
    first = _lines(texts[0])
    return any(
        len(lines) != len(first) or not all(map(_Alike(tolerance), first, lines))
        for lines in map(_lines, texts)
    )


def found(check: Prints, expected: str, printed: str, tolerance: Tolerance) -> Finding:
    """Return the first line of what is printed that is not the ideal's."""
    wanted, given = _lines(expected), _lines(printed)
    observed = cut("\n".join(given), 200)
    if not given:
        return Finding("printed_nothing")
    alike = _Alike(tolerance)
    if check.other_lines:
        return _among(wanted, given, alike, observed)
    for number, (ours, theirs) in enumerate(zip(wanted, given, strict=False), start=1):
        if not alike(ours, theirs):
            facts = {"line": str(number), "observed": cut(theirs, _SHOWN)}
            kind = "printed_numbers" if _words(ours) == _words(theirs) else "printed_line"
            return Finding(kind, facts=facts, observed=observed)
    if len(wanted) != len(given):
        return Finding("printed_lines", facts={"count": str(len(given))}, observed=observed)
    return Finding(observed=observed)


def _among(wanted: Sequence[str], given: Sequence[str], alike: "_Alike", observed: str) -> Finding:
    """Look for the ideal's lines in their order, whatever stands between them."""
    left = iter(given)
    for ours in wanted:
        if not any(alike(ours, theirs) for theirs in left):
            return Finding("printed_missing", observed=observed)
    if _guesses(wanted, given):
        return Finding("printed_many", observed=observed, weight="doubts")
    return Finding(observed=observed)


def _guesses(wanted: Sequence[str], given: Sequence[str]) -> bool:
    """Tell whether a line is said with so many numbers that the right one may be among them."""
    ours, theirs = Counter(map(_words, wanted)), Counter(map(_words, set(given)))
    return any("#" in words and theirs[words] > ours[words] + _OTHER_NUMBERS for words in ours)


class _Alike:
    """Tells whether two lines say the same."""

    def __init__(self, tolerance: Tolerance) -> None:
        self._tolerance = tolerance

    def __call__(self, ours: str, theirs: str) -> bool:
        if ours == theirs:
            return True
        near = map(self._near, _numbers(ours), _numbers(theirs))
        return _words(ours) == _words(theirs) and all(near)

    def _near(self, ours: float, theirs: float) -> bool:
        if ours == theirs:
            return True
        scale = max(abs(ours), abs(theirs))
        return (
            abs(ours - theirs)
            <= max(self._tolerance.absolute, self._tolerance.relative * scale)
            < float("inf")
        )


def _lines(text: str) -> list[str]:
    """Return the lines that are not blank, each run of spaces as one."""
    return [flat for line in text.splitlines() if (flat := " ".join(line.split()))]


def _words(line: str) -> str:
    """Return a line with a mark in place of each number."""
    return " ".join(_NUMBER.sub("#", line).split())


def _numbers(line: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(line)]
