"""The verdict rule: from evidence alone, without I/O, clock or model."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from grading.evidence import Evidence


class Verdict(StrEnum):
    """The outcome of a validation, from evidence alone."""

    APPROVED = "approved"
    NEEDS_WORK = "needs_work"
    UNCERTAIN = "uncertain"
    BLOCKED = "blocked"


CONFIRMED = 2
"""Replays in which a derived probe has to fail before it decides."""


def decide(
    evidence: Sequence[Evidence], *, blocked_by: Collection[str] = (), for_person: bool = False
) -> Verdict:
    """Return the verdict on one subtask.

    *Blocked* if it reads names from a subtask that is not approved, whatever its own probes say:
    they cannot be told apart from the other's faults. *Needs work* if a cell of its own fails, or
    an author's probe, or, where the author asked nothing, a derived probe on the interface twice.
    *Uncertain* if only probes off the interface fail, if derived probes disagree with passing
    author's probes, if runs differ, if a difference is one that right work shows too, if there is
    nothing to go by, or if a person has to look at it, too. *Approved* if everything agrees.
    """
    if blocked_by:
        return Verdict.BLOCKED
    failures = [item for item in evidence if item.outcome == "fail" and item.weight != "informs"]
    author_asked = any(item.origin == "author" and item.probe is not None for item in evidence)
    if any(_decides(item, author_asked=author_asked) for item in failures):
        return Verdict.NEEDS_WORK
    if for_person or failures or not any(item.probe is not None for item in evidence):
        return Verdict.UNCERTAIN
    return Verdict.APPROVED


def _decides(item: Evidence, *, author_asked: bool) -> bool:
    if item.weight != "decides":
        return False
    if item.origin == "author":
        return True
    return item.on_interface and not author_asked and item.failures >= CONFIRMED
