import time
from collections.abc import Iterator

import pytest

from config.settings import Settings
from lti_tool.registration.errors import PlatformAnswerError
from lti_tool.registration.guarded_http import SIZE_LIMIT_BYTES, GuardedHttp, address_rule
from tests.fakes.registrar import RegisteringPlatform
from tests.fakes.server import Fault, serve

METADATA = "169.254.169.254"
ANY = "0.0.0.0"  # noqa: S104 - an address that has to be refused


@pytest.fixture
def platform() -> Iterator[RegisteringPlatform]:
    with serve(RegisteringPlatform()) as running:
        yield running


@pytest.fixture
def http() -> GuardedHttp:
    return GuardedHttp(is_allowed=lambda address: address == "127.0.0.1", seconds=2)


def test_json_is_fetched_with_the_token_and_posted_as_it_is(
    http: GuardedHttp, platform: RegisteringPlatform
) -> None:
    read = http.get(platform.configuration_url, token="word")
    assert read["issuer"] == platform.origin
    answer = http.post(f"{platform.origin}/register?x=1", {"client_name": "ü"}, token=None)
    assert answer["client_name"] == "ü"
    fetched, posted = platform.seen
    assert fetched.headers["Authorization"] == "Bearer word"
    assert "Authorization" not in posted.headers
    assert (posted.headers["Content-Type"], posted.query) == ("application/json", "x=1")
    assert posted.headers["User-Agent"].startswith("Casebook/")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"),
        *("10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", METADATA, "[fd00::1]"),
        *(ANY, "[::]", "[fe80::1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]"),
    ],
)
def test_this_host_and_private_networks_are_out_of_bounds(
    settings: Settings, platform: RegisteringPlatform, host: str
) -> None:
    rule = address_rule(settings.model_copy(update={"demo": False}))
    port = platform.origin.rpartition(":")[2]
    started = time.monotonic()
    with pytest.raises(PlatformAnswerError, match=r"is not asked: .* no public address"):
        GuardedHttp(is_allowed=rule, seconds=5).get(f"http://{host}:{port}/", token=None)
    assert time.monotonic() - started < 5
    assert platform.seen == []


def test_a_demo_may_reach_this_machine_and_no_other_private_address(settings: Settings) -> None:
    rule = address_rule(settings)
    assert rule("127.0.0.1")
    assert rule("::1")
    assert rule("1.1.1.1")
    assert not any(map(rule, ("10.0.0.1", METADATA, "fd00::1", ANY)))


def test_an_operator_may_allow_private_networks(settings: Settings) -> None:
    allowed = settings.model_copy(update={"demo": False, "registration_private_addresses": True})
    assert address_rule(allowed)("10.0.0.1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    http: GuardedHttp, platform: RegisteringPlatform, status: int
) -> None:
    location = {"Location": f"{platform.origin}/configuration"}
    platform.faults.append(Fault("/register", status=status, headers=location))
    with pytest.raises(PlatformAnswerError, match="redirect"):
        http.get(f"{platform.origin}/register", token="word")
    assert len(platform.seen) == 1


def test_a_refusal_is_passed_on_shortened_and_printable(
    http: GuardedHttp, platform: RegisteringPlatform
) -> None:
    body = b"domain missing\x1b[2J" + b"x" * 5000
    platform.faults.append(Fault("/register", status=400, body=body))
    with pytest.raises(PlatformAnswerError, match=r"answered 400\. domain missing") as caught:
        http.post(f"{platform.origin}/register", {}, token=None)
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


def test_a_refusal_that_quotes_the_token_is_passed_on_without_it(
    http: GuardedHttp, platform: RegisteringPlatform
) -> None:
    platform.faults.append(Fault("/register", status=401, body=b"bad token: secret-word!"))
    with pytest.raises(PlatformAnswerError, match="bad token: …!"):
        http.post(f"{platform.origin}/register", {}, token="secret-word")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("/c", status=200, body=b"x" * (SIZE_LIMIT_BYTES + 1)), "more than"),
        (Fault("/c", status=200, body=b"<html>"), "no JSON"),
        (Fault("/c", status=200, body=b"[" * 100_000), "no JSON"),
        (Fault("/c", drop=True), "cannot be reached"),
        (Fault("/c", through=True, delay_seconds=2.5), "did not answer within 2 s"),
    ],
    ids=["too-large", "html", "too-deep", "dropped", "slow"],
)
def test_what_goes_wrong_is_said(
    http: GuardedHttp, platform: RegisteringPlatform, fault: Fault, words: str
) -> None:
    platform.faults.append(fault)
    with pytest.raises(PlatformAnswerError, match=words):
        http.get(platform.configuration_url, token=None)


def test_a_host_that_is_not_there_is_said(http: GuardedHttp) -> None:
    with pytest.raises(PlatformAnswerError, match=r"nowhere\.invalid"):
        http.get("http://nowhere.invalid/", token=None)
