from dataclasses import replace
from typing import Any

import pytest

from lti_tool.registration.agreement import Agreement, check
from lti_tool.registration.errors import AgreementError


def test_a_usual_agreement_has_no_problem(agreement: Agreement) -> None:
    check(agreement)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost:8000/lms", "http://[::1]:8000"]
)
def test_within_one_machine_plain_http_will_do(agreement: Agreement, url: str) -> None:
    check(replace(agreement, issuer=url, token_url=f"{url}/token"))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"name": " "}, "name:"),
        ({"name": "Uni\x1b[2J"}, "name:"),
        ({"issuer": "http://moodle.example"}, "issuer: 'http://moodle.example' has to begin"),
        ({"issuer": "moodle.example"}, "issuer:"),
        ({"issuer": "https://moodle.example?a=1"}, "issuer: has no query"),
        ({"issuer": ""}, "issuer: '' is no address"),
        ({"token_url": "http://10.0.0.1/token"}, "token_url:"),
        ({"token_url": "https://user:word@moodle.example/token"}, "token_url:"),
        ({"jwks_url": "file:///etc/passwd"}, "jwks_url:"),
        ({"jwks_url": "https://moodle.example:port/jwks"}, "jwks_url:"),
        ({"authorization_url": "https://moodle.example/a#b"}, "authorization_url:"),
        ({"authorization_url": "https://moodle.example/a b"}, "authorization_url:"),
        ({"client_id": ""}, "client_id:"),
        ({"client_id": "clié"}, "client_id:"),
        ({"client_id": "c" * 256}, "client_id:"),
        ({"deployment_ids": ("1", "two\nlines")}, "deployment: 'two\\nlines'"),
        ({"deployment_ids": ("d" * 256,)}, "deployment:"),
        ({"token_audience": ""}, "token_audience:"),
    ],
)
def test_what_is_malformed_is_named(
    agreement: Agreement, changes: dict[str, Any], word: str
) -> None:
    with pytest.raises(AgreementError) as caught:
        check(replace(agreement, **changes))
    (problem,) = caught.value.problems
    assert problem.startswith(word)


def test_all_problems_are_told_at_once(agreement: Agreement) -> None:
    with pytest.raises(AgreementError) as caught:
        check(replace(agreement, client_id="", jwks_url="nowhere"))
    assert len(caught.value.problems) == 2
