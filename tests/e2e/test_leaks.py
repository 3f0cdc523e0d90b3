"""The scan of logs finds what is planted; every stack's logs are scanned when it stops."""

import pytest

from tests.e2e.leaks import leaks


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"event": "x", "note": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.abc"}', "a signed token"),
        ("Authorization: Bearer 0123456789abcdef0123", "a bearer token"),
        ("GET /workspace/1?ticket=abcdefgh12345", "a ticket"),
        ("form: id_token=abcdefghijklmnopqrstu", "a form of a launch"),
        ("postgresql://me:secret@host/db", "a password in a URL"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("launched by Ada", "somebody's name"),
        ("to ben.okafor@EXAMPLE.org", "an e-mail address"),
    ],
)
def test_what_must_not_be_in_a_log_is_found_and_not_repeated(line: str, what: str) -> None:
    found = list(leaks(f"fine\n{line}"))
    assert any(one.startswith(f"line 2 tells {what}:") for one in found)


def test_what_the_caller_has_planted_is_found_by_its_own_word() -> None:
    line = "roster of Canaria, (token-1)"
    assert list(leaks(line)) == []
    [found] = leaks(line, ["Canaria", "(token-1)"])
    assert found == "line 1 tells what was planted: roster of █, █"


@pytest.mark.parametrize(
    "line",
    [
        '{"registration": "5b0c", "attempt": "9d1f", "role": "learner", "event": "launched"}',
        "GET /workspace/1?ticket=[hidden]",
        "postgresql://casebook:[hidden]@/casebook",
        "the id_token's audience is not our client id",
    ],
)
def test_what_operators_need_is_no_leak(line: str) -> None:
    assert list(leaks(line)) == []
