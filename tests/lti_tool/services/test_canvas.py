"""Scores on their way to a platform that behaves as Canvas does."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from config.database import Database, utcnow
from grading.models import DeliveryState
from lti_tool.models import PlatformFamily
from tests.fakes.canvas import Canvas
from tests.fakes.platform import Fault
from tests.lti_tool.services.conftest import Course, Send, place


@pytest.fixture
def course(database: Database, canvas: Canvas) -> Course:
    return place(database, canvas, PlatformFamily.CANVAS)


def test_each_version_adds_one_comment(course: Course, canvas: Canvas, send: Send) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    course.want(attempt, 8, "Eight.")
    send(attempt)
    entry = canvas.book.of("student-1")
    assert (entry.share, entry.comments) == (0.8, ["Good.", "Eight."])
    assert entry.attempts == 0


def test_late_words_for_what_was_sent_are_not_sent(
    course: Course, canvas: Canvas, send: Send
) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    course.want(attempt, 7, "Said better.", same_facts=True)
    send(attempt)
    row = course.row(attempt)
    assert (row.state, row.sent_rev) == (DeliveryState.SENT, 2)
    assert canvas.book.of("student-1").comments == ["Good."]
    assert len(canvas.requests("/scores")) == 1


def test_a_score_waits_for_the_last_words_of_its_comment(
    course: Course, canvas: Canvas, send: Send, database: Database
) -> None:
    attempt = course.attempt(score=7)
    course.set(attempt, unsettled_since=utcnow())
    send(attempt)
    assert canvas.requests("/scores") == []
    with database.transaction() as session:
        [later] = session.scalars(
            text("SELECT scheduled_at FROM procrastinate_jobs WHERE queue_name = 'scores'")
        )
    assert later > utcnow() + timedelta(seconds=50)
    course.want(attempt, 7, "All said.", same_facts=True)
    course.set(attempt, unsettled_since=None)
    send(attempt)
    assert canvas.book.of("student-1").comments == ["All said."]


def test_a_score_does_not_wait_longer_than_a_minute(
    course: Course, canvas: Canvas, send: Send
) -> None:
    attempt = course.attempt(score=7)
    course.set(attempt, unsettled_since=utcnow() - timedelta(seconds=61))
    send(attempt)
    course.want(attempt, 7, "Too late.", same_facts=True)
    send(attempt)
    assert canvas.book.of("student-1").comments == ["Good."]


@pytest.mark.parametrize("score", [7, 8], ids=["same-points", "other-points"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault("/scores", drop=True),
        Fault("/scores", drop=True, after_write=True),
        Fault("/scores", status=502),
        Fault("/scores", status=504, after_write=True),
        Fault("/scores", delay_seconds=2.5, after_write=True),
    ],
    ids=["lost-before", "lost-after", "502", "504-after", "too-slow"],
)
def test_a_lost_answer_adds_no_second_comment(
    course: Course, canvas: Canvas, send: Send, fault: Fault, score: float
) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    course.want(attempt, score, "Second.")
    canvas.faults.append(Fault(**vars(fault)))
    send(attempt)
    assert course.row(attempt).state is DeliveryState.PENDING
    course.hurry(attempt)
    send(attempt)
    entry = canvas.book.of("student-1")
    assert course.row(attempt).state is DeliveryState.SENT
    assert (entry.share, entry.comments) == (score / 10, ["Good.", "Second."])


def test_a_question_whose_answer_is_lost_is_asked_again(
    course: Course, canvas: Canvas, send: Send
) -> None:
    attempt = course.attempt(score=7)
    canvas.faults.append(Fault("/scores", drop=True, after_write=True, times=3))
    for _ in range(4):
        send(attempt)
        course.hurry(attempt)
    assert course.row(attempt).state is DeliveryState.SENT
    assert canvas.book.of("student-1").comments == ["Good."]


def test_only_an_outdated_timestamp_proves_that_a_comment_arrived(
    course: Course, canvas: Canvas, send: Send
) -> None:
    attempt = course.attempt(score=7)
    canvas.faults = [Fault("/scores", drop=True)]  # the score with its comment is lost
    send(attempt)
    course.hurry(attempt)
    canvas.faults = [Fault("/scores", drop=True, after_write=True)]  # the question is taken
    send(attempt)
    course.hurry(attempt)
    assert canvas.book.of("student-1").share == 0.7
    canvas.faults = [Fault("/scores", status=409)]
    send(attempt)
    assert course.row(attempt).state is DeliveryState.PENDING
    course.hurry(attempt)
    send(attempt)
    assert canvas.book.of("student-1").comments == ["Good."]


def test_the_time_of_the_submission_is_the_students_click(
    course: Course, canvas: Canvas, send: Send
) -> None:
    attempt = course.attempt(score=7)
    clicked_at = utcnow() - timedelta(hours=3)
    course.set(attempt, clicked_at=clicked_at)
    send(attempt)
    told = canvas.book.of("student-1").submitted_at
    assert told is not None
    assert abs(datetime.fromisoformat(told) - clicked_at) < timedelta(milliseconds=1)


def test_a_clock_that_is_behind_delays_a_score_and_loses_none(
    course: Course, canvas: Canvas, send: Send
) -> None:
    canvas.clock_skew = -timedelta(seconds=90)
    attempt = course.attempt(score=7)
    course.set(attempt, clicked_at=utcnow())
    send(attempt)
    assert course.row(attempt).state is DeliveryState.PENDING
    canvas.clock_skew = timedelta()
    course.hurry(attempt)
    send(attempt)
    assert canvas.book.of("student-1").comments == ["Good."]


def test_an_exhausted_quota_pauses_every_score(course: Course, canvas: Canvas, send: Send) -> None:
    attempts = [course.attempt("student-1"), course.attempt("student-2")]
    canvas.quota = 0
    send(attempts[0])
    send(attempts[1])
    assert len(canvas.seen) == 1
    canvas.quota = 700
    for attempt in attempts:
        course.hurry(attempt)
        send(attempt)
    assert [canvas.book.of(f"student-{n}").comments for n in (1, 2)] == [["Good."], ["Good."]]


def test_a_low_quota_gives_a_breather(course: Course, canvas: Canvas, send: Send) -> None:
    attempts = [course.attempt("student-1"), course.attempt("student-2")]
    canvas.quota = 20
    send(attempts[0])
    send(attempts[1])
    assert [course.row(attempt).state for attempt in attempts] == [
        DeliveryState.SENT,
        DeliveryState.PENDING,
    ]


def test_a_teachers_grade_stays(course: Course, canvas: Canvas, send: Send) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    canvas.book.of("student-1").override(0.3)
    course.want(attempt, 9)
    send(attempt)
    assert course.row(attempt).state is DeliveryState.OVERRIDDEN
    entry = canvas.book.of("student-1")
    assert (entry.shown, entry.comments) == (0.3, ["Good."])


def test_somebody_who_left_is_refused_with_a_remedy(course: Course, send: Send) -> None:
    attempt = course.attempt("stranger")
    send(attempt)
    row = course.row(attempt)
    assert row.state is DeliveryState.REFUSED
    assert "enrolled" in row.last_error


def test_a_column_on_a_later_page_is_found(course: Course, canvas: Canvas, send: Send) -> None:
    item = canvas.line_items.pop("1")
    for number in range(2, 27):
        canvas.line_items[str(number)] = {**item, "id": f"https://other.example/{number}"}
    canvas.line_items["1"] = item
    course.change(line_item_url=None)
    send(course.attempt())
    assert canvas.book.of("student-1").share == 0.7
