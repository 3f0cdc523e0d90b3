"""The delivery of one score: where it goes, and what came of it."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from grading.claims import Claim
from grading.delivery_policy import POLICY
from lti_tool.models import Registration
from lti_tool.platforms.base import Refused
from lti_tool.platforms.families import PLATFORMS
from lti_tool.services.client import ServiceClient
from lti_tool.services.errors import (
    PlatformBusyError,
    PlatformRefusedError,
    PlatformUnreachableError,
    TokenDeniedError,
)
from lti_tool.services.handover import Failed, GradeBook, Outcome, hand_over
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore
from lti_tool.services.lineitems import LineItems, no_service
from lti_tool.services.tokens import TokenSource
from lti_tool.vocab import Scope

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


class Courier:
    """Delivers scores; one per process, safe to share between threads."""

    def __init__(
        self,
        http: PlatformHttp,
        keys: KeyStore,
        transaction: Callable[[], AbstractContextManager[Session]],
        *,
        work_seconds: float = POLICY.work_seconds,
    ) -> None:
        """`work_seconds`: what one delivery may take at most; its lease has to last longer."""
        self._client = ServiceClient(http, TokenSource(http, keys, transaction))
        self._transaction = transaction
        self._work_seconds = work_seconds

    def deliver(self, address: Address, claim: Claim) -> Outcome:
        """Send a score and return what came of it; raises nothing that a platform can cause.

        What is learnt on the way (a token, the column) is kept, so that a delivery that was cut
        off by its time goes further the next time.
        """
        try:
            return self._deliver(address, claim)
        except PlatformRefusedError as error:
            return Refused(str(error), error.remedy)
        except TokenDeniedError as error:
            return Failed(str(error), DENIED_SECONDS)
        except PlatformBusyError as error:
            return Failed(str(error), error.after_seconds, throttled=error.throttled)
        except PlatformUnreachableError as error:
            return Failed(str(error), None)

    def _deliver(self, address: Address, claim: Claim) -> Outcome:
        if Scope.SCORE not in address.scopes:
            raise no_service()
        client = self._client.until(time.monotonic() + self._work_seconds)
        line_items = LineItems(client, self._transaction)
        url = address.line_item_url or line_items.url_for(
            address.assignment_id, maximum=claim.max_score
        )
        outcome = hand_over(_grade_book(client, address, url), claim)
        if isinstance(outcome, Refused) and outcome.gone:
            url_now = line_items.moved(address.assignment_id, gone=url)
            if url_now is not None:
                return hand_over(_grade_book(client, address, url_now), claim)
        return outcome


def _grade_book(client: ServiceClient, address: Address, line_item_url: str) -> GradeBook:
    return GradeBook(
        client=client,
        registration=address.registration,
        platform=PLATFORMS[address.registration.platform],
        line_item_url=line_item_url,
        user_id=address.user_id,
        readable=Scope.RESULT_READONLY in address.scopes,
    )
