"""Canvas, from its documentation: https://canvas.instructure.com/doc/api/score.html."""

from lti_tool.platforms.base import Platform, Reading, Result, Retry, Score
from lti_tool.services.http import Answer

SUBMISSION = "https://canvas.instructure.com/lti/submission"


class Canvas(Platform):
    """Throttles with 403, keeps every comment that it is ever sent."""

    def score_body(self, score: Score) -> dict[str, object]:
        """Add Canvas's extension: a regrade is no new submission, and a teacher's grade stays."""
        extension = {"new_submission": False, "prioritize_non_tool_grade": True}
        return {**super().score_body(score), SUBMISSION: extension}

    def read_answer(self, answer: Answer) -> Reading:
        """Return what the answer means; a 403 with nothing left of the quota is throttling."""
        remaining = answer.headers.get("X-Rate-Limit-Remaining")
        if answer.status == 403 and _is_zero(remaining):  # noqa: PLR2004
            return Retry("Canvas asks to slow down.", answer.retry_after_seconds)
        return super().read_answer(answer)

    def holds(self, result: Result | None, score: Score) -> bool:
        """Compare the score alone: Canvas tells no comment, and sending it again would add one."""
        if result is None:
            return False
        bare = Result(score=result.score, maximum=result.maximum, comment=None)
        return super().holds(bare, score)


def _is_zero(remaining: str | None) -> bool:
    try:
        return remaining is not None and float(remaining) <= 0
    except ValueError:
        return False
