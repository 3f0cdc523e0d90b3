import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from lti_tool.launch.errors import KeysUnavailableError, TokenRefusedError
from lti_tool.services.http import PlatformHttp
from lti_tool.services.jwks import KeySets, parse_key_set
from tests.fakes.platform import Fault, Platform


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sets(http: PlatformHttp, clock: Clock) -> KeySets:
    return KeySets(http, clock=clock)


def test_keys_are_fetched_once_and_again_after_an_hour(
    sets: KeySets, platform: Platform, clock: Clock
) -> None:
    for _ in range(3):
        assert sets.key(f"{platform.origin}/jwks", "key-1")["kid"] == "key-1"
    assert len(platform.requests("/jwks")) == 1
    clock.now += 3601
    sets.key(f"{platform.origin}/jwks", "key-1")
    assert len(platform.requests("/jwks")) == 2


def test_unknown_keys_are_searched_for_at_a_limited_rate(
    sets: KeySets, platform: Platform, clock: Clock
) -> None:
    url = f"{platform.origin}/jwks"
    sets.key(url, "key-1")
    for number in range(5):
        with pytest.raises(TokenRefusedError):
            sets.key(url, f"unknown-{number}")
    assert len(platform.requests("/jwks")) == 2
    platform.keys["key-2"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    clock.now += 31
    assert sets.key(url, "key-2")["kid"] == "key-2"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/jwks", status=500),
        Fault("/jwks", status=302, headers={"Location": "/elsewhere"}),
        Fault("/jwks", status=200, body=b"<html>"),
        Fault("/jwks", status=200, body=b"[]"),
        Fault("/jwks", status=200, body=b'{"keys": {}}'),
        Fault("/jwks", status=200, body=b"[" * 100_000),
        Fault("/jwks", status=200, body=b" " * 2_000_000),
        Fault("/jwks", drop=True),
    ],
)
def test_keys_that_cannot_be_had_are_a_fault_of_the_platform(
    sets: KeySets, platform: Platform, fault: Fault
) -> None:
    fault.times = 2
    platform.faults.append(fault)
    with pytest.raises(KeysUnavailableError):
        sets.key(f"{platform.origin}/jwks", "key-1")


def test_a_platform_that_failed_is_left_alone_for_a_moment(
    sets: KeySets, platform: Platform, clock: Clock
) -> None:
    url = f"{platform.origin}/jwks"
    platform.faults.append(Fault("/jwks", status=500))
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            sets.key(url, "key-1")
    assert len(platform.requests("/jwks")) == 1
    clock.now += 6
    assert sets.key(url, "key-1")["kid"] == "key-1"


def test_only_rsa_signature_keys_are_taken_and_their_algorithm_is_ours(platform: Platform) -> None:
    [good] = platform.jwks()["keys"]
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - refused
    platform_with_weak = Platform()
    platform_with_weak.keys = {"weak": weak}
    without_algorithm = {name: good[name] for name in ("kty", "n", "e")} | {"kid": "plain"}
    others = [
        {"kty": "oct", "kid": "secret", "k": "AAAA", "alg": "HS256"},
        {"kty": "EC", "kid": "curve", "crv": "P-256", "x": "AA", "y": "AA"},
        {**good, "kid": "encryption", "use": "enc"},
        {**good, "kid": "other-alg", "alg": "RS512"},
        {**good, "kid": "doubled"},
        {**good, "kid": "doubled"},
        {**good, "kid": "broken", "n": "!!!"},
        {name: value for name, value in good.items() if name != "kid"},
        *platform_with_weak.jwks()["keys"],
        "nonsense",
    ]
    body = json.dumps({"keys": [good, without_algorithm, *others]}).encode()
    keys = parse_key_set(body)
    assert keys.keys() == {"key-1", "plain"}
    assert keys["plain"]["alg"] == "RS256"
