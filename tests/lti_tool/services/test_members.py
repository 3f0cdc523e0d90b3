"""Rosters, read page by page from platforms that speak in their own ways."""

from itertools import pairwise
from urllib.parse import parse_qs

import pytest

from config.database import Database
from lti_tool.models import Registration
from lti_tool.services.client import ServiceClient
from lti_tool.services.errors import PlatformBusyError, PlatformRefusedError
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore
from lti_tool.services.members import Member, members_of, merged
from lti_tool.services.tokens import TokenSource
from tests.fakes.canvas import Canvas
from tests.fakes.moodle import Moodle
from tests.fakes.platform import Fault, Platform
from tests.lti_tool.factories import INSTRUCTOR, LEARNER, register


@pytest.fixture
def client(http: PlatformHttp, key_store: KeyStore, database: Database) -> ServiceClient:
    return ServiceClient(http, TokenSource(http, key_store, database.transaction))


def _registered(database: Database, platform: Platform) -> Registration:
    with database.transaction() as session:
        return register(session, platform)


def _read(client: ServiceClient, database: Database, platform: Platform) -> list[Member]:
    registration = _registered(database, platform)
    return members_of(client, registration, f"{platform.origin}/members")


def test_all_pages_of_moodles_roster_are_read(
    client: ServiceClient, database: Database, moodle: Moodle
) -> None:
    for number in range(250):
        moodle.enrol(f"s{number}", LEARNER)
    members = _read(client, database, moodle)
    assert len({member.user_id for member in members}) == 250
    assert members[0].roles == ("Learner",)
    assert len(moodle.requests("/members")) == 3


def test_canvas_bookmarks_are_followed_letter_by_letter(
    client: ServiceClient, database: Database, canvas: Canvas
) -> None:
    for number in range(31):
        canvas.enrol(f"s{number}", LEARNER)
    assert len(_read(client, database, canvas)) == 31
    pages = [parse_qs(seen.query)["page"][0] for seen in canvas.requests("/members")[1:]]
    assert pages == ["MTA=", "MjA=", "MzA="]


def test_a_roster_without_names_or_status_is_read(
    client: ServiceClient, database: Database, platform: Platform
) -> None:
    platform.roster = [{"user_id": "s1", "roles": [LEARNER]}, {"user_id": 7}]
    assert _read(client, database, platform) == [
        Member(user_id="s1", roles=(LEARNER,), active=True)
    ]


@pytest.mark.parametrize(
    ("status", "active"),
    [
        ("Active", True),
        ("ACTIVE", True),
        ("active", True),
        ("http://purl.imsglobal.org/vocab/lis/v2/status#Active", True),
        ("Inactive", False),
        ("DELETED", False),
    ],
)
def test_a_status_is_read_in_any_case(status: str, *, active: bool) -> None:
    member = Member.from_json({"user_id": "s1", "roles": [], "status": status})
    assert member is not None
    assert member.active is active


def test_somebody_on_two_pages_is_one_person_with_both_roles() -> None:
    entries = [
        Member(user_id="a", roles=("Learner",), active=False),
        Member(user_id="b", roles=("Learner",), active=True),
        Member(user_id="a", roles=("Instructor", "Learner"), active=True),
    ]
    assert merged(entries) == [
        Member(user_id="a", roles=("Learner", "Instructor"), active=True),
        Member(user_id="b", roles=("Learner",), active=True),
    ]


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ('<http://elsewhere.example/members>; rel="next"', "another host"),
        ('</members?limit=100>; rel="next"', "no end"),
    ],
)
def test_a_roster_that_cannot_be_read_to_its_end_is_refused(
    client: ServiceClient, database: Database, platform: Platform, link: str, reason: str
) -> None:
    body = b'{"members": [{"user_id": "s1", "roles": []}]}'
    platform.faults = [Fault("/members", status=200, body=body, headers={"Link": link}, times=9)]
    with pytest.raises(PlatformRefusedError, match=reason):
        _read(client, database, platform)
    assert all("elsewhere" not in seen.headers["Host"] for seen in platform.seen)


def test_pages_without_end_are_refused(
    client: ServiceClient, database: Database, platform: Platform
) -> None:
    registration = _registered(database, platform)
    for number in range(60):
        platform.enrol(f"s{number}", LEARNER)
    with pytest.raises(PlatformRefusedError, match="no end"):
        members_of(client, registration, f"{platform.origin}/members?limit=1")
    asked = [parse_qs(seen.query).get("from", ["0"])[0] for seen in platform.requests("/members")]
    assert len(asked) == 50
    assert all(int(before) + 1 == int(after) for before, after in pairwise(asked))


@pytest.mark.parametrize("body", [b"[]", b'{"members": 3}', b'{"members": []}', b"<html>"])
def test_an_answer_that_is_no_roster_is_refused(
    client: ServiceClient, database: Database, platform: Platform, body: bytes
) -> None:
    platform.faults = [Fault("/members", status=200, body=body)]
    with pytest.raises(PlatformRefusedError):
        _read(client, database, platform)


def test_a_platform_that_is_busy_is_asked_later(
    client: ServiceClient, database: Database, platform: Platform
) -> None:
    platform.enrol("t1", INSTRUCTOR)
    platform.faults = [Fault("/members", status=503, headers={"Retry-After": "7"})]
    with pytest.raises(PlatformBusyError) as caught:
        _read(client, database, platform)
    assert caught.value.after_seconds == 7
