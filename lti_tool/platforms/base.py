"""The contract of a platform class, with what the specification says as every method's default.

For scores https://www.imsglobal.org/spec/lti-ags/v2p0/ is meant by "the specification".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lti_tool.services.http import Answer

ROUNDING_POINTS = 0.0051
"""Half of the last of two decimals, with some binary dust."""
WHOLE_POINTS_FROM = 10.0
"""The least maximum at which a grade in whole points is believed to be a rounded one."""
CONFLICT_SECONDS = 2.0
"""When to come back after a conflict: past the second that was already taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a platform takes logins, gives access tokens and publishes its keys."""

    authorization_url: str
    token_url: str
    jwks_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A final score with its comment, as it is to stand in the grade book."""

    user_id: str
    """The platform's `sub` of the learner."""
    given: float
    """At least 0; may exceed the maximum."""
    maximum: float
    comment: str | None
    """Plain text; None leaves out what the platform holds already."""
    timestamp: datetime
    """Later than that of any score sent before for this line item and learner."""
    clicked_at: datetime | None = None
    """When the student did what is scored; never later than the timestamp."""

    @property
    def share(self) -> float:
        """Return the score as a share of the maximum."""
        return self.given / self.maximum if self.maximum else 0.0


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

    breather_seconds: float = 0.0
    """How long the platform should be left alone before the next post of any score."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The platform did not take it now, and may later."""

    reason: str
    after_seconds: float | None = None
    """What the platform asked for; None leaves it to the retry policy."""
    throttled: bool = False
    """Whether the platform asked all of us to slow down, and not for this score alone."""


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Whether the platform holds the score is unknown: the result tells."""

    reason: str
    after_seconds: float | None = None
    """When to send again with a new timestamp, if it does not; None as in Retry."""
    outdated: bool = False
    """Whether the platform said that it holds a score with a later timestamp."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform will not take it, however often it is asked."""

    reason: str
    remedy: str
    """What a teacher or an administrator can do about it."""
    gone: bool = False
    """Whether it is the column that is missing: there may be another one by now."""


Reading = Accepted | Retry | Reconcile | Refused


class Platform:
    """A platform that keeps to the specification; others override what they do otherwise."""

    timestamp_step = timedelta(milliseconds=1)
    """The least difference between two timestamps that the platform tells apart."""
    keeps_comments = False
    """Whether each post adds a comment to those before, instead of replacing them."""
    comment_patience = timedelta()
    """How long a score waits for the last words of its comment."""
    placements: tuple[str, ...] = ()
    """Where teachers choose cases, for products that want to be told by the tool."""
    resizes_frames = False
    """Whether its pages make the tool's frame as tall as the tool asks."""
    senders = 4
    """Scores that one worker sends at a time."""

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

    def endpoints(self, issuer: str) -> Endpoints | None:  # noqa: ARG002 - others need it
        """Return where an installation with this issuer has them; None if that cannot be known."""
        return None

    def storage_origin(self, issuer: str, authorization_origin: str) -> str:  # noqa: ARG002
        """Return the origin of the frame that keeps data for tools.

        By the specification, that of the authorization URL:
        https://www.imsglobal.org/spec/lti-pm-s/v0p1.
        """
        return authorization_origin

    def speaks_for(self, issuer_host: str, host: str) -> bool:
        """Tell whether a host (`name` or `name:port`) may serve what belongs to an issuer."""
        return issuer_host == host

    def registration_configuration(self, base: Mapping[str, object]) -> dict[str, object]:
        """Return the tool's configuration as the product wants to be told it by the tool itself.

        https://www.imsglobal.org/spec/lti-dr/v1p0#tool-configuration
        """
        return dict(base)

    def score_body(self, score: Score) -> dict[str, object]:
        """Return the JSON of a score post: always final, and with its comment unless that is there.

        Other grading progress wipes grades on Moodle and resets them on Canvas; a missing comment
        wipes the old one on Moodle.
        """
        body: dict[str, object] = {
            "userId": score.user_id,
            "scoreGiven": whole(score.given),
            "scoreMaximum": whole(score.maximum),
            "timestamp": score.timestamp.isoformat(timespec="milliseconds"),
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
        }
        return body if score.comment is None else body | {"comment": score.comment}

    def line_item_maximum(self, maximum: float) -> float | int:
        """Return the maximum of a new column; scores are shares of their own maximum anyway."""
        return whole(maximum)

    def chosen_line_item(
        self,
        column: Mapping[str, object],
        *,
        launch_url: str,  # noqa: ARG002 - others need it
    ) -> dict[str, object]:
        """Return the column of a case that was chosen in the dialog, as the platform wants it told.

        https://www.imsglobal.org/spec/lti-dl/v2p0#lti-resource-link
        """
        return dict(column)

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
            reason = f"The platform answered {answer.status}."
            return Retry(reason, answer.retry_after_seconds, throttled=answer.throttled)
        reason, remedy = self.refusals.get(
            answer.status,
            (f"The platform answered {answer.status}.", "Ask the platform's administrator."),
        )
        return Refused(reason, remedy, gone=answer.status == 404)  # noqa: PLR2004 - Not Found

    def shows(self, result: Result, share: float) -> bool:
        """Tell whether the grade book shows this share of the maximum.

        Platforms round: to two decimals of a point, or to a ten-thousandth of the maximum.
        """
        if result.score is None:
            return False
        difference = abs(result.score - share * result.maximum)
        return difference <= max(ROUNDING_POINTS, 1e-4 * result.maximum)

    def ours(self, result: Result, shares: Iterable[float]) -> bool:
        """Tell whether a grade may come from one of these shares of ours.

        Half a point is granted to a platform that keeps whole points only: to take our own grade
        for a teacher's would hold back every later one.
        """
        if result.score is None:
            return True
        whole_points = result.score == int(result.score) and result.maximum >= WHOLE_POINTS_FROM
        return any(
            self.shows(result, share)
            or (whole_points and abs(result.score - share * result.maximum) <= 1 / 2)
            for share in shares
        )

    def holds(self, result: Result | None, score: Score) -> bool:
        """Tell whether the grade book shows this score.

        That is the same share of the maximum, and the same comment where the platform tells it.
        """
        if result is None or not self.shows(result, score.share):
            return False
        if result.comment is None or score.comment is None:
            return True
        return result.comment.strip() == score.comment.strip()


def whole(number: float) -> float | int:
    """Return a whole number as an integer: some platforms refuse 100.0 as a maximum."""
    return int(number) if number == int(number) else number
