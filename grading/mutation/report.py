"""How strong a case's questions are, in plain words for its author."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grading.mutation.trial import Change, Tried
from grading.verdict import Verdict

_WEAK, _STRONG = 0.7, 0.9


@dataclass(frozen=True, slots=True)
class Strength:
    """The outcome of a whole trial."""

    planted: int
    """Mistakes that change anything; the others are left out of every count."""
    caught: int
    doubted: int
    """Of the caught: those that a person would have to look at."""
    missed: tuple[Tried, ...]
    shown: tuple[Tried, ...] = ()
    """Those that change only what cells show, where no question asks for that; not counted."""

    @property
    def share(self) -> float:
        """Return which share of the planted mistakes is caught; 1 if none could be planted."""
        return self.caught / self.planted if self.planted else 1.0


def strength(tried: Sequence[Tried]) -> Strength:
    """Count what a trial found."""
    changing = [one for one in tried if one.changes is Change.ANSWER or one.caught]
    caught = [one for one in changing if one.caught]
    return Strength(
        planted=len(changing),
        caught=len(caught),
        doubted=sum(one.verdict is Verdict.UNCERTAIN for one in caught),
        missed=tuple(one for one in changing if not one.caught),
        shown=tuple(one for one in tried if one.changes is Change.DISPLAY and not one.caught),
    )


def sentences(found: Strength) -> Iterator[str]:
    """Yield what to tell the author: the count, its meaning, then each mistake that was missed."""
    if not found.planted:
        yield "No mistake could be planted in the ideal solution: there is no code to change."
        return
    counted = f"The questions caught {found.caught} of {found.planted} planted mistakes"
    doubted = f" ({found.doubted} of them for a person to look at)" if found.doubted else ""
    yield f"{counted}{doubted}. {_meaning(found.share)}"
    for one in found.missed:
        yield f"Not noticed: {_told(one)}"
    if found.shown:
        yield (
            f"{len(found.shown)} more changed only what a cell shows, and no question asks for "
            "that; if it matters, add a question of kind stdout or figure."
        )
    for one in found.shown:
        yield f"Only shown: {_told(one)}"


def _told(one: Tried) -> str:
    place = f"subtask {one.subtask}, line {one.mutant.line}"
    return f"{place}: `{one.mutant.was}` became `{one.mutant.becomes}`."


def _meaning(share: float) -> str:
    if share >= _STRONG:
        return "That is a strong case."
    if share >= _WEAK:
        return "Good enough for practice; to grade by it, add questions for what was missed."
    return "That is too weak to grade by: add questions for what was missed."
