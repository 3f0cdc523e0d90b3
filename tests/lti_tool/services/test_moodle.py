"""Scores on their way to a platform that behaves as Moodle does."""

from datetime import timedelta

import pytest

from config.database import Database
from grading.models import DeliveryState
from lti_tool.models import PlatformFamily
from tests.fakes.moodle import Moodle
from tests.fakes.platform import Fault
from tests.lti_tool.services.conftest import Course, Send, place


@pytest.fixture
def course(database: Database, moodle: Moodle) -> Course:
    return place(database, moodle, PlatformFamily.MOODLE)


def test_each_score_replaces_the_one_before_with_its_comment(
    course: Course, moodle: Moodle, send: Send
) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    for score in (7.5, 9):
        course.want(attempt, score, f"{score} points.")
        send(attempt)
    entry = moodle.book.of("student-1")
    assert (entry.share, entry.comments) == (0.9, ["9 points."])
    assert len(entry.taken) == 3


def test_late_words_for_the_same_points_replace_the_old_ones(
    course: Course, moodle: Moodle, send: Send
) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    course.want(attempt, 7, "Said better.", same_facts=True)
    send(attempt)
    entry = moodle.book.of("student-1")
    assert (entry.share, entry.comments) == (0.7, ["Said better."])


def test_a_grade_is_never_wiped(course: Course, moodle: Moodle, send: Send) -> None:
    attempt = course.attempt(score=7)
    for number in range(6):
        course.want(attempt, number, f"{number} points.")
        send(attempt)
    posts = [request.json for request in moodle.requests("/scores")]
    assert len(posts) == 6
    assert all(post["gradingProgress"] == "FullyGraded" for post in posts)
    assert all("scoreGiven" in post and "comment" in post for post in posts)


def test_a_score_above_the_maximum_is_clipped_and_still_verified(
    course: Course, moodle: Moodle, send: Send
) -> None:
    attempt = course.attempt(score=12)
    send(attempt)
    course.want(attempt, 12, "Again.", same_facts=True)
    send(attempt)
    assert course.row(attempt).state is DeliveryState.SENT
    assert moodle.book.of("student-1").comments == ["Again."]


@pytest.mark.parametrize("written", [True, False])
def test_a_lost_answer_is_settled_by_the_result_and_its_comment(
    course: Course, moodle: Moodle, send: Send, *, written: bool
) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    course.want(attempt, 7, "The same points, another verdict.")
    moodle.faults.append(Fault("/scores", drop=True, after_write=written))
    send(attempt)
    course.hurry(attempt)
    send(attempt)
    entry = moodle.book.of("student-1")
    assert course.row(attempt).state is DeliveryState.SENT
    assert entry.comments == ["The same points, another verdict."]
    assert len(entry.taken) == 2


def test_a_score_from_the_future_locks_later_ones_out_only_until_they_are_later(
    course: Course, moodle: Moodle, send: Send
) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    entry = moodle.book.of("student-1")
    assert entry.timestamp is not None
    entry.timestamp += timedelta(seconds=2)
    course.want(attempt, 8)
    for _ in range(5):
        send(attempt)
        course.hurry(attempt)
    assert course.row(attempt).state is DeliveryState.SENT
    assert entry.share == 0.8


def test_a_teachers_grade_stays_and_later_scores_are_not_posted(
    course: Course, moodle: Moodle, send: Send
) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    moodle.book.of("student-1").override(0.3)
    for score in (8, 9):
        course.want(attempt, score)
        send(attempt)
    assert course.row(attempt).state is DeliveryState.OVERRIDDEN
    assert len(moodle.book.of("student-1").taken) == 1


def test_a_grade_that_a_teacher_gave_before_the_first_score_is_told(
    course: Course, moodle: Moodle, send: Send
) -> None:
    moodle.book.of("student-1").override(0.3)
    attempt = course.attempt(score=7)
    send(attempt)
    assert course.row(attempt).state is DeliveryState.OVERRIDDEN


def test_a_locked_grade_is_refused_with_a_remedy(
    course: Course, moodle: Moodle, send: Send
) -> None:
    moodle.book.of("student-1").locked = True
    attempt = course.attempt()
    send(attempt)
    row = course.row(attempt)
    assert row.state is DeliveryState.REFUSED
    assert "Unlock" in row.last_error


def test_somebody_who_is_not_graded_is_refused_with_a_remedy(course: Course, send: Send) -> None:
    attempt = course.attempt("teacher")
    send(attempt)
    row = course.row(attempt)
    assert row.state is DeliveryState.REFUSED
    assert "enrolled" in row.last_error


def test_a_column_on_a_later_page_is_found_through_curly_quotes(
    course: Course, moodle: Moodle, send: Send
) -> None:
    item = moodle.line_items.pop("1")
    for number in ("2", "3"):
        moodle.line_items[number] = {**item, "id": f"https://other.example/{number}"}
    moodle.line_items["1"] = item
    moodle.page_size = 1
    course.change(line_item_url=None)
    send(course.attempt())
    assert moodle.book.of("student-1").share == 0.7
    assert len(moodle.requests("/lineitems", "POST")) == 1  # the score alone


def test_a_column_that_a_course_copy_left_alone_is_taken_up(
    course: Course, moodle: Moodle, send: Send
) -> None:
    moodle.line_items["1"].update(resourceLinkId=None, tag="casebook", label="Wine homework")
    course.change(line_item_url=None)
    send(course.attempt())
    assert len(moodle.line_items) == 1
    assert moodle.book.of("student-1").share == 0.7


@pytest.mark.parametrize("status", [409, 503])
def test_a_grade_book_that_cannot_be_read_now_gets_no_score_blindly(
    course: Course, moodle: Moodle, send: Send, status: int
) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    moodle.book.of("student-1").override(0.3)
    moodle.faults.append(Fault("/results", status=status, times=2))
    course.want(attempt, 8)
    send(attempt)
    assert course.row(attempt).state is DeliveryState.PENDING
    course.hurry(attempt)
    send(attempt)
    assert course.row(attempt).state is DeliveryState.OVERRIDDEN
    assert len(moodle.book.of("student-1").taken) == 1


def test_a_grade_book_that_is_never_read_gets_its_scores_all_the_same(
    course: Course, moodle: Moodle, send: Send
) -> None:
    moodle.faults.append(Fault("/results", status=404, times=100))
    attempt = course.attempt(score=7)
    send(attempt)
    course.want(attempt, 8)
    send(attempt)
    assert course.row(attempt).state is DeliveryState.SENT
    assert moodle.book.of("student-1").share == 0.8


def test_a_look_at_the_grade_book_that_fails_once_delays_nothing(
    course: Course, moodle: Moodle, send: Send
) -> None:
    attempt = course.attempt(score=7)
    send(attempt)
    course.want(attempt, 8)
    moodle.faults.append(Fault("/results", drop=True))
    send(attempt)
    assert course.row(attempt).state is DeliveryState.SENT
