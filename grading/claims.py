"""What a worker is handed to send: one score, and what is known of those before it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A score to send now, held by one worker until its lease ends."""

    score: float
    max_score: float
    comment: str
    rev: int
    version: int
    timestamp: datetime
    """Later than every timestamp that was handed out for this attempt before; names the claim."""
    clicked_at: datetime | None
    """The student's last click that counts in the score."""
    told: bool
    """Whether the receiver is known to have taken this version's comment already."""
    tried_since: datetime | None
    """The first timestamp of this version, if it was handed out before: it may have arrived."""
    sent_share: float | None
    """Share of the maximum that the receiver took last."""
    tried_shares: tuple[float, ...]
    """Shares that may have arrived since."""

    @property
    def share(self) -> float:
        """Return the score as a share of the maximum."""
        return self.score / self.max_score if self.max_score else 0.0
