"""Open edX, as observed on lti-consumer-xblock 11.4.4.

https://github.com/openedx/xblock-lti-consumer
"""

import math

from lti_tool.platforms.base import CONFLICT_SECONDS, Platform, Reading, Reconcile, Result, Score
from lti_tool.services.http import Answer


class OpenEdx(Platform):
    """Answers 400 for an old timestamp, wants whole maxima, shows no score of zero."""

    def line_item_maximum(self, maximum: float) -> int:
        """Return the next whole number: a fraction is refused, and scores are shares anyway."""
        return max(math.ceil(maximum), 1)

    def read_answer(self, answer: Answer) -> Reading:
        """Return what the answer means; a timestamp that is not newer is a 400."""
        if answer.status == 400 and b"timestamp" in answer.body.lower():  # noqa: PLR2004
            return Reconcile("Open edX holds a score that it takes for newer.", CONFLICT_SECONDS)
        return super().read_answer(answer)

    def holds(self, result: Result | None, score: Score) -> bool:
        """Take an empty grade for a score of zero, which Open edX stores as none."""
        if score.given == 0 and result is not None and result.score is None:
            return True
        return super().holds(result, score)

    def shows(self, result: Result, share: float) -> bool:
        """Compare with the score clipped at the maximum, which is what Open edX stores."""
        return super().shows(result, min(share, 1.0))
