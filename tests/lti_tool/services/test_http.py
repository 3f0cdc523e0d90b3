import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from lti_tool.services.errors import PlatformUnreachableError
from lti_tool.services.http import Answer, PlatformHttp
from tests.fakes.platform import Fault, Platform


def test_every_request_says_who_asks(http: PlatformHttp, platform: Platform) -> None:
    http.send("GET", f"{platform.origin}/jwks")
    assert platform.seen[0].headers["User-Agent"].startswith("Casebook")


def test_a_redirect_is_not_followed(http: PlatformHttp, platform: Platform) -> None:
    platform.faults.append(Fault("/a", status=302, headers={"Location": "/jwks"}))
    assert http.send("GET", f"{platform.origin}/a").status == 302
    assert len(platform.seen) == 1


def test_an_answer_that_is_too_large_is_cut_off(platform: Platform) -> None:
    platform.faults.append(Fault("/a", status=200, body=b"x" * 10_000))
    with (
        PlatformHttp(timeout_seconds=2, size_limit_bytes=1000) as http,
        pytest.raises(PlatformUnreachableError, match="more than 1000 bytes"),
    ):
        http.send("GET", f"{platform.origin}/a")


def test_an_answer_that_does_not_come_is_given_up(platform: Platform) -> None:
    platform.faults.append(Fault("/a", delay_seconds=0.6))
    started = time.monotonic()
    with (
        PlatformHttp(timeout_seconds=0.2) as http,
        pytest.raises(PlatformUnreachableError, match="ReadTimeout"),
    ):
        http.send("GET", f"{platform.origin}/a")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://", "nonsense", "http://[::/"])
def test_an_address_where_nobody_is_is_an_error_of_ours(http: PlatformHttp, url: str) -> None:
    with pytest.raises(PlatformUnreachableError):
        http.send("GET", url)


def _answer(status: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=httpx.Headers(named), body=b"")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("7", 7), ("0", 0), ("999999", 3600), ("soon", None), ("-1", None), ("", None)],
)
def test_retry_after_is_read_in_seconds(value: str, expected: float | None) -> None:
    assert _answer(429, Retry_After=value).retry_after_seconds == expected


def test_retry_after_is_read_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    seconds = _answer(503, Retry_After=later).retry_after_seconds
    assert seconds is not None
    assert 50 < seconds <= 60


@pytest.mark.parametrize(("status", "busy"), [(200, False), (404, False), (429, True), (500, True)])
def test_what_may_pass_is_told_from_what_will_not(status: int, *, busy: bool) -> None:
    assert _answer(status).busy is busy
