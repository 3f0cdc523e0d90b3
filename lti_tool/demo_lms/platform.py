"""The parts of the running platform, put together once and passed to every request."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from flask import current_app

from config.settings import Settings
from lti_tool.demo_lms import line_items, placed
from lti_tool.demo_lms.activities import Activity
from lti_tool.demo_lms.assertions import ToolKeys
from lti_tool.demo_lms.keys import SigningKey, load_or_create_key
from lti_tool.demo_lms.line_items import LineItem
from lti_tool.demo_lms.registration import (
    DemoRegistration,
    ToolEndpoints,
    demo_registration,
    tool_endpoints,
)
from lti_tool.demo_lms.store import Store

EXTENSION = "casebook-demo-lms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Everything that a view needs."""

    registration: DemoRegistration
    tool: ToolEndpoints
    key: SigningKey
    tool_keys: ToolKeys
    store: Store
    activities: tuple[Activity, ...]
    """Those of the beginning."""

    @property
    def issuer(self) -> str:
        """Return the platform's origin."""
        return self.registration.issuer

    def line_items_url(self, course_id: str) -> str:
        """Return a course's line item container, with a query as Moodle's has one."""
        return f"{self.issuer}/lti/services/{course_id}/lineitems?type_id=1"

    def memberships_url(self, course_id: str) -> str:
        """Return a course's roster."""
        return f"{self.issuer}/lti/services/{course_id}/memberships"

    def line_item_url(self, item: LineItem) -> str:
        """Return one line item's URL; `/scores` and `/results` go before the query."""
        return f"{self._line_item(item)}?type_id=1"

    def result_url(self, item: LineItem, user_id: str) -> str:
        """Return one result's URL."""
        return f"{self._line_item(item)}/results/{user_id}?type_id=1"

    def _line_item(self, item: LineItem) -> str:
        return f"{self.issuer}/lti/services/{item.course_id}/lineitems/{item.id}/lineitem"

    def activities_of(self, connection: sqlite3.Connection, course_id: str) -> tuple[Activity, ...]:
        """Return a course's activities: those of the beginning, then those that were added."""
        own = (one for one in self.activities if one.course_id == course_id)
        return (*own, *placed.all_of(connection, course_id))

    def activity(self, connection: sqlite3.Connection, slug: str) -> Activity | None:
        """Return the activity of that name, or None."""
        own = next((found for found in self.activities if found.slug == slug), None)
        return own or placed.by_slug(connection, slug)

    def resource_links(self, connection: sqlite3.Connection, course_id: str) -> frozenset[str]:
        """Return the ids of all placements in a course."""
        found = self.activities_of(connection, course_id)
        return frozenset(activity.resource_link_id for activity in found)


def assemble(settings: Settings, activities: Sequence[Activity]) -> Platform:
    """Open the state folder and return the platform, with a grade book column per activity."""
    registration, tool = demo_registration(settings), tool_endpoints(settings)
    store = Store(settings.state_dir / "demo_lms.sqlite")
    with store.writing() as connection:
        line_items.seed(connection, activities)
    return Platform(
        registration=registration,
        tool=tool,
        key=load_or_create_key(settings.keys_dir / "demo_lms.pem"),
        tool_keys=ToolKeys(tool.jwks_url, timeout_seconds=settings.http_timeout_seconds),
        store=store,
        activities=tuple(activities),
    )


def current_platform() -> Platform:
    """Return the platform of the application that handles this request."""
    return cast("Platform", current_app.extensions[EXTENSION])
