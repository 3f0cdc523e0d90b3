import base64
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from lti_tool.demo_lms import assertions, tokens, vocab
from tests.lti_tool.demo_lms.conftest import World
from tests.lti_tool.demo_lms.tool_double import new_key


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: dict[str, Any]) -> str:
    return encoded(json.dumps(value).encode())


def test_a_signed_assertion_is_answered_with_a_bearer_token_for_an_hour(world: World) -> None:
    response = world.tool.ask_token(f"{vocab.SCOPE_SCORE} {vocab.SCOPE_LINE_ITEM}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    body = response.json()
    assert len(body.pop("access_token")) > 30
    assert body == {
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": f"{vocab.SCOPE_LINE_ITEM} {vocab.SCOPE_SCORE}",
    }


def test_unknown_scopes_are_left_out_silently(world: World) -> None:
    response = world.tool.ask_token(f"{vocab.SCOPE_SCORE} https://example.org/scope/other")
    assert response.json()["scope"] == vocab.SCOPE_SCORE


@pytest.mark.parametrize("scope", ["", "https://example.org/scope/other"])
def test_a_request_for_no_known_scope_is_refused(world: World, scope: str) -> None:
    response = world.tool.ask_token(scope)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"client_assertion_type": "jwt"}, "invalid_request"),
        ({"client_assertion_type": None}, "invalid_request"),
    ],
)
def test_a_malformed_request_is_refused(
    world: World, changes: dict[str, str | None], error: str
) -> None:
    response = world.tool.ask_token(vocab.SCOPE_SCORE, **changes)
    assert (response.status_code, response.json()["error"]) == (400, error)


def test_a_body_that_is_no_form_is_refused(world: World) -> None:
    with world.browser(None) as client:
        response = client.post("/lti/token", json={"grant_type": "client_credentials"})
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody-else"},
        {"sub": "somebody-else"},
        {"aud": "https://elsewhere.example/token"},
        {"aud": None},
        {"exp": timedelta(minutes=-1)},
        {"exp": None},
        {"exp": timedelta(hours=2)},
        {"iat": timedelta(minutes=10)},
        {"iat": None},
        {"jti": None},
        {"jti": ""},
        {"headers": {"kid": "unknown"}},
    ],
)
def test_a_wrong_assertion_is_refused(world: World, claims: dict[str, Any]) -> None:
    # Moments are told as distances from now: what was the future when the tests were collected
    # may be the past when they run.
    now = time.time()
    moments: dict[str, Any] = {
        name: int(now + value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in claims.items()
    }
    response = world.tool.ask_token(
        vocab.SCOPE_SCORE, client_assertion=world.tool.assertion(**moments)
    )
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert response.json()["error_description"].startswith("client_assertion refused: ")


def test_an_assertion_of_another_key_is_refused(world: World) -> None:
    forged = world.tool.assertion(key=new_key())
    assert world.tool.ask_token(vocab.SCOPE_SCORE, client_assertion=forged).status_code == 401


def test_an_assertion_without_an_rsa_signature_is_refused(world: World) -> None:
    _, claims, _ = world.tool.assertion().split(".")
    public = world.tool.keys["key-1"].public_key()
    secret = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    unsigned = f"{part({'alg': 'none', 'kid': 'key-1'})}.{claims}."
    confused = f"{part({'alg': 'HS256', 'kid': 'key-1'})}.{claims}"
    digest = hmac.new(secret, confused.encode(), "sha256").digest()
    for forged in (unsigned, f"{confused}.{encoded(digest)}"):
        response = world.tool.ask_token(vocab.SCOPE_SCORE, client_assertion=forged)
        assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("header", [{"alg": "RS256", "kid": 7}, {"alg": "RS256"}])
def test_an_assertion_without_a_kid_that_is_a_text_is_refused(
    world: World, header: dict[str, Any]
) -> None:
    _, claims, signature = world.tool.assertion().split(".")
    forged = f"{part(header)}.{claims}.{signature}"
    response = world.tool.ask_token(vocab.SCOPE_SCORE, client_assertion=forged)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_something_that_is_no_jwt_is_refused(world: World) -> None:
    response = world.tool.ask_token(vocab.SCOPE_SCORE, client_assertion="nonsense")
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_an_assertion_is_good_for_exactly_one_token_also_in_parallel(world: World) -> None:
    assertion = world.tool.assertion()

    def ask(_: int) -> int:
        return world.tool.ask_token(vocab.SCOPE_SCORE, client_assertion=assertion).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(ask, range(6)))
    assert statuses == [200, 401, 401, 401, 401, 401]


def test_the_tools_keys_are_fetched_once_and_kept(world: World) -> None:
    for _ in range(3):
        world.tool.token()
    assert world.tool.jwks_requests == 1


def test_a_new_key_of_the_tool_is_found_without_a_restart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assertions, "_REFETCH_SECONDS", 0)
    world.tool.token()
    world.tool.keys["key-2"] = new_key()
    response = world.tool.ask_token(
        vocab.SCOPE_SCORE, client_assertion=world.tool.assertion(kid="key-2")
    )
    assert response.status_code == 200
    assert world.tool.jwks_requests == 2


def test_unknown_keys_do_not_make_the_platform_fetch_each_time(world: World) -> None:
    world.tool.token()
    for _ in range(3):
        forged = world.tool.assertion(headers={"kid": "unknown"})
        world.tool.ask_token(vocab.SCOPE_SCORE, client_assertion=forged)
    assert world.tool.jwks_requests <= 2


@pytest.mark.parametrize("key_set", ["[]", '{"keys": []}', "not json", " " * 70_000])
def test_a_key_set_that_cannot_be_used_is_a_temporary_failure(
    world: World, monkeypatch: pytest.MonkeyPatch, key_set: str
) -> None:
    monkeypatch.setattr(world.tool, "jwks", lambda: key_set)
    response = world.tool.ask_token(vocab.SCOPE_SCORE)
    assert (response.status_code, response.json()["error"]) == (503, "temporarily_unavailable")
    assert world.tool.endpoints.jwks_url in response.json()["error_description"]


def test_a_missing_token_is_asked_for(world: World) -> None:
    with world.browser() as browser:
        response = browser.get("/lti/services/2/lineitems")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="demo-lms"'


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic YTpi", "Bearer", ""])
def test_a_wrong_token_is_refused(world: World, header: str) -> None:
    with world.browser() as browser:
        response = browser.get("/lti/services/2/lineitems", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer realm=")


def test_an_expired_token_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.tool.service() as service:
        later = time.time() + tokens.LIFETIME_SECONDS + 1
        monkeypatch.setattr("lti_tool.demo_lms.tokens.time.time", lambda: later)
        response = service.get(f"{world.url}/lti/services/2/lineitems")
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_tokens_are_not_stored_in_the_clear(world: World) -> None:
    token = world.tool.token()
    state = b"".join(path.read_bytes() for path in world.settings.state_dir.glob("demo_lms.*"))
    assert token.encode() not in state
