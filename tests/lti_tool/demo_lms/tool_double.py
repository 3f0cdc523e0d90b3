"""A small LTI tool: own keys, JWKS, login and launch, and a client of the platform's services."""

import json
import secrets
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, redirect, request
from jwt.algorithms import RSAAlgorithm
from werkzeug.wrappers import Response

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.registration import DemoRegistration, ToolEndpoints

TLS = ssl.create_default_context()
"""One for all clients: making it costs more than a request, and nothing here is https."""


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class ToolDouble:
    """What the tool knows, and what reached it."""

    platform: DemoRegistration
    endpoints: ToolEndpoints
    keys: dict[str, rsa.RSAPrivateKey]
    logins: list[dict[str, str]] = field(default_factory=list)
    launches: list[dict[str, str]] = field(default_factory=list)
    state: str = "state with ümläuts & <signs>"
    nonce: str = "nonce-1"
    jwks_requests: int = 0
    by_page: bool = False
    """Ask for the id_token from a page of the tool's, as tools with a cookie check do."""

    def jwks(self) -> dict[str, Any]:
        return {
            "keys": [
                {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": "RS256"}
                for kid, key in self.keys.items()
            ]
        }

    def authorization_query(self, login: Mapping[str, str], **changes: str | None) -> str:
        """Return a right authentication request; changes set or (None) leave out parameters."""
        values: dict[str, str | None] = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.platform.client_id,
            "redirect_uri": self.endpoints.launch_url,
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
            "state": self.state,
            "nonce": self.nonce,
            **changes,
        }
        return urlencode({name: value for name, value in values.items() if value is not None})

    def assertion(
        self,
        *,
        kid: str = "key-1",
        key: rsa.RSAPrivateKey | None = None,
        headers: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        now = int(time.time())
        claims = {
            "iss": self.platform.client_id,
            "sub": self.platform.client_id,
            "aud": self.platform.token_url,
            "iat": now - 5,
            "exp": now + 60,
            "jti": secrets.token_hex(8),
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        signer = key or self.keys[kid]
        return jwt.encode(claims, signer, algorithm="RS256", headers=dict(headers or {"kid": kid}))

    def ask_token(self, scope: str, **changes: str | None) -> httpx.Response:
        values = {
            "grant_type": "client_credentials",
            "client_assertion_type": vocab.JWT_BEARER,
            "client_assertion": changes.pop("client_assertion", None) or self.assertion(),
            "scope": scope,
            **changes,
        }
        form = {name: value for name, value in values.items() if value is not None}
        return httpx.post(self.platform.token_url, data=form, timeout=10, verify=TLS)

    def token(self, *scopes: str) -> str:
        response = self.ask_token(" ".join(scopes or vocab.SCOPES))
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    def service(self, *scopes: str) -> httpx.Client:
        """Return a client that carries a fresh token for these scopes (all by default)."""
        headers = {"Authorization": f"Bearer {self.token(*scopes)}"}
        return httpx.Client(headers=headers, timeout=10, verify=TLS)

    def read_id_token(self, id_token: str) -> dict[str, Any]:
        """Return the claims of an id_token that is right in every way, as a tool checks it."""
        keys = jwt.PyJWKSet.from_dict(
            httpx.get(self.platform.jwks_url, timeout=10, verify=TLS).json()
        )
        kid = jwt.get_unverified_header(id_token)["kid"]
        claims: dict[str, Any] = jwt.decode(
            id_token,
            keys[kid].key,
            algorithms=["RS256"],
            audience=self.platform.client_id,
            issuer=self.platform.issuer,
            options={"require": ["exp", "iat", "nonce", "sub"]},
        )
        return claims


def tool_app(tool: ToolDouble) -> Flask:
    """Return the tool's web side."""
    app = Flask("tool_double")

    @app.get("/lti/jwks")
    def jwks() -> dict[str, Any]:
        tool.jwks_requests += 1
        return tool.jwks()

    @app.route("/lti/login", methods=["GET", "POST"])
    def login() -> Response | str:
        values = request.values.to_dict()
        tool.logins.append(values)
        query = tool.authorization_query(values)
        if tool.by_page:
            target = json.dumps(f"{tool.platform.authorization_url}?{query}")
            return f"<!doctype html><script>location.href = {target}</script>"
        return redirect(f"{tool.platform.authorization_url}?{query}")

    @app.post("/lti/launch")
    def launch() -> str:
        tool.launches.append(request.form.to_dict())
        seen = sorted(request.cookies)
        return f"<!doctype html><title>Tool</title><h1>Launched</h1><p>cookies: {seen}</p>"

    return app


def score(**changes: Any) -> str:
    """Return a right score body; changes set or (None) leave out members."""
    body = {
        "userId": "101",
        "timestamp": "2026-01-02T03:04:05.678+00:00",
        "activityProgress": "Submitted",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 7,
        "scoreMaximum": 10,
        "comment": "Look: fine\n  Split: which rows?",
        **changes,
    }
    return json.dumps({name: value for name, value in body.items() if value is not None})
