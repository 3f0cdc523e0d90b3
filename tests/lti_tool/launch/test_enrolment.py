"""What launches leave behind of their course, and when they have its roster read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from config.database import Database
from lti_tool.launch.enrolment import AT_MOST_EVERY
from lti_tool.models import Course
from tests.fakes.platform import Platform
from tests.lti_tool.factories import CLAIM, INSTRUCTOR, LEARNER, NRPS_CLAIM, Launch


def _launch(opening: Launch, platform: Platform, role: str = LEARNER, **service: Any) -> None:
    offered = {"context_memberships_url": f"{platform.origin}/members", "service_versions": ["2.0"]}
    opening.claims[f"{CLAIM}roles"] = [role]
    opening.claims[NRPS_CLAIM] = {**offered, **service}
    assert opening.post().status_code == 303


def _courses(database: Database) -> list[Course]:
    with database.transaction() as session:
        return list(session.scalars(select(Course)))


def _jobs(database: Database) -> int:
    """Return how many readings wait, and let them be done."""
    with database.transaction() as session:
        count = text("DELETE FROM procrastinate_jobs WHERE queue_name = 'rosters' RETURNING id")
        return len(session.execute(count).all())


def _some_time_ago(database: Database) -> None:
    with database.transaction() as session:
        course = session.scalars(select(Course)).one()
        assert course.asked_at is not None
        course.asked_at -= AT_MOST_EVERY + timedelta(seconds=1)


def test_the_first_launch_has_the_roster_read_and_the_next_students_do_not(
    begin: Callable[[], Launch], platform: Platform, database: Database
) -> None:
    _launch(begin(), platform)
    [course] = _courses(database)
    assert course.memberships_url == f"{platform.origin}/members"
    assert _jobs(database) == 1
    _some_time_ago(database)
    _launch(begin(), platform)
    assert _jobs(database) == 0


def test_staff_have_the_roster_read_again_from_time_to_time(
    begin: Callable[[], Launch], platform: Platform, database: Database
) -> None:
    _launch(begin(), platform)
    _launch(begin(), platform, INSTRUCTOR)
    assert _jobs(database) == 1
    _some_time_ago(database)
    _launch(begin(), platform, INSTRUCTOR)
    assert _jobs(database) == 1


def test_a_roster_that_moved_is_found_at_its_new_place(
    begin: Callable[[], Launch], platform: Platform, database: Database
) -> None:
    _launch(begin(), platform)
    _launch(begin(), platform, context_memberships_url=f"{platform.origin}/moved")
    assert [course.memberships_url for course in _courses(database)] == [f"{platform.origin}/moved"]


@pytest.mark.parametrize(
    "service",
    [
        {"service_versions": ["1.0"]},
        {"context_memberships_url": "javascript:alert(1)"},
        {"context_memberships_url": None},
    ],
)
def test_a_launch_without_a_roster_of_this_version_opens_all_the_same(
    opening: Launch, platform: Platform, database: Database, service: dict[str, Any]
) -> None:
    _launch(opening, platform, **service)
    assert _courses(database) == []
    assert _jobs(database) == 0
