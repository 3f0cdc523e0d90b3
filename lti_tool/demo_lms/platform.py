"""The parts of the running platform, put together once and passed to every request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from flask import current_app

from config.settings import Settings
from lti_tool.demo_lms import line_items
from lti_tool.demo_lms.activities import Activity
from lti_tool.demo_lms.assertions import ToolKeys
from lti_tool.demo_lms.course import COURSE
from lti_tool.demo_lms.keys import SigningKey, load_or_create_key
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

    @property
    def issuer(self) -> str:
        """Return the platform's origin."""
        return self.registration.issuer

    @property
    def line_items_url(self) -> str:
        """Return the course's line item container, with a query as Moodle's has one."""
        return f"{self.issuer}/lti/services/{COURSE.id}/lineitems?type_id=1"

    @property
    def memberships_url(self) -> str:
        """Return the course's roster."""
        return f"{self.issuer}/lti/services/{COURSE.id}/memberships"

    def line_item_url(self, item_id: int) -> str:
        """Return one line item's URL; `/scores` and `/results` go before the query."""
        return f"{self.issuer}/lti/services/{COURSE.id}/lineitems/{item_id}/lineitem?type_id=1"

    def result_url(self, item_id: int, user_id: str) -> str:
        """Return one result's URL."""
        base = f"{self.issuer}/lti/services/{COURSE.id}/lineitems/{item_id}/lineitem/results"
        return f"{base}/{user_id}?type_id=1"

    def activity(self, slug: str) -> Activity | None:
        """Return the activity of that name, or None."""
        return next((found for found in self.activities if found.slug == slug), None)

    def resource_links(self) -> frozenset[str]:
        """Return the ids of all placements in the course."""
        return frozenset(activity.resource_link_id for activity in self.activities)


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
