"""What answers mean and scores look like, platform by platform."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from grading.delivery_policy import next_timestamp
from lti_tool.models import PlatformFamily
from lti_tool.platforms.base import Accepted, Platform, Reconcile, Refused, Result, Retry, Score
from lti_tool.platforms.families import PLATFORMS
from lti_tool.services.http import Answer

GENERIC, MOODLE, CANVAS, OPEN_EDX = (
    PLATFORMS[family]
    for family in (
        PlatformFamily.GENERIC,
        PlatformFamily.MOODLE,
        PlatformFamily.CANVAS,
        PlatformFamily.OPEN_EDX,
    )
)
OUTDATED = b'{"errors": {"message": "Provided timestamp of A before last updated timestamp of B"}}'

NOW = datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)


def _score(given: float = 8, maximum: float = 10, comment: str = "Good.") -> Score:
    return Score(user_id="u", given=given, maximum=maximum, comment=comment, timestamp=NOW)


def _answer(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
    return Answer(status=status, headers=httpx.Headers(headers), body=body)


def test_canvas_keeps_data_for_tools_at_its_clouds_own_origin_and_others_where_they_log_in() -> (
    None
):
    cloud, school = "https://canvas.instructure.com", "https://canvas.school.example"
    assert CANVAS.storage_origin(cloud, cloud) == "https://sso.canvaslms.com"
    assert CANVAS.storage_origin(school, school) == school
    for platform in (GENERIC, MOODLE, OPEN_EDX):
        assert platform.storage_origin(cloud, school) == school


def test_only_canvas_makes_frames_as_tall_as_tools_ask() -> None:
    resizing = [family for family, platform in PLATFORMS.items() if platform.resizes_frames]
    assert resizing == [PlatformFamily.CANVAS]


def test_every_family_has_its_class() -> None:
    assert PLATFORMS.keys() == set(PlatformFamily)


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)
def test_a_score_is_final_and_carries_its_comment(platform: Platform) -> None:
    body = platform.score_body(_score(given=0))
    assert body["gradingProgress"] == "FullyGraded"
    assert body["comment"] == "Good."
    assert body["scoreGiven"] == 0
    assert body["timestamp"] == "2026-03-01T12:00:00.500+00:00"


def test_whole_numbers_are_sent_as_integers() -> None:
    body = GENERIC.score_body(_score(given=7.5, maximum=10.0))
    assert (body["scoreGiven"], body["scoreMaximum"]) == (7.5, 10)
    assert isinstance(body["scoreMaximum"], int)


@pytest.mark.parametrize(
    ("platform", "answer", "kind"),
    [
        (GENERIC, _answer(200), Accepted),
        (GENERIC, _answer(201), Accepted),
        (GENERIC, _answer(204), Accepted),
        (GENERIC, _answer(302), Refused),
        (GENERIC, _answer(400), Refused),
        (GENERIC, _answer(401), Refused),
        (GENERIC, _answer(403), Refused),
        (GENERIC, _answer(404), Refused),
        (GENERIC, _answer(409), Reconcile),
        (GENERIC, _answer(422), Refused),
        (GENERIC, _answer(418), Refused),
        (GENERIC, _answer(429), Retry),
        (GENERIC, _answer(500), Retry),
        (GENERIC, _answer(503), Retry),
        (MOODLE, _answer(409), Reconcile),
        (MOODLE, _answer(500), Retry),
        (MOODLE, _answer(500, body=b"[]"), Refused),
        (CANVAS, _answer(403), Refused),
        (CANVAS, _answer(403, {"X-Rate-Limit-Remaining": "0.0"}), Retry),
        (CANVAS, _answer(403, {"X-Rate-Limit-Remaining": "12.5"}), Refused),
        (CANVAS, _answer(403, {"X-Rate-Limit-Remaining": "much"}), Refused),
        (CANVAS, _answer(400), Refused),
        (CANVAS, _answer(400, body=OUTDATED), Reconcile),
        (CANVAS, _answer(400, body=b"Provided submitted_at timestamp in the future"), Retry),
        (OPEN_EDX, _answer(400), Refused),
        (OPEN_EDX, _answer(400, body=b'{"timestamp": ["not newer"]}'), Reconcile),
    ],
)
def test_an_answer_has_one_meaning(platform: Platform, answer: Answer, kind: type) -> None:
    reading = platform.read_answer(answer)
    assert isinstance(reading, kind)
    if isinstance(reading, Refused):
        assert reading.remedy


def test_a_platforms_wish_to_wait_is_passed_on() -> None:
    assert GENERIC.read_answer(_answer(503, {"Retry-After": "30"})) == Retry(
        "The platform answered 503.", 30
    )


@pytest.mark.parametrize(
    ("platform", "last", "expected"),
    [
        (GENERIC, None, NOW),
        (GENERIC, NOW - timedelta(seconds=1), NOW),
        (GENERIC, NOW, NOW + timedelta(milliseconds=1)),
        (MOODLE, None, NOW),
        (MOODLE, NOW - timedelta(seconds=3), NOW),
        (MOODLE, NOW - timedelta(milliseconds=400), NOW.replace(second=1, microsecond=0)),
        (MOODLE, NOW + timedelta(seconds=2), NOW.replace(second=3, microsecond=0)),
    ],
)
def test_a_timestamp_is_later_as_the_platform_counts(
    platform: Platform, last: datetime | None, expected: datetime
) -> None:
    assert next_timestamp(NOW, last, platform.timestamp_step) == expected


@pytest.mark.parametrize(
    ("platform", "result", "held"),
    [
        (GENERIC, None, False),
        (GENERIC, Result(score=None, maximum=10, comment="Good."), False),
        (GENERIC, Result(score=8, maximum=10, comment="Good."), True),
        (GENERIC, Result(score=0.8, maximum=1, comment=None), True),
        (GENERIC, Result(score=80.0001, maximum=100, comment=None), True),
        (GENERIC, Result(score=7, maximum=10, comment="Good."), False),
        (GENERIC, Result(score=8, maximum=10, comment="Old."), False),
        (CANVAS, Result(score=8, maximum=10, comment="Old."), True),
        (CANVAS, None, False),
        (GENERIC, Result(score=8.004, maximum=10, comment=None), True),  # two decimals
        (GENERIC, Result(score=7.98, maximum=10, comment=None), False),
        (OPEN_EDX, Result(score=None, maximum=1, comment=None), False),
    ],
)
def test_the_grade_book_is_compared_by_share_and_comment(
    platform: Platform, result: Result | None, *, held: bool
) -> None:
    assert platform.holds(result, _score()) is held


def test_moodle_clips_at_the_maximum() -> None:
    assert MOODLE.holds(Result(score=10, maximum=10, comment=None), _score(given=12))


def test_open_edx_shows_no_score_of_zero() -> None:
    assert OPEN_EDX.holds(Result(score=None, maximum=1, comment=None), _score(given=0))


def test_open_edx_gets_whole_maxima() -> None:
    assert [OPEN_EDX.line_item_maximum(maximum) for maximum in (7.5, 10.0, 0.2)] == [8, 10, 1]
    assert GENERIC.line_item_maximum(7.5) == 7.5


@pytest.mark.parametrize(
    ("score", "maximum", "ours"),
    [
        (5, 10, True),
        (5.004, 10, True),  # two decimals
        (8, 10, True),  # 7.5 in whole points
        (0.5, 1, True),
        (1, 1, False),  # not 0.75 in whole points
        (6, 10, False),
        (5.2, 10, False),
    ],
)
def test_a_grade_is_taken_for_ours_if_rounding_explains_it(
    score: float, maximum: float, *, ours: bool
) -> None:
    assert MOODLE.ours(Result(score=score, maximum=maximum, comment=None), [0.5, 0.75]) is ours


def test_canvas_counts_no_regrade_as_a_new_submission() -> None:
    extension = CANVAS.score_body(_score())["https://canvas.instructure.com/lti/submission"]
    assert extension == {"new_submission": False, "prioritize_non_tool_grade": True}


def test_canvas_is_told_the_students_click_as_the_time_of_the_submission() -> None:
    clicked_at = NOW - timedelta(hours=2)
    body = CANVAS.score_body(replace(_score(), clicked_at=clicked_at))
    assert body["submission"] == {"submittedAt": "2026-03-01T10:00:00.500+00:00"}


def test_a_low_quota_gives_canvas_a_breather() -> None:
    low = CANVAS.read_answer(_answer(200, {"X-Rate-Limit-Remaining": "20.5"}))
    high = CANVAS.read_answer(_answer(200, {"X-Rate-Limit-Remaining": "600"}))
    assert isinstance(low, Accepted)
    assert low.breather_seconds > 0
    assert high == Accepted()


def test_too_many_requests_slow_everybody_down() -> None:
    assert GENERIC.read_answer(_answer(429)) == Retry("The platform answered 429.", throttled=True)
