"""The contract of a platform class, with what AGS 2.0 says as the default of every method.

https://www.imsglobal.org/spec/lti-ags/v2p0/ is meant by "the specification".
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lti_tool.services.http import Answer

CONFLICT_SECONDS = 2.0
"""When to come back after a conflict: past the second that was already taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A final score with its comment, as it is to stand in the grade book."""

    user_id: str
    """The platform's `sub` of the learner."""
    given: float
    """At least 0; may exceed the maximum."""
    maximum: float
    comment: str
    """Plain text."""
    timestamp: datetime
    """Later than that of any score sent before for this line item and learner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the grade book shows for a learner."""

    score: float | None
    """None where there is a comment and no grade."""
    maximum: float
    comment: str | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The platform took the score."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The platform did not take it now, and may later."""

    reason: str
    after_seconds: float | None = None
    """What the platform asked for; None leaves it to the retry policy."""


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Whether the platform holds the score is unknown: the result tells."""

    reason: str
    after_seconds: float | None = None
    """When to send again with a new timestamp, if it does not; None as in Retry."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform will not take it, however often it is asked."""

    reason: str
    remedy: str
    """What a teacher or an administrator can do about it."""


Reading = Accepted | Retry | Reconcile | Refused


class Platform:
    """A platform that keeps to the specification; others override what they do otherwise."""

    timestamp_step = timedelta(milliseconds=1)
    """The least difference between two timestamps that the platform tells apart."""

    refusals: dict[int, tuple[str, str]] = {  # noqa: RUF012 - a table that nobody changes
        400: (
            "The platform calls the score malformed, or the person is not graded in this course.",
            "Check that the person is enrolled in the course as a student.",
        ),
        401: (
            "The platform does not accept Casebook's access token.",
            "Ask the administrator to check the client id and the tool's public keys.",
        ),
        403: (
            "The platform does not let Casebook write this grade.",
            "Check that the course has not ended and that the tool may post grades.",
        ),
        404: (
            "The grade book column is no longer there.",
            "Open the activity once as a teacher, so that Casebook learns its new column.",
        ),
        422: (
            "The platform cannot give this person this grade.",
            "Check that the person is still enrolled in the course.",
        ),
    }
    """Statuses that no repetition changes: what they mean, and the remedy."""

    def next_timestamp(self, now: datetime, last: datetime | None) -> datetime:
        """Return the timestamp of the next score: now, but later than `last` as it is counted.

        Called once for each post; a timestamp is never used twice.
        """
        return now if last is None else max(now, last + self.timestamp_step)

    def score_body(self, score: Score) -> dict[str, object]:
        """Return the JSON of a score post: always final, always with its comment.

        Other grading progress wipes grades on Moodle and resets them on Canvas; a missing comment
        wipes the old one on Moodle.
        """
        return {
            "userId": score.user_id,
            "scoreGiven": whole(score.given),
            "scoreMaximum": whole(score.maximum),
            "comment": score.comment,
            "timestamp": score.timestamp.isoformat(timespec="milliseconds"),
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
        }

    def read_answer(self, answer: Answer) -> Reading:
        """Return what the answer to a score post means.

        Called after a 401 was tried again once with a new token.
        """
        if answer.ok:
            return Accepted()
        if answer.status == 409:  # noqa: PLR2004 - Conflict
            return Reconcile(
                "The platform holds a score that it takes for newer.", CONFLICT_SECONDS
            )
        if answer.busy:
            return Retry(f"The platform answered {answer.status}.", answer.retry_after_seconds)
        reason, remedy = self.refusals.get(
            answer.status,
            (f"The platform answered {answer.status}.", "Ask the platform's administrator."),
        )
        return Refused(reason, remedy)

    def holds(self, result: Result | None, score: Score) -> bool:
        """Tell whether the grade book shows this score.

        That is the same share of the maximum, and the same comment where the platform tells it.
        """
        if result is None or result.score is None:
            return False
        shown, sent = result.score * score.maximum, score.given * result.maximum
        same_comment = result.comment is None or result.comment.strip() == score.comment.strip()
        return abs(shown - sent) <= 1e-4 * score.maximum * result.maximum and same_comment


def whole(number: float) -> float | int:
    """Return a whole number as an integer: some platforms refuse 100.0 as a maximum."""
    return int(number) if number == int(number) else number
