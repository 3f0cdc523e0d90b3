"""The delivery of one score: where it goes, how it is sent, and what came of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from lti_tool.models import Registration
from lti_tool.platforms.base import Accepted, Platform, Reading, Reconcile, Refused, Retry, Score
from lti_tool.platforms.families import PLATFORMS
from lti_tool.services.client import ServiceClient
from lti_tool.services.errors import (
    PlatformBusyError,
    PlatformRefusedError,
    PlatformUnreachableError,
    ServiceError,
    TokenDeniedError,
)
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore
from lti_tool.services.lineitems import LineItems, no_service
from lti_tool.services.scores import post_score, read_result
from lti_tool.services.tokens import TokenSource
from lti_tool.vocab import Scope

_log = structlog.get_logger(__name__)

DENIED_SECONDS = 300.0
"""When to come back after a refused token: an administrator has to act first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a score goes."""

    registration: Registration
    assignment_id: UUID
    line_item_url: str | None
    scopes: frozenset[str]
    user_id: str
    """The platform's `sub` of the learner."""
    last_timestamp: datetime | None
    """Of the score that was sent before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What goes there."""

    score: float
    max_score: float
    comment: str
    timestamp: datetime
    """The earliest that the platform may be told."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has it."""

    timestamp: datetime
    verified: bool
    """Whether the grade book, read back, shows it; a teacher's override does not."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Not now; to be tried again."""

    reason: str
    after_seconds: float | None
    """None leaves it to the retry policy."""


Outcome = Sent | Failed | Refused


class Courier:
    """Delivers scores; one per process, safe to share between threads."""

    def __init__(
        self,
        http: PlatformHttp,
        keys: KeyStore,
        transaction: Callable[[], AbstractContextManager[Session]],
    ) -> None:
        self._client = ServiceClient(http, TokenSource(http, keys, transaction))
        self._line_items = LineItems(self._client, transaction)

    def deliver(self, address: Address, parcel: Parcel) -> Outcome:
        """Send a score and return what came of it; raises nothing that a platform can cause."""
        try:
            return self._deliver(address, parcel)
        except PlatformRefusedError as error:
            return Refused(str(error), error.remedy)
        except TokenDeniedError as error:
            return Failed(str(error), DENIED_SECONDS)
        except PlatformBusyError as error:
            return Failed(str(error), error.after_seconds)
        except PlatformUnreachableError as error:
            return Failed(str(error), None)

    def _deliver(self, address: Address, parcel: Parcel) -> Outcome:
        if Scope.SCORE not in address.scopes:
            raise no_service()
        platform = PLATFORMS[address.registration.platform]
        line_item_url = address.line_item_url or self._line_items.url_for(
            address.assignment_id, maximum=parcel.max_score
        )
        score = Score(
            user_id=address.user_id,
            given=max(parcel.score, 0.0),
            maximum=parcel.max_score,
            comment=parcel.comment,
            timestamp=platform.next_timestamp(parcel.timestamp, address.last_timestamp),
        )
        reading = self._post(address, platform, line_item_url, score)
        match reading:
            case Refused():
                return reading
            case Retry(reason, after_seconds):
                return Failed(reason, after_seconds)
            case Accepted():
                held = self._held(address, platform, line_item_url, score)
                return Sent(score.timestamp, verified=held is True)
            case Reconcile(reason, after_seconds):
                if self._held(address, platform, line_item_url, score):
                    return Sent(score.timestamp, verified=True)
                return Failed(reason, after_seconds)

    def _post(
        self, address: Address, platform: Platform, line_item_url: str, score: Score
    ) -> Reading:
        try:
            return post_score(
                self._client,
                address.registration,
                platform,
                line_item_url=line_item_url,
                score=score,
            )
        except PlatformUnreachableError as error:
            # The score may have been stored before the connection was lost.
            return Reconcile(str(error))

    def _held(
        self, address: Address, platform: Platform, line_item_url: str, score: Score
    ) -> bool | None:
        """Tell whether the grade book shows the score; None if it cannot be read."""
        if Scope.RESULT_READONLY not in address.scopes:
            return None
        try:
            result = read_result(
                self._client,
                address.registration,
                line_item_url=line_item_url,
                user_id=score.user_id,
            )
        except ServiceError as error:
            _log.warning("result unreadable", assignment=str(address.assignment_id), why=str(error))
            return None
        held = platform.holds(result, score)
        if not held:
            _log.warning(
                "the grade book shows another score", assignment=str(address.assignment_id)
            )
        return held
