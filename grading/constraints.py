"""Whether a subtask's own cells use what they must, and nothing that they must not."""

from collections.abc import Iterator, Sequence

from grading.evidence import Evidence, Locus
from grading.feedback import Wording, code
from grading.situation import Situation
from notebooks.cases.profile import Constraint
from notebooks.cases.usage import CONSTRUCTS, Place, Source, Usage


def constrained(
    words: Wording, situation: Situation, constraints: Sequence[Constraint]
) -> Iterator[Evidence]:
    """Yield evidence of each thing that a constraint names; of code that no one can parse, none.

    The run of such a cell is evidence enough, and it uses nothing yet.
    """
    sources = [
        Source(cell.id, cell.source, own=cell.subtask == situation.subtask)
        for cell in situation.cells
    ]
    try:
        usage = Usage(sources)
    except SyntaxError:
        return
    own = [source.id for source in sources if source.own]
    for number, constraint in enumerate(constraints, start=1):
        wanted = bool(constraint.must_use)
        for target in constraint.must_use or constraint.must_not_use:
            place = usage.of(target)
            yield Evidence(
                id=f"constraint-{number}-{target}",
                kind="constraint",
                subtask=situation.subtask,
                asked=target,
                locus=_locus(place, own),
                message=_message(words, target, place, wanted=wanted),
                hint=constraint.message,
                difference=_difference(place, wanted=wanted),
                outcome="fail" if _difference(place, wanted=wanted) else "pass",
                failures=int(_difference(place, wanted=wanted) is not None),
            )


def _difference(place: Place | None, *, wanted: bool) -> str | None:
    if wanted:
        return "unused" if place is None else None
    return "forbidden" if place is not None else None


def _message(words: Wording, target: str, place: Place | None, *, wanted: bool) -> str:
    shown = code(target)
    if target in CONSTRUCTS:
        shown = words.text("construct", target)
    key = _difference(place, wanted=wanted) or ("used" if wanted else "avoided")
    line = str(place.line) if place is not None else ""
    return words.reason(key, shown, {"line": line})


def _locus(place: Place | None, own: Sequence[str]) -> Locus | None:
    if place is not None:
        return Locus(cell=place.cell, line=place.line)
    return Locus(cell=own[-1]) if own else None
