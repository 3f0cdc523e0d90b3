"""Every launch that must be refused: a plain error, and nothing stored."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import func, select, update

from config.database import Database, utcnow
from config.settings import Settings
from lti_tool.launch.state import cookie_name
from lti_tool.models import (
    Assignment,
    LaunchSession,
    LoginState,
    LtiUser,
    Registration,
    RegistrationState,
)
from notebooks.cases.models import BuildState
from tests.fakes.platform import Fault, Platform
from tests.lti_tool.factories import AGS_CLAIM, CLAIM, Claims, Launch, add_case, register, sign

Change = Callable[[Claims], object]


def _set(name: str, value: object) -> Change:
    return lambda claims: claims.update({name: value})


def _drop(name: str) -> Change:
    return lambda claims: claims.pop(name)


def _age(*, issued: int = 0, expires: int = 60) -> Change:
    def change(claims: Claims) -> None:
        now = int(time.time())
        claims.update({"iat": now + issued, "exp": now + expires})

    return change


BAD_CLAIMS: dict[str, tuple[Change, str]] = {
    "another nonce": (_set("nonce", "n" * 43), "nonce"),
    "no nonce": (_drop("nonce"), "claim"),
    "another issuer": (_set("iss", "https://elsewhere.example"), "token_refused"),
    "another audience": (_set("aud", "somebody"), "audience"),
    "no audience": (_drop("aud"), "claim"),
    "an empty audience": (_set("aud", []), "audience"),
    "several audiences without azp": (_set("aud", ["casebook", "casebook"]), "audience"),
    "an untrusted further audience": (
        lambda c: c.update({"aud": ["casebook", "somebody"], "azp": "casebook"}),
        "audience",
    ),
    "another authorized party": (_set("azp", "somebody"), "audience"),
    "expired": (_age(issued=-100, expires=-40), "clock"),
    "no exp": (_drop("exp"), "claim"),
    "no iat": (_drop("iat"), "claim"),
    "a text for exp": (_set("exp", "soon"), "claim"),
    "no number for exp": (_set("exp", float("nan")), "claim"),
    "no number for iat": (_set("iat", float("nan")), "claim"),
    "a number beyond floats for exp": (_set("exp", 10**400), "claim"),
    "a truth for iat": (_set("iat", True), "claim"),  # noqa: FBT003 - a value, not a flag
    "issued beyond the leeway": (_age(issued=45, expires=100), "clock"),
    "issued too long ago": (_age(issued=-700, expires=100), "clock"),
    "another LTI version": (_set(f"{CLAIM}version", "1.2.0"), "message"),
    "no LTI version": (_drop(f"{CLAIM}version"), "claim"),
    "another message type": (_set(f"{CLAIM}message_type", "LtiNonsense"), "message"),
    "no message type": (_drop(f"{CLAIM}message_type"), "claim"),
    "another deployment": (_set(f"{CLAIM}deployment_id", "D1"), "deployment"),
    "no deployment": (_drop(f"{CLAIM}deployment_id"), "claim"),
    "no sub": (_drop("sub"), "anonymous"),
    "an empty sub": (_set("sub", ""), "anonymous"),
    "an endless sub": (_set("sub", "s" * 256), "claim"),
    "no roles": (_drop(f"{CLAIM}roles"), "claim"),
    "roles that are no list": (_set(f"{CLAIM}roles", "Learner"), "claim"),
    "no resource link": (_drop(f"{CLAIM}resource_link"), "claim"),
    "a resource link without id": (_set(f"{CLAIM}resource_link", {"title": "x"}), "claim"),
    "a resource link that is no object": (_set(f"{CLAIM}resource_link", "link-1"), "claim"),
    "a zero byte": (_set(f"{CLAIM}resource_link", {"id": "a\0b"}), "claim"),
    "another target": (
        _set(f"{CLAIM}target_link_uri", "https://evil.example/lti/launch"),
        "target_link",
    ),
    "no target": (_drop(f"{CLAIM}target_link_uri"), "claim"),
    "a reformatted target": (
        lambda c: c.update({f"{CLAIM}target_link_uri": c[f"{CLAIM}target_link_uri"] + "/"}),
        "target_link",
    ),
    "a grade service that is no object": (_set(AGS_CLAIM, []), "claim"),
    "no case": (_set(f"{CLAIM}custom", {}), "case_unknown"),
    "an unexpanded case": (_set(f"{CLAIM}custom", {"case": "$Case.slug"}), "case_unknown"),
    "an unknown case": (_set(f"{CLAIM}custom", {"case": "nowhere"}), "case_unknown"),
}


def _assert_nothing_stored(database: Database) -> None:
    with database.transaction() as session:
        for table in (LaunchSession, Assignment, LtiUser):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table


@pytest.mark.parametrize(("change", "code"), BAD_CLAIMS.values(), ids=BAD_CLAIMS.keys())
def test_a_token_with_a_bad_claim_is_refused(
    opening: Launch, database: Database, change: Change, code: str
) -> None:
    change(opening.claims)
    response = opening.post()
    assert response.text.startswith(f"{code}: ")
    assert 400 <= response.status_code < 500
    _assert_nothing_stored(database)


def _public_pem(platform: Platform) -> bytes:
    public = platform.keys["key-1"].public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _hs256_with_the_public_key(opening: Launch) -> str:
    """Return what an attacker makes of the public key; PyJWT refuses to make it."""

    def encode(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    head = encode(json.dumps({"alg": "HS256", "kid": "key-1"}).encode())
    signed = f"{head}.{encode(json.dumps(opening.claims).encode())}"
    mac = hmac.new(_public_pem(opening.platform), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encode(mac)}"


def _by_another_key(opening: Launch) -> str:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return opening.token(key=other)


def _altered(opening: Launch) -> str:
    head, _, signature = opening.token().split(".")
    body = sign(opening.platform, {**opening.claims, "sub": "teacher"}).split(".")[1]
    return f"{head}.{body}.{signature}"


BAD_TOKENS: dict[str, Callable[[Launch], str]] = {
    "alg none": lambda o: jwt.encode(o.claims, "", algorithm="none", headers={"kid": "key-1"}),
    "HS256 with the public key": _hs256_with_the_public_key,
    "RS512": lambda o: o.token(alg="RS512"),
    "another key under the known kid": _by_another_key,
    "no kid": lambda o: o.token(kid=None),
    "an unknown kid": lambda o: o.token(kid="key-9"),
    "an altered payload": _altered,
    "no signature": lambda o: o.token().rpartition(".")[0] + ".",
    "two parts": lambda o: o.token().rpartition(".")[0],
    "no token at all": lambda _: "nonsense",
    "an endless token": lambda _: "a." * 40_000,
    "a header that is a list": lambda o: "W10." + o.token().partition(".")[2],
}


@pytest.mark.parametrize("forge", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_a_token_that_the_platform_did_not_sign_is_refused(
    opening: Launch, database: Database, forge: Callable[[Launch], str]
) -> None:
    response = opening.post(forge(opening))
    assert (response.status_code, response.text.split(":")[0]) == (401, "token_refused")
    _assert_nothing_stored(database)


def test_an_unknown_state_is_refused(opening: Launch, database: Database) -> None:
    state = "s" * 43
    opening.client.set_cookie(cookie_name(state), "x", path="/lti/launch")
    assert opening.post(state=state).text.startswith("launch_state: ")
    _assert_nothing_stored(database)


@pytest.mark.parametrize("state", ["", "short", "a\0" * 20, "s" * 200])
def test_a_malformed_state_is_refused(opening: Launch, state: str) -> None:
    assert opening.post(state=state).text.startswith("launch_state: ")


def test_another_browsers_state_is_refused_and_stays_good_for_its_own(
    begin: Callable[[], Launch], database: Database
) -> None:
    victim, attacker = begin(), begin()
    token = victim.token()
    own_cookie = attacker.client.get_cookie(cookie_name(attacker.state), path="/lti/launch")
    assert own_cookie is not None
    attacker.client.set_cookie(cookie_name(victim.state), own_cookie.value, path="/lti/launch")
    stolen = attacker.client.post("/lti/launch", data={"state": victim.state, "id_token": token})
    assert stolen.text.startswith("launch_state: ")
    _assert_nothing_stored(database)
    assert victim.post(token).status_code == 303


def test_a_token_of_one_login_is_refused_in_another(begin: Callable[[], Launch]) -> None:
    first, second = begin(), begin()
    assert second.post(first.token()).text.startswith("nonce: ")


def test_an_old_login_is_refused(opening: Launch, database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(LoginState).values(expires_at=utcnow()))
    assert opening.post().text.startswith("launch_state: ")


@pytest.mark.parametrize(
    ("with_cookie", "code"), [(True, "launch_state"), (False, "launch_cookie")]
)
def test_a_replayed_launch_is_refused(
    opening: Launch, database: Database, code: str, *, with_cookie: bool
) -> None:
    token, name = opening.token(), cookie_name(opening.state)
    cookie = opening.client.get_cookie(name, path="/lti/launch")
    assert cookie is not None
    assert opening.post(token).status_code == 303
    if with_cookie:
        opening.client.set_cookie(name, cookie.value, path="/lti/launch")
    assert opening.post(token).text.startswith(f"{code}: ")
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(LaunchSession)) == 1


def test_of_launches_replayed_in_parallel_exactly_one_succeeds(
    app: Flask, opening: Launch, database: Database
) -> None:
    token, name = opening.token(), cookie_name(opening.state)
    cookie = opening.client.get_cookie(name, path="/lti/launch")
    assert cookie is not None

    def replay(_: int) -> int:
        client = app.test_client()
        client.set_cookie(name, cookie.value, path="/lti/launch")
        form = {"state": opening.state, "id_token": token}
        return client.post("/lti/launch", data=form).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(replay, range(8)))
    assert sorted(statuses) == [303] + [400] * 7
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(LaunchSession)) == 1


def test_a_refused_token_uses_its_state_up(opening: Launch) -> None:
    good = opening.token()
    assert opening.post(opening.token(kid=None)).status_code == 401
    assert opening.post(good).text.startswith("launch_state: ")


def test_another_registrations_platform_cannot_answer(
    app: Flask, opening: Launch, database: Database, settings: Settings
) -> None:
    with database.transaction() as session:
        register(session, opening.platform, client_id="other")
    other = Launch(app.test_client(), opening.platform, f"{settings.public_url}/lti/launch")
    assert other.login(client_id="other").status_code == 302
    opening.claims["aud"] = "other"
    assert opening.post().text.startswith("audience: ")


def test_a_registration_disabled_in_between_is_refused(opening: Launch, database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Registration).values(state=RegistrationState.DISABLED))
    assert opening.post().text.startswith("unknown_platform: ")


def test_a_case_that_is_being_built_is_told_so(opening: Launch, database: Database) -> None:
    with database.transaction() as session:
        add_case(session, "iris", state=BuildState.BUILDING)
    opening.claims[f"{CLAIM}custom"] = {"case": "iris"}
    response = opening.post()
    assert (response.status_code, response.text.split(":")[0]) == (503, "case_not_ready")
    _assert_nothing_stored(database)


@pytest.mark.parametrize("error", ["launch_no_longer_valid", "<script>"])
def test_an_error_of_the_platform_asks_for_a_relaunch(opening: Launch, error: str) -> None:
    response = opening.client.post("/lti/launch", data={"error": error, "state": opening.state})
    assert response.text.startswith("relaunch: ")
    assert "script" not in response.text


def test_keys_that_cannot_be_had_are_no_fault_of_the_token(
    opening: Launch, platform: Platform, database: Database
) -> None:
    platform.faults.append(Fault("/jwks", status=500))
    response = opening.post()
    assert (response.status_code, response.text.split(":")[0]) == (502, "keys_unavailable")
    _assert_nothing_stored(database)


def test_a_launch_by_get_is_refused(opening: Launch) -> None:
    assert opening.client.get("/lti/launch").status_code == 405
