"""Line items: the grade book columns of activities, found or made."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Assignment, ContentItem, Registration
from lti_tool.platforms.families import PLATFORMS
from lti_tool.services.client import ServiceClient, ServiceRequest, read_json
from lti_tool.services.errors import PlatformRefusedError
from lti_tool.services.paging import MOST_PAGES, next_page
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
    label: str | None
    resource_link_id: str | None
    resource_id: str | None
    tag: str | None

    @classmethod
    def from_json(cls, item: object, *, base: str) -> Self | None:
        """Read a column; None for one without a URL on the platform's own origin."""
        url = item.get("id") if isinstance(item, dict) else None
        resolved = same_origin(base, url) if isinstance(url, str) else None
        if resolved is None or not isinstance(item, dict):
            return None
        return cls(
            url=resolved,
            label=item.get("label"),
            resource_link_id=item.get("resourceLinkId") or None,
            resource_id=item.get("resourceId") or None,
            tag=item.get("tag") or None,
        )


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
                assignment.line_item_url = self._find_or_create(
                    session, registration, assignment, maximum
                )
            return assignment.line_item_url

    def moved(self, assignment_id: UUID, *, gone: str) -> str | None:
        """Return the URL of the column that took the place of one that is gone, if there is one.

        None is made: whoever deleted the column may have meant it. Raises ServiceError.
        """
        with self._transaction() as session:
            session.execute(select(func.pg_advisory_xact_lock(_lock_number(assignment_id))))
            assignment = session.get_one(Assignment, assignment_id, populate_existing=True)
            if assignment.line_item_url not in {gone, None}:
                return assignment.line_item_url  # another worker has found it
            if assignment.line_items_url is None:
                return None
            registration = session.get_one(Registration, assignment.registration_id)
            found = self._find(session, registration, assignment, assignment.line_items_url)
            if found is None or found.url == gone:
                return None
            assignment.line_item_url = found.url
            return found.url

    def _find_or_create(
        self, session: Session, registration: Registration, assignment: Assignment, maximum: float
    ) -> str:
        if assignment.line_items_url is None:
            raise no_service()
        found = self._find(session, registration, assignment, assignment.line_items_url)
        if found is None:
            points = _points(session, assignment, maximum)
            found = self._create(registration, assignment, assignment.line_items_url, points)
        return found.url

    def _find(
        self, session: Session, registration: Registration, assignment: Assignment, url: str
    ) -> LineItem | None:
        link = assignment.resource_link_id
        here = self._list(registration, assignment, with_query(url, {"resource_link_id": link}))
        found = choose(here, resource_link_id=link)
        if found is not None:
            return found
        tagged = self._list(registration, assignment, with_query(url, {"tag": TAG}))
        taken = session.scalars(
            select(Assignment.line_item_url).where(
                Assignment.registration_id == registration.id,
                Assignment.id != assignment.id,
                Assignment.line_item_url.in_([item.url for item in tagged]),
            )
        )
        free = [item for item in tagged if item.url not in set(taken)]
        return adopt(free, resource_id=_resource_id(assignment), title=assignment.title)

    def _list(self, registration: Registration, assignment: Assignment, url: str) -> list[LineItem]:
        readonly, full = Scope.LINE_ITEM_READONLY, Scope.LINE_ITEM
        scope = readonly if full not in assignment.scopes else full
        items: list[LineItem] = []
        visited: set[str] = set()
        page: str | None = url
        while page is not None and page not in visited and len(visited) < MOST_PAGES:
            visited.add(page)
            answer = self._client.send(
                registration,
                ServiceRequest(
                    method="GET", url=page, scope=scope, media_type=MediaType.LINE_ITEM_CONTAINER
                ),
            )
            entries = read_json(answer, "Listing grade book columns")
            parsed = [
                LineItem.from_json(item, base=page)
                for item in (entries if isinstance(entries, list) else ())
            ]
            items.extend(item for item in parsed if item is not None)
            page = next_page(answer.headers, page)
        return items

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
                    "scoreMaximum": PLATFORMS[registration.platform].line_item_maximum(maximum),
                    "resourceLinkId": assignment.resource_link_id,
                    "resourceId": _resource_id(assignment),
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


def adopt(items: list[LineItem], *, resource_id: str, title: str) -> LineItem | None:
    """Return a column of ours that lost its activity, as a course copy may leave it.

    By the id that we gave it, else by its title, and only if just one has it.
    """
    loose = [item for item in items if item.tag == TAG and item.resource_link_id is None]
    for fits in (
        [item for item in loose if item.resource_id == resource_id],
        [item for item in loose if item.label == title],
    ):
        if len(fits) == 1:
            return fits[0]
    return None


def _points(session: Session, assignment: Assignment, otherwise: float) -> float:
    """Return the maximum of an activity's column: what was chosen for it, else the case's own."""
    if assignment.content_item_id is None:
        return otherwise
    return session.get_one(ContentItem, assignment.content_item_id).points


def _resource_id(assignment: Assignment) -> str:
    """Return by what a column is known to be an activity's own, in a copied course, too."""
    return str(assignment.content_item_id or assignment.id)


def _lock_number(assignment_id: UUID) -> int:
    """Return the assignment's number among PostgreSQL's advisory locks (64 bits, signed)."""
    return int.from_bytes(assignment_id.bytes[:8], signed=True)
