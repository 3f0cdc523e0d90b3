"""LTI Advantage Conformance Certification Guide 1.3, §6.3, by the published names.

An instructor launches; the tool then asks for the members, and the platform looks at its requests.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text

from config.database import Database
from config.settings import Settings
from lti_tool.models import CourseMember
from lti_tool.services import rosters
from lti_tool.services.client import ServiceClient
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore
from lti_tool.services.tokens import TokenSource
from tests.conformance.launching import Browser
from tests.fakes.platform import MEMBERS, NRPS, Platform, Seen
from tests.lti_tool.factories import CLAIM, INSTRUCTOR, LEARNER

NAMES_ROLES = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


@pytest.fixture
def received(
    browser: Browser, tool: str, platform: Platform, database: Database, settings: Settings
) -> Seen:
    """The tool's request for the members, after the launch of an instructor."""
    platform.tool_key_set = lambda: _key_set(tool)
    platform.members = [{"user_id": "s1", "roles": [LEARNER]}]
    browser.login()
    browser.claims[f"{CLAIM}roles"] = [INSTRUCTOR]
    browser.claims[NAMES_ROLES] = {
        "context_memberships_url": f"{platform.origin}/members",
        "service_versions": ["2.0"],
    }
    browser.follow(browser.launch())
    with PlatformHttp(timeout_seconds=5) as http:
        keys = KeyStore(settings.keys_dir)
        client = ServiceClient(http, TokenSource(http, keys, database.transaction))
        for course_id in _wanted(database):
            rosters.sync(client, database.transaction, course_id)
    [request] = platform.requests("/members")
    return request


def _key_set(tool: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = httpx.get(f"{tool}/lti/jwks", trust_env=False).json()
    return found


def _wanted(database: Database) -> list[UUID]:
    """Return the courses that the launch has put into the queue."""
    query = text("SELECT args->>'course_id' FROM procrastinate_jobs WHERE task_name = :name")
    with database.transaction() as session:
        return [UUID(found) for found in session.scalars(query, {"name": rosters.SYNC_ROSTER})]


def test_received_request(received: Seen, database: Database) -> None:
    assert received.method == "GET"
    with database.transaction() as session:
        assert session.scalars(select(CourseMember.sub)).all() == ["s1"]


def test_verify_json_header(received: Seen) -> None:
    assert received.headers["Accept"] == MEMBERS


def test_verify_bearer_token(received: Seen, platform: Platform) -> None:
    scheme, _, token = received.headers["Authorization"].partition(" ")
    assert scheme == "Bearer"
    assert token in platform.tokens


def test_verify_bearer_scope(received: Seen, platform: Platform) -> None:
    token = received.headers["Authorization"].removeprefix("Bearer ")
    assert platform.tokens[token] == {NRPS}
