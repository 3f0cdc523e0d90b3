"""Scores on their way, through the tasks, to a real platform."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise

import procrastinate
import pytest
from sqlalchemy import select, text, update

from config.database import Database, utcnow
from config.settings import Settings
from grading import deliveries
from grading.models import DeliveryState, ScoreDelivery
from lti_tool.models import AccessToken, Assignment, PlatformFamily, RegistrationState
from lti_tool.services.delivery import Courier
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore
from lti_tool.tasks import blueprint, deliver, sweep
from tests.fakes.platform import AGS, Fault, Platform
from tests.lti_tool.services.conftest import Course, Send


def _moments(platform: Platform) -> list[datetime]:
    return [datetime.fromisoformat(score["timestamp"]) for score in platform.scores]


def test_a_score_goes_out_with_its_comment_and_is_read_back(
    course: Course, platform: Platform, send: Send
) -> None:
    attempt = course.attempt(score=7.5)
    send(attempt)
    [score] = platform.scores
    assert score | {"timestamp": ""} == {
        "item": "1",
        "userId": "student-1",
        "scoreGiven": 7.5,
        "scoreMaximum": 10,
        "comment": "Good.",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": "",
    }
    assert _moments(platform)[0].tzinfo is not None
    assert len(platform.requests("/results")) == 1
    row = course.row(attempt)
    assert (row.state, row.sent_rev, row.leased_until) == (DeliveryState.SENT, 1, None)


def test_a_score_of_zero_is_sent(course: Course, platform: Platform, send: Send) -> None:
    send(course.attempt(score=0))
    assert platform.scores[0]["scoreGiven"] == 0


def test_what_was_sent_is_not_sent_again(course: Course, platform: Platform, send: Send) -> None:
    attempt = course.attempt()
    send(attempt)
    send(attempt)
    assert len(platform.scores) == 1


def test_the_scores_path_goes_before_the_query(
    course: Course, platform: Platform, send: Send
) -> None:
    send(course.attempt())
    [post] = platform.requests("/scores")
    assert (post.path, post.query) == ("/lineitems/1/lineitem/scores", "type_id=1")


def test_timestamps_grow_strictly(course: Course, platform: Platform, send: Send) -> None:
    attempt = course.attempt(score=1)
    for number in range(5):
        send(attempt)
        course.want(attempt, number)
    moments = _moments(platform)
    assert len(moments) == 5
    assert all(earlier < later for earlier, later in pairwise(moments))


def test_on_moodle_timestamps_grow_by_whole_seconds(
    course: Course, platform: Platform, send: Send
) -> None:
    course.change(platform=PlatformFamily.MOODLE)
    attempt = course.attempt(score=1)
    for number in range(3):
        send(attempt)
        course.want(attempt, number)
    seconds = [moment.replace(microsecond=0) for moment in _moments(platform)]
    assert len(seconds) == 3
    assert seconds == sorted(set(seconds))


def test_tokens_are_shared_by_workers(
    course: Course, platform: Platform, make_courier: Callable[[], Courier], database: Database
) -> None:
    for number in range(3):
        deliver(make_courier(), database, course.attempt(f"student-{number}"))
    assert len(platform.scores) == 3
    assert len(platform.requests("/token")) == 2  # one to write scores, one to read results


def test_a_token_is_renewed_before_it_expires(
    course: Course, platform: Platform, send: Send, database: Database
) -> None:
    send(course.attempt("student-1"))
    with database.transaction() as session:
        rows = session.scalars(select(AccessToken)).all()
        assert all(row.expires_at <= utcnow() + timedelta(seconds=3540) for row in rows)
        session.execute(update(AccessToken).values(expires_at=utcnow()))
    send(course.attempt("student-2"))
    assert len(platform.requests("/token")) == 4


def test_a_refused_token_is_renewed_and_the_score_sent_once(
    course: Course, platform: Platform, send: Send
) -> None:
    send(course.attempt("student-1"))
    platform.tokens.clear()
    send(course.attempt("student-2"))
    assert [score["userId"] for score in platform.scores] == ["student-1", "student-2"]


def test_a_token_refused_twice_is_a_matter_for_the_administrator(
    course: Course, platform: Platform, send: Send
) -> None:
    platform.faults.append(Fault("/scores", status=401, times=2))
    attempt = course.attempt()
    send(attempt)
    row = course.row(attempt)
    assert row.state is DeliveryState.REFUSED
    assert "administrator" in row.last_error


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/scores", status=503),
        Fault("/scores", status=429, headers={"Retry-After": "1"}),
        Fault("/scores", drop=True, times=2),
        Fault("/scores", delay_seconds=2.5),
        Fault("/token", status=500),
        Fault("/token", status=404, body=b"<html>"),
        Fault("/token", drop=True, times=4),
    ],
    ids=lambda fault: f"{fault.path[1:]}-{'drop' if fault.drop else fault.status}",
)
def test_a_failure_that_may_pass_is_tried_again_with_a_later_timestamp(
    course: Course, platform: Platform, send: Send, fault: Fault
) -> None:
    platform.faults.append(fault)
    attempt = course.attempt()
    send(attempt)
    row = course.row(attempt)
    assert (row.state, row.attempts, row.leased_until) == (DeliveryState.PENDING, 1, None)
    assert row.next_at is not None
    assert row.last_error
    platform.faults.clear()
    course.hurry(attempt)
    send(attempt)
    assert course.row(attempt).state is DeliveryState.SENT
    stamps = [request.json["timestamp"] for request in platform.requests("/scores")]
    assert sorted(set(stamps)) == stamps


def test_the_platforms_wish_to_wait_is_obeyed(
    course: Course, platform: Platform, send: Send
) -> None:
    platform.faults.append(Fault("/scores", status=429, headers={"Retry-After": "120"}))
    attempt = course.attempt()
    send(attempt)
    next_at = course.row(attempt).next_at
    assert next_at is not None
    assert next_at > utcnow() + timedelta(seconds=110)


def test_a_platform_that_asks_to_slow_down_is_left_alone_with_every_score(
    course: Course, platform: Platform, send: Send
) -> None:
    platform.faults.append(Fault("/scores", status=429, headers={"Retry-After": "120"}))
    first, second = course.attempt("student-1"), course.attempt("student-2")
    send(first)
    send(second)
    assert len(platform.requests("/scores")) == 1
    row = course.row(second)
    assert (row.attempts, row.leased_until) == (0, None)
    assert row.next_at is not None
    assert row.next_at > utcnow() + timedelta(seconds=100)
    course.hurry(second)
    send(second)
    assert course.row(second).state is DeliveryState.SENT


def test_a_failure_wakes_a_successor_in_the_queue(
    course: Course, platform: Platform, send: Send, database: Database
) -> None:
    platform.faults.append(Fault("/scores", status=503))
    attempt = course.attempt()
    send(attempt)
    with database.transaction() as session:
        jobs = session.execute(
            text("SELECT args, scheduled_at FROM procrastinate_jobs WHERE queue_name = 'scores'")
        ).all()
    assert [job.args for job in jobs] == [{"attempt_id": str(attempt)}]
    assert jobs[0].scheduled_at > utcnow()


def test_a_connection_lost_after_the_write_is_settled_by_reading_back(
    course: Course, platform: Platform, send: Send
) -> None:
    platform.faults.append(Fault("/scores", drop=True, after_write=True))
    attempt = course.attempt()
    send(attempt)
    assert course.row(attempt).state is DeliveryState.SENT
    assert len(platform.scores) == 1


def test_a_conflict_is_sent_if_the_grade_book_shows_the_score(
    course: Course, platform: Platform, send: Send
) -> None:
    platform.faults.append(Fault("/scores", status=409, after_write=True))
    attempt = course.attempt()
    send(attempt)
    assert course.row(attempt).state is DeliveryState.SENT


def test_a_conflict_is_tried_again_if_it_does_not(
    course: Course, platform: Platform, send: Send
) -> None:
    platform.faults.append(Fault("/scores", status=409))
    attempt = course.attempt()
    send(attempt)
    assert course.row(attempt).state is DeliveryState.PENDING
    course.hurry(attempt)
    send(attempt)
    assert course.row(attempt).state is DeliveryState.SENT


def test_a_teachers_override_is_respected(course: Course, platform: Platform, send: Send) -> None:
    platform.overrides["student-1"] = 3
    attempt = course.attempt()
    send(attempt)
    row = course.row(attempt)
    assert (row.state, row.leased_until) == (DeliveryState.OVERRIDDEN, None)
    assert "grade book" in row.last_error
    send(attempt)
    assert len(platform.scores) == 1


def test_nothing_is_posted_after_a_teachers_override_until_it_is_gone(
    course: Course, platform: Platform, send: Send
) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    platform.overrides["student-1"] = 3
    course.want(attempt, 8)
    send(attempt)
    assert course.row(attempt).state is DeliveryState.OVERRIDDEN
    assert len(platform.scores) == 1
    platform.overrides.clear()
    course.want(attempt, 9)
    send(attempt)
    assert course.row(attempt).state is DeliveryState.SENT
    assert [score["scoreGiven"] for score in platform.scores] == [7, 9]


def test_a_refusal_for_good_says_what_to_do(course: Course, send: Send) -> None:
    attempt = course.attempt("stranger")
    send(attempt)
    row = course.row(attempt)
    assert row.state is DeliveryState.REFUSED
    assert "enrolled" in row.last_error


def test_a_scope_that_is_not_granted_is_a_refusal(
    course: Course, platform: Platform, send: Send
) -> None:
    platform.granted = frozenset({AGS + "result.readonly"})
    attempt = course.attempt()
    platform.faults.append(
        Fault(
            "/token",
            status=200,
            body=b'{"access_token": "t", "expires_in": 3600, "scope": "other"}',
        )
    )
    send(attempt)
    assert course.row(attempt).state is DeliveryState.REFUSED
    assert platform.scores == []


@pytest.mark.parametrize(
    "columns",
    [
        {"scopes": []},
        {"line_item_url": None, "line_items_url": None},
        {"state": RegistrationState.DISABLED},
    ],
)
def test_a_score_without_a_grade_book_is_refused(
    course: Course, platform: Platform, send: Send, columns: dict[str, object]
) -> None:
    attempt = course.attempt()
    course.change(**columns)
    send(attempt)
    row = course.row(attempt)
    assert row.state is DeliveryState.REFUSED
    assert row.last_error
    assert platform.scores == []


def test_a_try_out_is_never_posted(course: Course, platform: Platform, send: Send) -> None:
    send(course.attempt(graded=False))
    assert platform.scores == []


def test_a_line_item_that_the_launch_left_out_is_found(
    course: Course, platform: Platform, send: Send, database: Database
) -> None:
    platform.add_line_item("another")
    course.change(line_item_url=None)
    send(course.attempt())
    assert platform.scores[0]["item"] == "1"
    assert platform.requests("/lineitems", "POST")[0].path.endswith("/scores")
    with database.transaction() as session:
        assert session.get_one(Assignment, course.assignment_id).line_item_url is not None


def test_a_line_item_is_made_once_however_many_scores_come_at_once(
    course: Course,
    platform: Platform,
    make_courier: Callable[[], Courier],
    database: Database,
) -> None:
    platform.line_items.clear()
    course.change(line_item_url=None)
    attempts = [course.attempt(f"student-{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda attempt: deliver(make_courier(), database, attempt), attempts))
    [item] = platform.line_items.values()
    assert (item["resourceLinkId"], item["scoreMaximum"], item["tag"]) == ("link-1", 10, "casebook")
    assert len(platform.scores) == 4


def test_the_sweep_wakes_what_is_due_and_nothing_else(course: Course, database: Database) -> None:
    due, later, done = (course.attempt(f"student-{number}") for number in range(3))
    with database.transaction() as session:
        session.get_one(ScoreDelivery, later).next_at = utcnow() + timedelta(hours=1)
        session.get_one(ScoreDelivery, done).sent_rev = 1
    sweep(database)
    sweep(database)
    with database.transaction() as session:
        jobs = session.scalars(
            text("SELECT args->>'attempt_id' FROM procrastinate_jobs WHERE queue_name = 'scores'")
        ).all()
    assert jobs == [str(due)]


def test_a_token_lies_encrypted_in_the_database(
    course: Course, platform: Platform, send: Send, database: Database
) -> None:
    send(course.attempt())
    with database.transaction() as session:
        stored = session.scalars(select(AccessToken.token)).all()
    assert len(stored) == 2
    assert not any(token in text for token in platform.tokens for text in stored)


def test_a_token_that_cannot_be_decrypted_is_fetched_anew(
    course: Course, platform: Platform, send: Send, database: Database
) -> None:
    send(course.attempt("student-1"))
    with database.transaction() as session:
        session.execute(update(AccessToken).values(token="token-1"))
    send(course.attempt("student-2"))
    assert len(platform.scores) == 2
    assert len(platform.requests("/token")) == 4


def test_a_slow_platform_is_given_up_in_time_and_comes_further_with_each_try(
    course: Course, platform: Platform, http: PlatformHttp, key_store: KeyStore, database: Database
) -> None:
    courier = Courier(http, key_store, database.transaction, work_seconds=3)
    platform.line_items.clear()
    course.change(line_item_url=None)
    platform.weather = lambda seen: Fault(seen.path, through=True, delay_seconds=0.55)
    attempt = course.attempt()
    states: list[DeliveryState] = []
    while DeliveryState.SENT not in states and len(states) < 8:
        deliver(courier, database, attempt)
        row = course.row(attempt)
        assert row.leased_until is None
        states.append(row.state)
        course.hurry(attempt)
    assert states[0] is DeliveryState.PENDING
    assert states[-1] is DeliveryState.SENT
    assert len(platform.line_items) == 1


def test_who_comes_back_after_the_lease_cannot_give_back_another_workers(
    course: Course, database: Database
) -> None:
    attempt = course.attempt()
    with database.transaction() as session:
        slow = deliveries.claim(session, attempt)
    course.set(attempt, leased_until=utcnow() - timedelta(seconds=1))
    with database.transaction() as session:
        deliveries.claim(session, attempt)
    assert slow is not None
    with database.transaction() as session:
        deliveries.failed(session, attempt, slow, "late", retry_after_seconds=None)
        deliveries.refused(session, attempt, slow, "late")
        deliveries.sent(session, attempt, slow)
    row = course.row(attempt)
    assert (row.state, row.last_error) == (DeliveryState.PENDING, "")
    assert row.leased_until is not None


def test_a_column_that_was_restored_under_another_address_is_found(
    course: Course, platform: Platform, send: Send
) -> None:
    attempt = course.attempt()
    platform.line_items["9"] = {
        **platform.line_items.pop("1"), "id": f"{platform.origin}/lineitems/9/lineitem?type_id=1",
    }  # fmt: skip
    send(attempt)
    assert course.row(attempt).state is DeliveryState.SENT
    assert platform.scores[0]["item"] == "9"


def test_a_column_that_was_deleted_is_not_made_again(
    course: Course, platform: Platform, send: Send
) -> None:
    attempt = course.attempt()
    platform.line_items.clear()
    send(attempt)
    row = course.row(attempt)
    assert row.state is DeliveryState.REFUSED
    assert "column" in row.last_error
    assert platform.line_items == {}


async def test_a_worker_delivers_what_the_sweep_woke(
    course: Course,
    platform: Platform,
    database: Database,
    worker_settings: Settings,
) -> None:
    attempt = course.attempt()
    sweep(database)
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    app.add_tasks_from(blueprint, namespace="lti")
    async with app.open_async():
        await app.run_worker_async(
            queues=["scores"],
            wait=False,
            install_signal_handlers=False,
            additional_context={"database": database, "settings": worker_settings},
        )
    assert course.row(attempt).state is DeliveryState.SENT
    assert len(platform.scores) == 1
