"""LTI Advantage Conformance Certification Guide 1.3, §6.1.1, by the published names.

Each message must be refused with a page that says so, and nothing may be stored of it.
"""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from config.database import Database
from lti_tool.models import Assignment, LaunchSession, LtiUser
from tests.conformance.launching import Browser, refusal
from tests.lti_tool.factories import CLAIM

Forge = Callable[[Browser], str]
"""Return the id_token that the platform answers with."""


def _without(*names: str) -> Forge:
    def forge(browser: Browser) -> str:
        for name in names:
            del browser.claims[name]
        return browser.token()

    return forge


def _with(name: str, value: object) -> Forge:
    def forge(browser: Browser) -> str:
        browser.claims[name] = value
        return browser.token()

    return forge


def _incorrect_timestamps(browser: Browser) -> str:
    now = int(time.time())
    browser.claims.update({"iat": now - 86_400, "exp": now - 82_800})
    return browser.token()


KNOWN_BAD: dict[str, tuple[Forge, str]] = {
    "No KID Sent in JWT header": (lambda b: b.token(kid=None), "token_refused"),
    "Incorrect KID in JWT header": (lambda b: b.token(kid="imstester_66067"), "token_refused"),
    "Wrong LTI Version": (_with(f"{CLAIM}version", "11.3"), "message"),
    "No LTI Version": (_without(f"{CLAIM}version"), "claim"),
    "Invalid LTI message": (lambda _: "eyJuYW1lIjoibWUifQ", "token_refused"),
    "Missing LTI Claims": (
        _without(
            *(
                f"{CLAIM}{name}"
                for name in (
                    "version",
                    "message_type",
                    "deployment_id",
                    "target_link_uri",
                    "resource_link",
                    "roles",
                )
            )
        ),
        "claim",
    ),
    "Timestamps Incorrect": (_incorrect_timestamps, "clock"),
    "message_type Claim Missing": (_without(f"{CLAIM}message_type"), "claim"),
    "role Claim Missing": (_without(f"{CLAIM}roles"), "claim"),
    "deployment_id Claim Missing": (_without(f"{CLAIM}deployment_id"), "claim"),
    "resource_link_id Claim Missing": (_with(f"{CLAIM}resource_link", {"title": "Wine"}), "claim"),
    "user (sub) Claim Missing": (_without("sub"), "anonymous"),
}


@pytest.mark.parametrize(("forge", "code"), KNOWN_BAD.values(), ids=KNOWN_BAD.keys())
def test_known_bad_payload(browser: Browser, database: Database, forge: Forge, code: str) -> None:
    browser.login()
    assert refusal(browser.launch(forge(browser))) == code
    with database.transaction() as session:
        for table in (LaunchSession, Assignment, LtiUser):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table
