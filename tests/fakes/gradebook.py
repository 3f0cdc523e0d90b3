"""The grade book behind a fake platform: one entry per column and learner."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Entry:
    """What stands in one place of the grade book."""

    share: float | None = None
    """Of the maximum; None for no grade."""
    comments: list[str] = field(default_factory=list)
    timestamp: datetime | None = None
    """Of the last score that was taken."""
    by_hand: float | None = None
    """A teacher's grade, as a share; it hides ours."""
    locked: bool = False
    attempts: int = 0
    """Submissions that the platform counts."""
    taken: list[dict[str, Any]] = field(default_factory=list)
    """Every score that was taken, in order."""
    taken_before_override: int = 0
    submitted_at: str | None = None

    @property
    def shown(self) -> float | None:
        """The share that people see."""
        return self.share if self.by_hand is None else self.by_hand

    def override(self, share: float) -> None:
        """Let a teacher set the grade by hand."""
        if self.by_hand is None:
            self.taken_before_override = len(self.taken)
        self.by_hand = share


class GradeBook:
    """Entries by column and learner."""

    def __init__(self) -> None:
        self.entries: defaultdict[tuple[str, str], Entry] = defaultdict(Entry)

    def of(self, user: str, item: str = "1") -> Entry:
        return self.entries[item, user]
