"""Launches that succeed, and what they leave behind."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from sqlalchemy import func, select, update

from config.database import Database
from config.settings import Settings
from lti_tool.models import Assignment, CourseRole, LaunchSession, LtiUser, Registration
from lti_tool.sessions.secrets import fingerprint
from notebooks.attempts.models import Attempt, AttemptMember
from notebooks.cases.models import CaseVersion
from tests.lti_tool.factories import (
    AGS_CLAIM,
    CLAIM,
    INSTRUCTOR,
    LEARNER,
    MEMBERSHIP,
    Launch,
    add_case,
)


def _only_launch(database: Database) -> tuple[LaunchSession, Attempt]:
    with database.transaction() as session:
        row = session.scalars(select(LaunchSession)).one()
        attempt = session.get(Attempt, row.attempt_id)
        assert attempt is not None
        return row, attempt


def test_a_learner_comes_to_the_workspace_with_a_ticket(
    opening: Launch, database: Database, settings: Settings
) -> None:
    response = opening.post()
    assert response.status_code == 303
    row, attempt = _only_launch(database)
    location = urlsplit(response.headers["Location"])
    assert location.path == f"/workspace/{row.id}"
    assert row.ticket_hash == fingerprint(parse_qs(location.query)["ticket"][0])
    assert row.role is CourseRole.LEARNER
    assert attempt.graded
    assert row.frame_ancestor == opening.platform.origin
    assert row.return_url == f"{opening.platform.origin}/course"
    assert (row.expires_at - row.created_at).total_seconds() == settings.session_seconds


def test_a_launch_makes_the_assignment_with_its_grade_service(
    opening: Launch, database: Database
) -> None:
    opening.post()
    with database.transaction() as session:
        assignment = session.scalars(select(Assignment)).one()
        user = session.scalars(select(LtiUser)).one()
        member = session.scalars(select(AttemptMember)).one()
    assert assignment.title == "Wine homework"
    assert assignment.context_title == "Data science"
    assert assignment.line_item_url == opening.claims[AGS_CLAIM]["lineitem"]
    assert len(assignment.scopes) == 3
    assert user.sub == "student-1"
    assert (member.assignment_key, member.learner_key) == (str(assignment.id), str(user.id))


def test_the_state_cookie_is_gone_after_the_launch(opening: Launch) -> None:
    cookie = opening.post().headers["Set-Cookie"]
    assert "Max-Age=0" in cookie
    assert "Partitioned" in cookie


@pytest.mark.parametrize(
    ("roles", "role", "graded"),
    [
        ([LEARNER], CourseRole.LEARNER, True),
        (["Learner"], CourseRole.LEARNER, True),
        ([INSTRUCTOR], CourseRole.INSTRUCTOR, False),
        (["Instructor"], CourseRole.INSTRUCTOR, False),
        (
            [INSTRUCTOR, f"{MEMBERSHIP}/Instructor#TeachingAssistant"],
            CourseRole.ASSISTANT,
            False,
        ),
        ([f"{MEMBERSHIP}#Mentor"], CourseRole.OBSERVER, False),
        ([], CourseRole.OBSERVER, False),
        (["urn:example:role#Wizard"], CourseRole.OBSERVER, False),
        (
            [LEARNER, "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"],
            CourseRole.LEARNER,
            False,
        ),
    ],
)
def test_roles_decide_what_somebody_is_and_only_real_learners_are_graded(
    opening: Launch, database: Database, roles: list[str], role: CourseRole, *, graded: bool
) -> None:
    opening.claims[f"{CLAIM}roles"] = roles
    assert opening.post().status_code == 303
    row, attempt = _only_launch(database)
    assert (row.role, attempt.graded) == (role, graded)


def test_a_launch_needs_nothing_personal_no_context_and_no_grade_service(
    opening: Launch, database: Database
) -> None:
    for name in (f"{CLAIM}context", f"{CLAIM}launch_presentation", AGS_CLAIM):
        del opening.claims[name]
    opening.claims[f"{CLAIM}resource_link"] = {"id": "link-1"}
    assert opening.post().status_code == 303
    row, _ = _only_launch(database)
    with database.transaction() as session:
        assignment = session.scalars(select(Assignment)).one()
    assert (assignment.title, assignment.context_id, assignment.scopes) == ("Wine", None, [])
    assert row.frame_ancestor == opening.platform.origin


def test_unknown_claims_and_names_are_ignored(opening: Launch) -> None:
    opening.claims.update(
        {"name": "A", "given_name": "A", "email": "a@b.example", "ext": {"x": [1]}, "azp": None}
    )
    assert opening.post().status_code == 303


def test_an_audience_may_be_a_list_and_azp_may_stand(opening: Launch) -> None:
    opening.claims.update({"aud": ["casebook"], "azp": "casebook"})
    assert opening.post().status_code == 303


@pytest.mark.parametrize(("issued", "expires"), [(20, 80), (-80, -10), (-590, 10)])
def test_a_clock_may_be_a_little_off(opening: Launch, issued: int, expires: int) -> None:
    now = time.time()
    opening.claims.update({"iat": now + issued, "exp": now + expires})
    assert opening.post().status_code == 303


def test_a_second_launch_joins_the_same_attempt(
    begin: Callable[[], Launch], database: Database
) -> None:
    for _ in range(2):
        assert begin().post().status_code == 303
    with database.transaction() as session:
        counts = [
            session.scalar(select(func.count()).select_from(table))
            for table in (LaunchSession, Attempt, Assignment, LtiUser)
        ]
    assert counts == [2, 1, 1, 1]


def test_first_launches_side_by_side_make_one_assignment(
    begin: Callable[[], Launch], database: Database
) -> None:
    launches = [begin() for _ in range(6)]
    for number, one in enumerate(launches):
        one.claims["sub"] = f"student-{number % 2}"
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda one: one.post().status_code, launches))
    assert statuses == [303] * 6
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Assignment)) == 1
        assert session.scalar(select(func.count()).select_from(Attempt)) == 2


def test_an_assignment_keeps_its_version_when_the_case_gets_a_new_one(
    begin: Callable[[], Launch], database: Database
) -> None:
    begin().post()
    with database.transaction() as session:
        add_case(session, number=2)
    again = begin()
    again.claims["sub"] = "student-2"
    again.claims[f"{CLAIM}custom"] = {}
    assert again.post().status_code == 303
    with database.transaction() as session:
        version = session.get(
            CaseVersion, session.scalars(select(Assignment)).one().case_version_id
        )
    assert version is not None
    assert version.number == 1


def test_a_line_item_that_a_later_launch_leaves_out_is_kept(
    begin: Callable[[], Launch], database: Database
) -> None:
    begin().post()
    again = begin()
    expected = again.claims[AGS_CLAIM].pop("lineitem")
    again.post()
    with database.transaction() as session:
        assert session.scalars(select(Assignment)).one().line_item_url == expected


def test_somebody_who_tried_out_as_a_teacher_starts_afresh_as_a_learner(
    begin: Callable[[], Launch], database: Database
) -> None:
    teacher = begin()
    teacher.claims[f"{CLAIM}roles"] = [INSTRUCTOR]
    teacher.post()
    begin().post()
    with database.transaction() as session:
        graded = session.scalars(select(Attempt.graded).order_by(Attempt.graded)).all()
    assert graded == [False, True]


def test_an_anonymous_launch_is_an_ungraded_preview_where_that_is_allowed(
    opening: Launch, database: Database
) -> None:
    with database.transaction() as session:
        session.execute(update(Registration).values(allow_anonymous=True))
    del opening.claims["sub"]
    assert opening.post().status_code == 303
    _, attempt = _only_launch(database)
    assert not attempt.graded


def test_a_key_that_the_platform_has_just_rotated_in_is_found(
    begin: Callable[[], Launch],
) -> None:
    begin().post()
    rotated = begin()
    rotated.platform.keys["key-2"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = rotated.token(kid="key-2", key=rotated.platform.keys["key-2"])
    assert rotated.post(token).status_code == 303
    assert len(rotated.platform.requests("/jwks")) == 2


def test_the_tools_public_keys_are_published_and_nothing_private(app: Flask) -> None:
    keys = app.test_client().get("/lti/jwks").get_json()["keys"]
    assert len(keys) == 2
    assert all(key.keys() == {"kty", "use", "alg", "kid", "n", "e"} for key in keys)
