"""Moodle, as observed on 5.1.3 and 4.3.0.

Source of the score handler: https://github.com/moodle/moodle/blob/main/mod/lti/service/gradebookservices
"""

from collections.abc import Mapping
from datetime import timedelta

from lti_tool.platforms.base import Endpoints, Platform, Reading, Refused, Result
from lti_tool.services.http import Answer

REVIEW = "submissionReview"


class Moodle(Platform):
    """Counts time in whole seconds, clips at the maximum, answers 500 for a locked grade."""

    timestamp_step = timedelta(seconds=1)
    """An equal second is a 409."""

    def endpoints(self, issuer: str) -> Endpoints:
        """Return the addresses below Moodle's wwwroot, which is its issuer."""
        folder = f"{issuer.rstrip('/')}/mod/lti"
        return Endpoints(
            authorization_url=f"{folder}/auth.php",
            token_url=f"{folder}/token.php",
            jwks_url=f"{folder}/certs.php",
        )

    def chosen_line_item(
        self, column: Mapping[str, object], *, launch_url: str
    ) -> dict[str, object]:
        """Say where a submission is looked at: only then its grades lead there (Moodle ≥ 4.1).

        https://www.imsglobal.org/spec/lti-sr/v1p0
        """
        return {
            **super().chosen_line_item(column, launch_url=launch_url),
            REVIEW: {"url": launch_url},
        }

    def read_answer(self, answer: Answer) -> Reading:
        """Return what the answer means; a locked grade is a 500 with an empty list as its body."""
        if answer.status == 500 and answer.body.strip() == b"[]":  # noqa: PLR2004
            return Refused(
                "The grade is locked in the grade book.",
                "Unlock it in the grade book, if Casebook's score is to count.",
            )
        return super().read_answer(answer)

    def shows(self, result: Result, share: float) -> bool:
        """Compare with the score clipped at the maximum, which is what Moodle stores."""
        return super().shows(result, min(share, 1.0))
