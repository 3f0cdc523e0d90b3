"""Handing one score over: look, post, look again; every doubt is settled by looking.

A post whose answer was lost may have arrived. Where a newer comment replaces the old one, posting
again does no harm. Where comments add up, the timestamp tells: a post without a comment, one step
before the first that was sent, is refused as outdated only if that one (or a later one) arrived.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

import structlog

from grading.claims import Claim
from lti_tool.models import Registration
from lti_tool.platforms.base import (
    Accepted,
    Platform,
    Reading,
    Reconcile,
    Refused,
    Result,
    Retry,
    Score,
)
from lti_tool.services.client import ServiceClient
from lti_tool.services.errors import PlatformRefusedError, PlatformUnreachableError, ServiceError
from lti_tool.services.scores import post_score, read_result

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has it."""

    verified: bool
    """Whether the grade book, read back, shows it."""
    breather_seconds: float = 0.0
    """How long the platform should be left alone now."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Not now; to be tried again."""

    reason: str
    after_seconds: float | None
    """None leaves it to the retry policy."""
    throttled: bool = False
    """Whether the platform asked for fewer requests of any kind."""


@dataclass(frozen=True, slots=True)
class Overridden:
    """The grade book holds a grade that is not ours, and keeps it."""

    told: bool
    """Whether our comment arrived nevertheless."""


Outcome = Sent | Failed | Refused | Overridden


class Unread(Enum):
    """Why nothing is known of the grade book."""

    UNREADABLE = auto()


Shown = Result | Unread | None
"""What the grade book shows: a result, nothing, or nothing that we may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeBook:
    """One learner's place in one column of one platform."""

    client: ServiceClient
    registration: Registration
    platform: Platform
    line_item_url: str
    user_id: str
    readable: bool
    """Whether results may be read."""

    def post(self, score: Score) -> Reading:
        """Post a score; raises ServiceError."""
        return post_score(
            self.client,
            self.registration,
            self.platform,
            line_item_url=self.line_item_url,
            score=score,
        )

    def look(self) -> Shown:
        """Read the result; raises PlatformBusyError or PlatformUnreachableError."""
        if not self.readable:
            return Unread.UNREADABLE
        try:
            return read_result(
                self.client,
                self.registration,
                line_item_url=self.line_item_url,
                user_id=self.user_id,
            )
        except PlatformRefusedError as error:
            _log.warning("results are not readable", why=str(error))
            return Unread.UNREADABLE

    def look_back(self) -> Shown:
        """Read the result after a post that was taken: not being able to is no failure of it."""
        try:
            return self.look()
        except ServiceError as error:
            _log.warning("the score could not be read back", why=str(error))
            return Unread.UNREADABLE

    def score(self, claim: Claim, *, comment: str | None, timestamp: datetime) -> Score:
        """Return a claim as it is posted."""
        clicked_at = claim.clicked_at
        return Score(
            user_id=self.user_id,
            given=max(claim.score, 0.0),
            maximum=claim.max_score,
            comment=comment,
            timestamp=timestamp,
            clicked_at=None if clicked_at is None else min(clicked_at, timestamp),
        )


def hand_over(book: GradeBook, claim: Claim) -> Outcome:
    """Bring a claimed score into the grade book; raises ServiceError if nothing was posted."""
    known = claim.sent_share is not None or claim.tried_since is not None
    shown = book.look() if known else None
    if claim.sent_share is not None and _is_foreign(book, claim, shown):
        return Overridden(told=False)
    score = book.score(claim, comment=claim.comment, timestamp=claim.timestamp)
    if book.platform.keeps_comments:
        settled = _settle_by_timestamp(book, claim, shown)
    else:
        settled = _settle_by_looking(book, claim, shown, score)
    return settled or _post(book, claim, score)


def _post(book: GradeBook, claim: Claim, score: Score) -> Outcome:
    try:
        reading = book.post(score)
    except PlatformUnreachableError as error:
        reading = Reconcile(str(error))
    match reading:
        case Refused():
            return reading
        case Retry(reason, after_seconds, throttled):
            return Failed(reason, after_seconds, throttled)
        case Accepted(breather_seconds):
            return _after_acceptance(book, claim, score, breather_seconds)
        case Reconcile(reason, after_seconds):
            return _after_doubt(book, claim, score, Failed(reason, after_seconds))


def _settle_by_timestamp(book: GradeBook, claim: Claim, shown: Shown) -> Outcome | None:
    """Tell what became of earlier posts of this version; None if it has to be posted (again)."""
    verified = isinstance(shown, Result) and book.platform.shows(shown, claim.share)
    if claim.told:
        # Other words for the same facts: they would stand below the old ones.
        return Sent(verified=verified)
    if claim.tried_since is None:
        return None
    before = claim.tried_since - book.platform.timestamp_step
    match book.post(book.score(claim, comment=None, timestamp=before)):
        case Accepted():
            return None
        case Reconcile(outdated=True):
            return _settle_outdated(book, claim)
        case Reconcile(reason, after_seconds):
            found: Outcome = Failed(reason, after_seconds)
        case Retry(reason, after_seconds, throttled):
            found = Failed(reason, after_seconds, throttled)
        case Refused() as refused:
            found = refused
    return found


def _settle_outdated(book: GradeBook, claim: Claim) -> Outcome | None:
    """Tell whether a later score than our question's is ours; it may have arrived just now."""
    shown = book.look()
    verified = isinstance(shown, Result) and book.platform.shows(shown, claim.share)
    return Sent(verified=verified) if verified or shown is Unread.UNREADABLE else None


def _settle_by_looking(book: GradeBook, claim: Claim, shown: Shown, score: Score) -> Outcome | None:
    """Tell whether an earlier post of this version has arrived; None if it is to be posted."""
    tried = claim.tried_since is not None
    return Sent(verified=True) if tried and _has_arrived(book, claim, shown, score) else None


def _has_arrived(book: GradeBook, claim: Claim, shown: Shown, score: Score) -> bool:
    """Tell whether the grade book shows this very score, and not an older one that looks alike."""
    if not isinstance(shown, Result) or not book.platform.holds(shown, score):
        return False
    return shown.comment is not None or claim.share not in _shares_before(claim)


def _after_acceptance(
    book: GradeBook, claim: Claim, score: Score, breather_seconds: float
) -> Outcome:
    shown = book.look_back()
    if _is_foreign(book, claim, shown):
        return Overridden(told=True)
    verified = isinstance(shown, Result) and book.platform.holds(shown, score)
    if not verified and shown is not Unread.UNREADABLE:
        _log.warning("the grade book does not show the score", registration=_name(book))
    return Sent(verified=verified, breather_seconds=breather_seconds)


def _after_doubt(book: GradeBook, claim: Claim, score: Score, failed: Failed) -> Outcome:
    if book.platform.keeps_comments:
        return failed  # the next try settles it before it posts
    shown = book.look_back()
    if claim.sent_share is not None and _is_foreign(book, claim, shown):
        return Overridden(told=False)
    return Sent(verified=True) if _has_arrived(book, claim, shown, score) else failed


def _is_foreign(book: GradeBook, claim: Claim, shown: Shown) -> bool:
    """Tell whether the grade book shows a grade that was never ours."""
    if not isinstance(shown, Result):
        return False
    return not book.platform.ours(shown, {claim.share, *_shares_before(claim)})


def _shares_before(claim: Claim) -> set[float]:
    sent = set() if claim.sent_share is None else {claim.sent_share}
    return sent | set(claim.tried_shares)


def _name(book: GradeBook) -> str:
    return str(book.registration.id)
