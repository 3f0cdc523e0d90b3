"""LTI Advantage Conformance Certification Guide 1.3, §6.3, by the published names.

Then what rosters are known to do to tools: pages on other hosts, people twice, tokens that end.
"""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from config.database import Database
from lti_tool.models import Course, CourseMember, CourseRole, LtiUser
from tests.conformance.launching import Browser
from tests.conformance.working import ALL_PASS, Worker, verify
from tests.fakes.canvas import Canvas
from tests.fakes.moodle import Moodle
from tests.fakes.platform import MEMBERSHIPS, NRPS, Fault, Platform
from tests.lti_tool.factories import CLAIM, INSTRUCTOR, LEARNER, NRPS_CLAIM

ReadRoster = Callable[[], None]


@pytest.fixture
def instructor_launch(browser: Browser, worker: Worker, platform: Platform) -> ReadRoster:
    """Launch as an instructor, and let the worker do what that leads to."""

    def launch() -> None:
        browser.login()
        browser.claims[f"{CLAIM}roles"] = [INSTRUCTOR]
        browser.claims[NRPS_CLAIM] = {
            "context_memberships_url": f"{platform.origin}/members",
            "service_versions": ["2.0"],
        }
        assert browser.follow(browser.launch()).status_code == 200
        worker.work()

    return launch


def _members(database: Database) -> dict[str, CourseRole]:
    with database.transaction() as session:
        rows = session.execute(
            select(LtiUser.sub, CourseMember.role)
            .join(CourseMember, CourseMember.user_id == LtiUser.id)
            .where(CourseMember.left_at.is_(None))
        )
        return {row.sub: row.role for row in rows}


def test_instructor_launch_leads_to_a_request_that_passes_every_check(
    instructor_launch: ReadRoster, platform: Platform, database: Database
) -> None:
    platform.enrol("student-1", LEARNER)
    platform.enrol("teacher", INSTRUCTOR)
    instructor_launch()
    [seen] = platform.requests("/members", "GET")
    assert verify(platform, seen, media_type=MEMBERSHIPS, scope=NRPS) == ALL_PASS
    assert _members(database) == {
        "student-1": CourseRole.LEARNER,
        "teacher": CourseRole.INSTRUCTOR,
    }


@pytest.mark.parametrize("platform", [Moodle, Canvas], indirect=True)
def test_every_page_of_a_large_roster_is_asked_for_in_the_same_way(
    instructor_launch: ReadRoster, platform: Platform, database: Database
) -> None:
    for number in range(120):
        platform.enrol(f"student-{number}", LEARNER)
    instructor_launch()
    pages = platform.requests("/members", "GET")
    assert len(pages) > 1
    for seen in pages:
        assert verify(platform, seen, media_type=MEMBERSHIPS, scope=NRPS) == ALL_PASS
    assert len(_members(database)) == 120


def test_a_person_on_two_pages_is_one_member(
    instructor_launch: ReadRoster, platform: Platform, database: Database
) -> None:
    for number in range(100):
        platform.enrol(f"student-{number}", LEARNER)
    platform.enrol("student-0", LEARNER, INSTRUCTOR)
    instructor_launch()
    assert len(_members(database)) == 100
    assert _members(database)["student-0"] is CourseRole.INSTRUCTOR


def test_a_next_page_on_another_host_gets_no_token_and_the_roster_does_not_count(
    instructor_launch: ReadRoster, platform: Platform, database: Database
) -> None:
    body = b'{"members": [{"user_id": "student-1", "roles": ["Learner"]}]}'
    link = {"Link": f'<{platform.origin.replace("127.0.0.1", "localhost")}/x>; rel="next"'}
    platform.faults = [Fault("/members", status=200, body=body, headers=link)]
    instructor_launch()
    assert platform.requests("/x") == []
    assert _members(database) == {}
    with database.transaction() as session:
        assert session.scalars(select(Course.synced_at)).one() is None


def test_a_token_that_is_refused_is_renewed_once(
    instructor_launch: ReadRoster, platform: Platform, database: Database
) -> None:
    platform.enrol("student-1", LEARNER)
    platform.faults = [Fault("/members", status=401)]
    instructor_launch()
    assert len(platform.requests("/token")) == 2
    assert set(_members(database)) == {"student-1"}


def test_a_token_that_is_refused_twice_is_not_renewed_again(
    instructor_launch: ReadRoster, platform: Platform
) -> None:
    platform.faults = [Fault("/members", status=401, times=9)]
    instructor_launch()
    assert len(platform.requests("/members")) == 2
