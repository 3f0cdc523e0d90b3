"""Canvas, from its documentation: https://canvas.instructure.com/doc/api/score.html.

Its error messages: https://canvas.instructure.com/doc/api/file.assignment_tools.html.
"""

from datetime import UTC, timedelta

from lti_tool.platforms.base import Accepted, Platform, Reading, Reconcile, Result, Retry, Score
from lti_tool.services.http import Answer

SUBMISSION = "https://canvas.instructure.com/lti/submission"
OUTDATED = b"before last updated timestamp"
TOO_EARLY = b"in the future"
CLOCK_SECONDS = 60.0
"""Canvas refuses a submission time that is more than a minute ahead of its own clock."""
LOW_QUOTA = 50.0
"""Of about 700 that a tool has; a request costs about 1 and what it takes in seconds."""
BREATHER_SECONDS = 2.0


class Canvas(Platform):
    """Throttles with 403, penalises parallel requests, keeps every comment that it is ever sent."""

    keeps_comments = True
    comment_patience = timedelta(seconds=60)
    senders = 1

    def score_body(self, score: Score) -> dict[str, object]:
        """Add Canvas's extension: a regrade is no new submission, and a teacher's grade stays.

        The time of the submission is the student's click: what is late is for the course to say,
        and a delivery that had to wait makes nobody late.
        """
        extension = {"new_submission": False, "prioritize_non_tool_grade": True}
        body = {**super().score_body(score), SUBMISSION: extension}
        if score.clicked_at is None:
            return body
        clicked_at = score.clicked_at.astimezone(UTC).isoformat(timespec="milliseconds")
        return {**body, "submission": {"submittedAt": clicked_at}}

    def read_answer(self, answer: Answer) -> Reading:
        """Return what the answer means; two of its 400s do not mean a malformed score."""
        if answer.status == 400 and OUTDATED in answer.body:  # noqa: PLR2004
            return Reconcile("Canvas holds a newer score.", outdated=True)
        if answer.status == 400 and TOO_EARLY in answer.body:  # noqa: PLR2004
            return Retry("Canvas's clock is behind the click.", CLOCK_SECONDS)
        reading = super().read_answer(answer)
        left = answer.quota_left
        if isinstance(reading, Accepted) and left is not None and left < LOW_QUOTA:
            return Accepted(BREATHER_SECONDS)
        return reading

    def holds(self, result: Result | None, score: Score) -> bool:
        """Compare the score alone: Canvas tells no comment, and sending it again would add one."""
        return result is not None and self.shows(result, score.share)
