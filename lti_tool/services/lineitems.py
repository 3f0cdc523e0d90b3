"""Line items: the grade book columns of activities, found or made."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Assignment, Registration
from lti_tool.platforms.base import whole
from lti_tool.services.client import ServiceClient, ServiceRequest, read_json
from lti_tool.services.errors import PlatformRefusedError
from lti_tool.services.urls import same_origin, with_query
from lti_tool.vocab import MediaType, Scope

TAG = "casebook"
"""Marks columns that the tool made; it survives a course copy, which ids do not."""


def no_service() -> PlatformRefusedError:
    """Return the error for an activity that has no place for grades."""
    return PlatformRefusedError(
        "The platform offers no grade service for this activity.",
        remedy="Let the tool accept grades in the activity's settings, then open it again.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """A column, as far as it matters here."""

    url: str
    resource_link_id: str | None
    tag: str | None

    @classmethod
    def from_json(cls, item: object, *, base: str) -> Self | None:
        """Read a column; None for one without a URL on the platform's own origin."""
        url = item.get("id") if isinstance(item, dict) else None
        resolved = same_origin(base, url) if isinstance(url, str) else None
        if resolved is None or not isinstance(item, dict):
            return None
        return cls(url=resolved, resource_link_id=item.get("resourceLinkId"), tag=item.get("tag"))


class LineItems:
    """Columns of assignments; safe to share between threads and among workers."""

    def __init__(
        self,
        client: ServiceClient,
        transaction: Callable[[], AbstractContextManager[Session]],
    ) -> None:
        self._client = client
        self._transaction = transaction

    def url_for(self, assignment_id: UUID, *, maximum: float) -> str:
        """Return the URL of an assignment's column; made only if the platform has none.

        A lock in the database lets one worker look at a time, for the few seconds of the first
        score: two would each make a column. Raises ServiceError.
        """
        with self._transaction() as session:
            session.execute(select(func.pg_advisory_xact_lock(_lock_number(assignment_id))))
            assignment = session.get_one(Assignment, assignment_id, populate_existing=True)
            if assignment.line_item_url is None:
                registration = session.get_one(Registration, assignment.registration_id)
                assignment.line_item_url = self._find_or_create(registration, assignment, maximum)
            return assignment.line_item_url

    def _find_or_create(
        self, registration: Registration, assignment: Assignment, maximum: float
    ) -> str:
        if assignment.line_items_url is None:
            raise no_service()
        found = choose(
            self._list(registration, assignment, assignment.line_items_url),
            resource_link_id=assignment.resource_link_id,
        )
        if found is None:
            found = self._create(registration, assignment, assignment.line_items_url, maximum)
        return found.url

    def _list(self, registration: Registration, assignment: Assignment, url: str) -> list[LineItem]:
        readonly, full = Scope.LINE_ITEM_READONLY, Scope.LINE_ITEM
        answer = self._client.send(
            registration,
            ServiceRequest(
                method="GET",
                url=with_query(url, {"resource_link_id": assignment.resource_link_id}),
                scope=readonly if full not in assignment.scopes else full,
                media_type=MediaType.LINE_ITEM_CONTAINER,
            ),
        )
        items = read_json(answer, "Listing grade book columns")
        parsed = [LineItem.from_json(item, base=url) for item in items or ()]
        return [item for item in parsed if item is not None]

    def _create(
        self, registration: Registration, assignment: Assignment, url: str, maximum: float
    ) -> LineItem:
        if Scope.LINE_ITEM not in assignment.scopes:
            raise no_service()
        answer = self._client.send(
            registration,
            ServiceRequest(
                method="POST",
                url=url,
                scope=Scope.LINE_ITEM,
                media_type=MediaType.LINE_ITEM,
                body={
                    "label": assignment.title,
                    "scoreMaximum": whole(maximum),
                    "resourceLinkId": assignment.resource_link_id,
                    "resourceId": str(assignment.id),
                    "tag": TAG,
                },
            ),
        )
        made = LineItem.from_json(read_json(answer, "Making a grade book column"), base=url)
        if made is None:
            raise no_service()
        return made


def choose(items: list[LineItem], *, resource_link_id: str) -> LineItem | None:
    """Return the activity's column: ours if there are several, else the first.

    Platforms may ignore the filter of the query, so it is applied here again.
    """
    own = [item for item in items if item.resource_link_id == resource_link_id]
    ours = [item for item in own if item.tag == TAG]
    return next(iter(ours or own), None)


def _lock_number(assignment_id: UUID) -> int:
    """Return the assignment's number among PostgreSQL's advisory locks (64 bits, signed)."""
    return int.from_bytes(assignment_id.bytes[:8], signed=True)
