"""Who is in a course: read page by page, whole or not at all, and nothing personal of it kept."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from config.database import Database, utcnow
from lti_tool.models import Course, CourseMember, PlatformFamily, Registration
from lti_tool.services import rosters
from lti_tool.services.client import ServiceClient
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore
from lti_tool.services.rosters import REST, SYNC_ROSTER, standing, sync, want_roster
from lti_tool.services.tokens import TokenSource
from tests.fakes.platform import ALL_SCOPES, NRPS, Fault, Platform
from tests.lti_tool.factories import INSTRUCTOR, LEARNER, MEMBERSHIP, register
from tests.lti_tool.services.conftest import Course as Placed
from tests.lti_tool.services.conftest import place


def person(user_id: Any, *roles: str, **more: Any) -> dict[str, Any]:
    """Return a member as platforms send them, with everything that must not be kept."""
    personal = {"name": "Ada Canary", "email": "canary@school.example", "family_name": "Canary"}
    return {"user_id": user_id, "roles": list(roles), "status": "Active", **personal, **more}


@pytest.fixture
def registration(database: Database, platform: Platform) -> Registration:
    with database.transaction() as session:
        return register(session, platform)


@pytest.fixture
def client(http: PlatformHttp, key_store: KeyStore, database: Database) -> ServiceClient:
    return ServiceClient(http, TokenSource(http, key_store, database.transaction))


def want(database: Database, registration: Registration, platform: Platform) -> bool:
    with database.transaction() as session:
        return want_roster(
            session,
            registration_id=registration.id,
            deployment_id="d1",
            context_id="course-1",
            memberships_url=f"{platform.origin}/members",
        )


@pytest.fixture
def course_id(database: Database, registration: Registration, platform: Platform) -> UUID:
    assert want(database, registration, platform)
    with database.transaction() as session:
        return session.scalars(select(Course.id)).one()


def known(database: Database) -> Mapping[str, tuple[str, bool]]:
    """Return of each member what they may do, and whether they are there."""
    with database.transaction() as session:
        return {
            member.sub: (member.role.value, member.left_at is None)
            for member in session.scalars(select(CourseMember))
        }


Read = Callable[..., Mapping[str, tuple[str, bool]]]
"""Let the platform have these members, and read them; returns what is known then."""


@pytest.fixture
def read(client: ServiceClient, database: Database, course_id: UUID) -> Read:
    def reading(platform: Platform, *members: dict[str, Any]) -> Mapping[str, tuple[str, bool]]:
        platform.members = list(members)
        sync(client, database.transaction, course_id)
        return known(database)

    return reading


def test_everybody_is_read_over_all_pages_with_long_and_short_roles(
    read: Read, platform: Platform
) -> None:
    found = read(
        platform,
        person("s1", LEARNER),
        person("s2", "Learner"),
        person("t1", INSTRUCTOR, f"{MEMBERSHIP}/Instructor#TeachingAssistant"),
        person("t2", "Instructor"),
        person("m1", f"{MEMBERSHIP}#Mentor"),
    )
    assert found == {
        "s1": ("learner", True),
        "s2": ("learner", True),
        "t1": ("assistant", True),
        "t2": ("instructor", True),
        "m1": ("observer", True),
    }
    assert len(platform.requests("/members")) == 3


def test_leavers_are_marked_and_come_back_unmarked(read: Read, platform: Platform) -> None:
    both = (person("s1", LEARNER), person("s2", LEARNER))
    read(platform, *both)
    assert read(platform, both[0]) == {"s1": ("learner", True), "s2": ("learner", False)}
    assert read(platform, *both)["s2"] == ("learner", True)
    assert read(platform)["s1"] == ("learner", False)


@pytest.mark.parametrize(
    ("status", "there"),
    [("active", True), ("ACTIVE", True), (None, True), ("Inactive", False), ("deleted", False)],
)
def test_a_status_is_read_whatever_its_case(
    read: Read, platform: Platform, status: str | None, *, there: bool
) -> None:
    found = read(platform, person("s1", LEARNER, status=status))
    assert found == ({"s1": ("learner", True)} if there else {})


def test_duplicates_across_roster_pages_are_one_person_with_all_roles(
    read: Read, platform: Platform
) -> None:
    found = read(platform, person("a", LEARNER), person("b", LEARNER), person("a", INSTRUCTOR))
    assert found == {"a": ("instructor", True), "b": ("learner", True)}


@pytest.mark.parametrize("entry", [None, [], {}, person(7), person(""), person("x" * 256)])
def test_an_entry_that_names_nobody_is_left_out(read: Read, platform: Platform, entry: Any) -> None:
    assert read(platform, entry, person("s1", LEARNER)) == {"s1": ("learner", True)}


def test_nothing_personal_is_kept(read: Read, platform: Platform, database: Database) -> None:
    read(platform, person("s1", LEARNER))
    with database.transaction() as session:
        rows = session.execute(text("SELECT * FROM course_member, course")).all()
    assert rows
    assert "anary" not in str(rows)


@pytest.mark.parametrize(
    "link",
    ['<{}>; rel="next"', "<{}>; rel=next", "<{}>; rel=\u201cnext\u201d"],
    ids=["quoted", "bare", "curly"],
)
def test_a_next_page_is_followed_letter_by_letter_in_every_dialect(
    read: Read, platform: Platform, link: str
) -> None:
    platform.members_link = link
    assert len(read(platform, *(person(str(number), LEARNER) for number in range(5)))) == 5


@pytest.mark.parametrize("status", [500, 403, 404, 429])
def test_a_roster_that_cannot_be_read_whole_changes_nothing(
    read: Read, platform: Platform, status: int
) -> None:
    before = read(platform, person("s1", LEARNER))
    # The first page arrives, the second does not.
    platform.weather = lambda seen: (
        Fault("/members", status=status) if "bookmark" in seen.query else None
    )
    assert read(platform, *(person(str(number), LEARNER) for number in range(3))) == before


def test_a_roster_without_an_end_changes_nothing(read: Read, platform: Platform) -> None:
    platform.members_link = f'<{platform.origin}/members>; rel="next"'
    assert read(platform, *(person(str(number), LEARNER) for number in range(5))) == {}
    assert len(platform.requests("/members")) == 1


def test_a_cross_origin_next_gets_no_token(read: Read, platform: Platform) -> None:
    platform.members_link = '<http://127.0.0.1:1/members>; rel="next"'
    assert len(read(platform, *(person(str(number), LEARNER) for number in range(5)))) == 2


def test_a_platform_that_grants_no_such_scope_is_left_alone(
    read: Read, platform: Platform, database: Database
) -> None:
    platform.granted = ALL_SCOPES - {NRPS}
    assert read(platform, person("s1", LEARNER)) == {}
    with database.transaction() as session:
        assert session.scalars(select(Course.synced_at)).one() is None


def _jobs(database: Database) -> int:
    query = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :name")
    with database.transaction() as session:
        return session.scalar(query, {"name": SYNC_ROSTER}) or 0


def test_a_course_is_asked_about_once_in_a_while(
    database: Database, registration: Registration, platform: Platform
) -> None:
    assert [want(database, registration, platform) for _ in range(3)] == [True, False, False]
    assert _jobs(database) == 1
    with database.transaction() as session:
        session.execute(update(Course).values(asked_at=utcnow() - REST - timedelta(seconds=1)))
        session.execute(text("DELETE FROM procrastinate_jobs"))
    assert want(database, registration, platform)
    assert _jobs(database) == 1


def test_students_who_never_opened_the_tool_count_as_not_begun(
    database: Database, platform: Platform, client: ServiceClient
) -> None:
    placed: Placed = place(database, platform, PlatformFamily.GENERIC)
    placed.change(context_id="course-1")
    placed.attempt("s1", score=1)
    assert want(database, placed.registration, platform)
    platform.members = [person("s1", LEARNER), person("s2", LEARNER), person("t", INSTRUCTOR)]
    with database.transaction() as session:
        course_id = session.scalars(select(Course.id)).one()
    sync(client, database.transaction, course_id)
    with database.transaction() as session:
        found = standing(session, placed.assignment_id)
    assert (found.learners, found.begun) == (2, 1)
    assert found.synced_at is not None


def test_a_course_that_is_gone_is_no_fault(client: ServiceClient, database: Database) -> None:
    rosters.sync(client, database.transaction, UUID(int=0))
    assert known(database) == {}
