"""Moodle, as observed on 5.1.3 and 4.3.0.

Source of the score handler: https://github.com/moodle/moodle/blob/main/mod/lti/service/gradebookservices
"""

from datetime import datetime, timedelta

from lti_tool.platforms.base import Platform, Reading, Refused, Result, Score
from lti_tool.services.http import Answer


class Moodle(Platform):
    """Counts time in whole seconds, clips at the maximum, answers 500 for a locked grade."""

    timestamp_step = timedelta(seconds=1)

    def next_timestamp(self, now: datetime, last: datetime | None) -> datetime:
        """Return a timestamp in a later second than the last one: an equal second is a 409."""
        if last is None:
            return now
        return max(now, last.replace(microsecond=0) + self.timestamp_step)

    def read_answer(self, answer: Answer) -> Reading:
        """Return what the answer means; a locked grade is a 500 with an empty list as its body."""
        if answer.status == 500 and answer.body.strip() == b"[]":  # noqa: PLR2004
            return Refused(
                "The grade is locked in the grade book.",
                "Unlock it in the grade book, if Casebook's score is to count.",
            )
        return super().read_answer(answer)

    def holds(self, result: Result | None, score: Score) -> bool:
        """Compare with the score clipped at the maximum, which is what Moodle stores."""
        clipped = Score(
            user_id=score.user_id,
            given=min(score.given, score.maximum),
            maximum=score.maximum,
            comment=score.comment,
            timestamp=score.timestamp,
        )
        return super().holds(result, clipped)
