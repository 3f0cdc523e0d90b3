"""Canvas, from its documentation: https://canvas.instructure.com/doc/api/score.html.

Addresses: https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_dev_key_config.
Its error messages: https://canvas.instructure.com/doc/api/file.assignment_tools.html.
"""

from collections.abc import Mapping
from datetime import UTC, timedelta

from lti_tool.platforms.base import (
    Accepted,
    Endpoints,
    Platform,
    Reading,
    Reconcile,
    Result,
    Retry,
    Score,
)
from lti_tool.services.http import Answer

CLOUD = {
    "https://canvas.instructure.com": "https://sso.canvaslms.com",
    "https://canvas.beta.instructure.com": "https://sso.beta.canvaslms.com",
    "https://canvas.test.instructure.com": "https://sso.test.canvaslms.com",
}
"""The issuers that all schools of the cloud share, and the origin that serves their launches."""
CLOUD_DOMAINS = (".instructure.com", ".canvaslms.com")
PRIVACY_LEVEL = "https://canvas.instructure.com/lti/privacy_level"
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
    placements = ("assignment_selection", "link_selection")
    """As a submission type of assignments, and among modules' items."""
    resizes_frames = True
    """https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_window_post_message"""
    senders = 1

    def endpoints(self, issuer: str) -> Endpoints:
        """Return the addresses of the cloud, or of a Canvas of one's own."""
        origin = CLOUD.get(issuer, issuer.rstrip("/"))
        return Endpoints(
            authorization_url=f"{origin}/api/lti/authorize_redirect",
            token_url=f"{origin}/login/oauth2/token",
            jwks_url=f"{origin}/api/lti/security/jwks",
        )

    def storage_origin(self, issuer: str, authorization_origin: str) -> str:
        """Return the cloud's own origin for it, also where an older address was registered.

        https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_window_post_message
        """
        return CLOUD.get(issuer, authorization_origin)

    def speaks_for(self, issuer_host: str, host: str) -> bool:
        """Let every host of the cloud speak for its issuers: schools have hosts of their own."""
        in_cloud = f"https://{issuer_host}" in CLOUD and host.endswith(CLOUD_DOMAINS)
        return in_cloud or super().speaks_for(issuer_host, host)

    def registration_configuration(self, base: Mapping[str, object]) -> dict[str, object]:
        """Ask for nobody's name in Canvas's own word.

        https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.registration
        """
        return {**super().registration_configuration(base), PRIVACY_LEVEL: "anonymous"}

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
