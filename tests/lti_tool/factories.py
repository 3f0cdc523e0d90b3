"""Builders for launches: registrations, case versions, id_tokens and what browsers post."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lti_tool.models import Registration
from lti_tool.services.registrations import add_registration
from notebooks.attempts.document import Cell
from notebooks.cases.models import BuildState, Case, CaseVersion
from notebooks.cases.profile import Profile, Subtask
from notebooks.journal.log import create_stream
from tests.fakes.platform import Platform

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
LEARNER = f"{MEMBERSHIP}#Learner"
INSTRUCTOR = f"{MEMBERSHIP}#Instructor"

Claims = dict[str, Any]


def register(session: Session, platform: Platform, **changes: Any) -> Registration:
    """Register a platform with one deployment, `d1`."""
    agreed = {
        "issuer": platform.origin,
        "client_id": platform.client_id,
        "authorization_url": f"{platform.origin}/authorize",
        "token_url": f"{platform.origin}/token",
        "jwks_url": f"{platform.origin}/jwks",
        "deployment_ids": ["d1"],
        "name": "Fake",
    }
    return add_registration(session, **{**agreed, **changes})


def add_case(
    session: Session, slug: str = "wine", *, state: BuildState = BuildState.READY, number: int = 1
) -> CaseVersion:
    """Add a version of a case with one cell."""
    case = session.query(Case).filter_by(slug=slug).one_or_none() or Case(slug=slug)
    session.add(case)
    session.flush()
    profile = Profile(title="Wine", subtasks=(Subtask(id="one", title="One", points=10),))
    version = CaseVersion(
        case_id=case.id,
        number=number,
        content_hash=f"{slug}-{number}",
        title="Wine",
        profile=profile.model_dump(mode="json"),
        template=[Cell(id="a", kind="code", source="x = 1", subtask="one").model_dump(mode="json")],
        archive_key="none",
        state=state,
        stream_id=create_stream(session),
    )
    session.add(version)
    session.flush()
    return version


@dataclass
class Launch:
    """A launch in the making: log in, change what the token says, post it."""

    client: FlaskClient
    platform: Platform
    target: str
    claims: Claims = field(default_factory=dict)
    state: str = ""
    nonce: str = ""

    def login(self, **changes: str | None) -> TestResponse:
        return self.client.post("/lti/login", data=self.login_form(**changes))

    def login_form(self, **changes: str | None) -> dict[str, str]:
        """Return what the platform's page posts."""
        parameters = {
            "iss": self.platform.origin,
            "login_hint": "hint",
            "target_link_uri": self.target,
            "client_id": self.platform.client_id,
            "lti_message_hint": "message",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def begin(self) -> "Launch":
        """Log in, and prepare the claims of a learner's launch."""
        response = self.login()
        assert response.status_code == 302, response.text
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        self.state, self.nonce = query["state"][0], query["nonce"][0]
        self.claims = learner_claims(self.platform, self.target, self.nonce)
        return self

    def token(self, **options: Any) -> str:
        return sign(self.platform, self.claims, **options)

    def post(self, id_token: str | None = None, **form: str) -> TestResponse:
        values = {"state": self.state, "id_token": id_token or self.token(), **form}
        return self.client.post("/lti/launch", data=values)


def learner_claims(platform: Platform, target: str, nonce: str) -> Claims:
    """Return the claims of a learner's launch without anything personal."""
    now = int(time.time())
    return {
        "iss": platform.origin,
        "aud": platform.client_id,
        "sub": "student-1",
        "iat": now,
        "exp": now + 60,
        "nonce": nonce,
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}message_type": "LtiResourceLinkRequest",
        f"{CLAIM}deployment_id": "d1",
        f"{CLAIM}target_link_uri": target,
        f"{CLAIM}resource_link": {"id": "link-1", "title": "Wine homework"},
        f"{CLAIM}context": {"id": "course-1", "title": "Data science"},
        f"{CLAIM}roles": [LEARNER],
        f"{CLAIM}custom": {"case": "wine"},
        f"{CLAIM}launch_presentation": {"return_url": f"{platform.origin}/course"},
        AGS_CLAIM: {
            "scope": [
                "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
                "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
                "https://purl.imsglobal.org/spec/lti-ags/scope/score",
            ],
            "lineitems": f"{platform.origin}/lineitems",
            "lineitem": f"{platform.origin}/lineitems/1/lineitem?type_id=1",
        },
    }


def sign(
    platform: Platform,
    claims: Claims,
    *,
    kid: str | None = "key-1",
    key: rsa.RSAPrivateKey | None = None,
    alg: str = "RS256",
) -> str:
    """Return a signed token; `kid=None` leaves the header's key id out."""
    headers = {} if kid is None else {"kid": kid}
    signer = platform.keys["key-1"] if key is None else key
    return jwt.encode(claims, signer, algorithm=alg, headers=headers)
