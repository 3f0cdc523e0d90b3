"""What other implementations test that a tool refuses, each by the name that is used there.

After every refusal nothing is stored, and the page is one that a person can read.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import func, select

from config.database import Database
from lti_tool.models import LaunchSession
from notebooks.attempts.models import Attempt
from tests.conformance.launching import Browser, refusal
from tests.fakes.platform import Platform, serve
from tests.lti_tool.factories import CLAIM, register, sign

Forge = Callable[[Browser], str]


def _claims(**changes: object) -> Forge:
    def forge(browser: Browser) -> str:
        browser.claims.update(changes)
        return browser.token()

    return forge


def _claim(name: str, value: object) -> Forge:
    return _claims(**{f"{CLAIM}{name}": value})


def _missing(name: str) -> Forge:
    def forge(browser: Browser) -> str:
        del browser.claims[name]
        return browser.token()

    return forge


def _times(*, issued: int, expires: int) -> Forge:
    def forge(browser: Browser) -> str:
        now = int(time.time())
        return _claims(iat=now + issued, exp=now + expires)(browser)

    return forge


def _target(suffix: str) -> Forge:
    return lambda b: _claim("target_link_uri", b.target + suffix)(b)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _hs256_with_the_public_key(browser: Browser) -> str:
    public = browser.platform.keys["key-1"].public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = _encoded(json.dumps({"alg": "HS256", "kid": "key-1"}).encode())
    signed = f"{head}.{_encoded(json.dumps(browser.claims).encode())}"
    return f"{signed}.{_encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def _by_another_key(browser: Browser) -> str:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return browser.token(key=other)


REFUSED: dict[str, tuple[Forge, str]] = {
    "wrong aud": (_claims(aud="somebody"), "audience"),
    "wrong multiple aud": (_claims(aud=["somebody", "else"]), "audience"),
    "multiple aud, wrong azp": (
        _claims(aud=["casebook", "casebook"], azp="somebody"),
        "audience",
    ),
    "multiple aud without azp": (_claims(aud=["casebook", "casebook"]), "audience"),
    "untrusted extra aud": (_claims(aud=["casebook", "somebody"], azp="casebook"), "audience"),
    "empty aud": (_claims(aud=[]), "audience"),
    "missing aud": (_missing("aud"), "claim"),
    "azp of somebody else": (_claims(azp="somebody"), "audience"),
    "wrong iss": (_claims(iss="https://elsewhere.example"), "token_refused"),
    "target_link_uri differs": (
        _claim("target_link_uri", "https://elsewhere.example/"),
        "target_link",
    ),
    "target_link_uri missing": (_missing(f"{CLAIM}target_link_uri"), "claim"),
    "target_link_uri reformatted": (_target("/"), "target_link"),
    "open redirect via claim": (_target("?next=https://evil.example"), "target_link"),
    "no deployment_id": (_missing(f"{CLAIM}deployment_id"), "claim"),
    "other deployment": (_claim("deployment_id", "d2"), "deployment"),
    "bad signature": (_by_another_key, "token_refused"),
    "bad nonce": (_claims(nonce="n" * 43), "nonce"),
    "unsigned JWT": (lambda b: b.token().rpartition(".")[0] + ".", "token_refused"),
    "alg none": (
        lambda b: jwt.encode(b.claims, "", algorithm="none", headers={"kid": "key-1"}),
        "token_refused",
    ),
    "alg mismatch": (lambda b: b.token(alg="RS384"), "token_refused"),
    "HS256 with public key": (_hs256_with_the_public_key, "token_refused"),
    "expired": (_times(issued=-200, expires=-140), "clock"),
    "iat in the future": (_times(issued=60, expires=120), "clock"),
    "iat too old": (_times(issued=-3600, expires=60), "clock"),
}


def _launches(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(LaunchSession)) or 0


@pytest.mark.parametrize(("forge", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(browser: Browser, database: Database, forge: Forge, code: str) -> None:
    browser.login()
    assert refusal(browser.launch(forge(browser))) == code
    assert _launches(database) == 0


@pytest.mark.parametrize("seconds", [-25, 25])
def test_a_clock_off_by_less_than_the_leeway_is_forgiven(browser: Browser, seconds: int) -> None:
    browser.login()
    now = int(time.time()) + seconds
    browser.claims.update({"iat": now, "exp": now + 60})
    assert browser.launch().status_code == 303


def test_state_client_id_not_in_aud(tool: str, platform: Platform, database: Database) -> None:
    with database.transaction() as session:
        register(session, platform, client_id="other")
    browser = Browser(tool, platform)
    browser.login(client_id="other")
    assert refusal(browser.launch()) == "audience"
    browser.close()
    assert _launches(database) == 0


def test_issuer_differs_from_the_states(browser: Browser, database: Database) -> None:
    with serve(Platform()) as other:
        with database.transaction() as session:
            register(session, other)
        browser.login()
        # Everything is right, but signed for the other platform, which knows nothing of the login.
        browser.claims["iss"] = other.origin
        assert refusal(browser.launch()) == "token_refused"
    assert _launches(database) == 0


def test_other_tenants_key(browser: Browser, database: Database) -> None:
    with serve(Platform()) as other:
        other.keys = {"other": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        with database.transaction() as session:
            register(session, other)
        browser.login()
        forged = sign(browser.platform, browser.claims, kid="other", key=other.keys["other"])
        assert refusal(browser.launch(forged)) == "token_refused"
    assert _launches(database) == 0


def test_jwks_refreshed_once(open_browser: Callable[[], Browser], platform: Platform) -> None:
    for _ in range(3):
        browser = open_browser()
        browser.login()
        assert refusal(browser.launch(browser.token(kid="unknown"))) == "token_refused"
    assert len(platform.requests("/jwks")) <= 2


def test_rotation_mid_session(open_browser: Callable[[], Browser], platform: Platform) -> None:
    before, after = open_browser(), open_browser()
    for browser in (before, after):
        browser.login()
    assert before.launch().status_code == 303
    platform.keys = {"key-2": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
    assert after.launch(after.token(kid="key-2", key=platform.keys["key-2"])).status_code == 303


def test_duplicate_kid(browser: Browser, platform: Platform, database: Database) -> None:
    platform.extra_jwks = [_published(rsa.generate_private_key(65537, 2048))]
    browser.login()
    assert refusal(browser.launch()) == "token_refused"
    assert _launches(database) == 0


def _published(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    jwk: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**jwk, "kid": "key-1", "alg": "RS256", "use": "sig"}


def test_no_public_keys(browser: Browser, platform: Platform, database: Database) -> None:
    platform.keys, key = {}, platform.keys["key-1"]
    browser.login()
    assert refusal(browser.launch(browser.token(key=key))) == "token_refused"
    assert _launches(database) == 0


def _not_accepted(response: httpx.Response, database: Database, launches: int = 0) -> None:
    assert response.status_code != 303
    assert "/workspace/" not in response.text
    assert _launches(database) == launches


def test_state_cookie_missing(browser: Browser, database: Database) -> None:
    browser.login()
    browser.cookies.clear()
    _not_accepted(browser.launch(), database)


def test_state_cookie_different(open_browser: Callable[[], Browser], database: Database) -> None:
    victim, attacker = open_browser(), open_browser()
    for browser in (victim, attacker):
        browser.login()
    (name,), (value,) = victim.cookies, attacker.cookies.values()
    attacker.cookies[name] = value
    _not_accepted(attacker.launch(victim.token(), state=victim.state), database)
    assert victim.launch().status_code == 303


def test_invalid_state(browser: Browser, database: Database) -> None:
    browser.login()
    for state in ("", "x", "s" * 43, "../" * 20):
        _not_accepted(browser.launch(state=state), database)


def test_nonce_disagrees(open_browser: Callable[[], Browser], database: Database) -> None:
    first, second = open_browser(), open_browser()
    for browser in (first, second):
        browser.login()
    assert refusal(second.launch(first.token())) == "nonce"
    assert _launches(database) == 0


def test_id_token_replay_with_cookie(browser: Browser, database: Database) -> None:
    browser.login()
    token, cookies = browser.token(), dict(browser.cookies)
    assert browser.launch(token).status_code == 303
    browser.cookies = cookies
    _not_accepted(browser.launch(token), database, launches=1)


def test_id_token_replay_without_cookie(browser: Browser, database: Database) -> None:
    browser.login()
    token = browser.token()
    assert browser.launch(token).status_code == 303
    browser.cookies.clear()
    _not_accepted(browser.launch(token), database, launches=1)


def test_id_token_replay_in_parallel(
    open_browser: Callable[[], Browser], database: Database
) -> None:
    first = open_browser()
    first.login()
    token = first.token()
    copies = [open_browser() for _ in range(6)]
    for copy in copies:
        copy.state, copy.cookies = first.state, dict(first.cookies)
    with ThreadPoolExecutor(len(copies)) as pool:
        answers = list(pool.map(lambda copy: copy.launch(token).status_code, copies))
    assert answers.count(303) == 1
    assert _launches(database) == 1


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/lti/launch", "{tool}@evil.example/lti/"]
)
def test_open_redirect_via_login(browser: Browser, target: str) -> None:
    response = browser.login(target_link_uri=target.replace("{tool}", browser.tool))
    assert refusal(response) == "login_request"
    assert "Location" not in response.headers


@pytest.mark.parametrize("missing", ["iss", "login_hint", "target_link_uri"])
def test_malformed_login(browser: Browser, missing: str) -> None:
    assert refusal(browser.login(**{missing: ""})) == "login_request"


def test_malformed_launch(browser: Browser, database: Database) -> None:
    browser.login()
    for token in ("", "a", "a.b", "a.b.c", "W10.W10.W10", "\0", "é.é.é"):
        _not_accepted(browser.launch(token or " "), database)


def test_a_test_users_work_is_never_graded(browser: Browser, database: Database) -> None:
    browser.login()
    browser.claims[f"{CLAIM}roles"].append(
        "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    )
    assert browser.launch().status_code == 303
    with database.transaction() as session:
        assert session.scalars(select(Attempt.graded)).one() is False
