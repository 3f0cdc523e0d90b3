"""A small, real LTI platform on a port of its own: keys, tokens, line items, scores, results.

It keeps to the specifications, verifies what the tool sends, and can be told to misbehave.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.server import Fault, Reply, Seen, serve

__all__ = ["AGS", "ALL_SCOPES", "Fault", "Platform", "Reply", "Seen", "serve"]

SCORE = "application/vnd.ims.lis.v1.score+json"
LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
CONTAINER = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
MEMBERSHIPS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ALL_SCOPES = frozenset(
    AGS + name for name in ("lineitem", "lineitem.readonly", "result.readonly", "score")
)
CANARY_NAME = "Canaria"
CANARY_HOST = "canary.example"
"""In the names and addresses of everybody, so that they are recognised where they must not be."""


@cache
def _usual_key() -> rsa.RSAPrivateKey:
    """Return the key of every platform that is not given another: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Platform:
    """The state of the platform; `serve` gives it a port."""

    client_id = "casebook"
    query = "?type_id=1"
    """Carried by line item URLs, as Moodle does."""

    def __init__(self, tool_key_set: Callable[[], Mapping[str, Any]] | None = None) -> None:
        self.origin = ""
        self.tool_key_set = tool_key_set
        self.keys = {"key-1": _usual_key()}
        self.extra_jwks: list[dict[str, Any]] = []
        self.granted = ALL_SCOPES | {NRPS}
        self.token_seconds = 3600
        self.tokens: dict[str, frozenset[str]] = {}
        self.line_items: dict[str, dict[str, Any]] = {}
        self.scores: list[dict[str, Any]] = []
        self.roster: list[dict[str, Any]] = []
        self.overrides: dict[str, float] = {}
        self.faults: list[Fault] = []
        self.weather: Callable[[Seen], Fault | None] = lambda _: None
        """What goes wrong by chance."""
        self.clock_skew = timedelta()
        """How far the platform's clock is ahead."""
        self.seen: list[Seen] = []
        self.jtis: set[str] = set()
        self.lock = threading.RLock()

    # What a test asks.

    def now(self) -> datetime:
        """Return what the platform's own clock shows."""
        return datetime.now(UTC) + self.clock_skew

    def requests(self, path: str, method: str | None = None) -> list[Seen]:
        return [s for s in self.seen if path in s.path and method in {None, s.method}]

    def add_line_item(self, resource_link_id: str | None, maximum: float = 100) -> str:
        number = str(len(self.line_items) + 1)
        self.line_items[number] = {
            "id": f"{self.origin}/lineitems/{number}/lineitem{self.query}",
            "label": "Case",
            "scoreMaximum": maximum,
            "resourceLinkId": resource_link_id,
        }
        return str(self.line_items[number]["id"])

    def enrol(self, user_id: str, *roles: str, **members: Any) -> None:
        """Put somebody on the roster, with a name and an address that must go nowhere."""
        self.roster.append(
            {
                "user_id": user_id,
                "roles": list(roles),
                "status": "Active",
                "name": f"{CANARY_NAME} {user_id}",
                "given_name": CANARY_NAME,
                "email": f"{user_id}@{CANARY_HOST}",
                **members,
            }
        )

    def jwks(self) -> dict[str, Any]:
        published = []
        for kid, key in self.keys.items():
            jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
            published.append({**jwk, "kid": kid, "alg": "RS256", "use": "sig"})
        return {"keys": [*published, *self.extra_jwks]}

    # What the tool asks.

    def answer(self, seen: Seen) -> Reply:
        if seen.path == "/jwks":
            return Reply(body=json.dumps(self.jwks()).encode())
        if seen.path == "/token":
            return self._token(seen)
        with self.lock:
            return self._service(seen)

    def _token(self, seen: Seen) -> Reply:
        form = {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}
        assert form["grant_type"] == "client_credentials"
        assert self.tool_key_set is not None
        kid = jwt.get_unverified_header(form["client_assertion"])["kid"]
        keys = {key["kid"]: key for key in self.tool_key_set()["keys"]}
        claims = jwt.decode(
            form["client_assertion"],
            jwt.PyJWK(keys[kid]).key,
            algorithms=["RS256"],
            audience=f"{self.origin}/token",
            issuer=self.client_id,
            options={"require": ["exp", "iat", "jti", "sub"]},
        )
        assert claims["sub"] == self.client_id
        assert claims["exp"] - claims["iat"] <= 300
        assert claims["iat"] < time.time()
        assert claims["jti"] not in self.jtis
        self.jtis.add(claims["jti"])
        granted = frozenset(form["scope"].split()) & self.granted
        if not granted:
            return Reply(400, b'{"error": "invalid_scope"}')
        token = f"canary-token-{len(self.tokens) + 1}"
        self.tokens[token] = granted
        body = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.token_seconds,
            "scope": " ".join(sorted(granted)),
        }
        return Reply(body=json.dumps(body).encode(), content_type="text/html")

    def _service(self, seen: Seen) -> Reply:
        scopes = self.tokens.get(seen.headers.get("Authorization", "").removeprefix("Bearer "))
        if scopes is None:
            return Reply(401)
        if seen.path == "/members":
            return self._members(seen) if NRPS in scopes else Reply(403)
        parts = seen.path.strip("/").split("/")
        if parts == ["lineitems"]:
            return self._list(seen) if seen.method == "GET" else self._create(seen, scopes)
        query = dict(parse_qsl(seen.query))
        user = query.pop("user_id", None)
        # A line item's own query has to come back as it was sent.
        kept = query == dict(parse_qsl(self.query[1:]))
        if len(parts) == 4 and parts[1] in self.line_items and kept:
            if parts[3] == "scores" and AGS + "score" in scopes:
                return self._score(parts[1], seen)
            if parts[3] == "results" and AGS + "result.readonly" in scopes and user is not None:
                return self._results(parts[1], user, seen)
        return Reply(404)

    def _list(self, seen: Seen) -> Reply:
        assert seen.headers["Accept"] == CONTAINER
        wanted = parse_qs(seen.query).get("resource_link_id")
        tag = parse_qs(seen.query).get("tag")
        found = [
            item
            for item in self.line_items.values()
            if (wanted is None or item.get("resourceLinkId") == wanted[0])
            and (tag is None or item.get("tag") == tag[0])
        ]
        return self._page(found, seen)

    def _members(self, seen: Seen) -> Reply:
        """Answer a page of the roster; `from` is where it begins."""
        if seen.headers.get("Accept") != MEMBERSHIPS:
            return Reply(406)
        query = dict(parse_qsl(seen.query))
        start, limit = int(query.get("from", 0)), int(query.get("limit", len(self.roster) or 1))
        headers = {}
        if start + limit < len(self.roster):
            following = urlencode({**query, "from": start + limit})
            headers["Link"] = f'<{self.origin}/members?{following}>; rel="next"'
        page = self.roster[start : start + limit]
        body = {"id": f"{self.origin}/members", "context": {"id": "course-1"}, "members": page}
        return Reply(body=json.dumps(body).encode(), content_type=MEMBERSHIPS, headers=headers)

    def _page(self, items: list[dict[str, Any]], _: Seen) -> Reply:
        return Reply(body=json.dumps(items).encode(), content_type=CONTAINER)

    def _create(self, seen: Seen, scopes: frozenset[str]) -> Reply:
        assert seen.headers["Content-Type"] == LINE_ITEM
        if AGS + "lineitem" not in scopes:
            return Reply(403)
        item = seen.json
        created = {**item, "id": self.add_line_item(item.get("resourceLinkId"))}
        self.line_items[str(len(self.line_items))] = created
        return Reply(201, json.dumps(created).encode(), LINE_ITEM)

    def _score(self, number: str, seen: Seen) -> Reply:
        assert seen.headers["Content-Type"] == SCORE
        score = {**seen.json, "item": number}
        former = [s for s in self.scores if s["userId"] == score["userId"] and s["item"] == number]
        if former and moment_of(score) <= moment_of(former[-1]):
            return Reply(409)
        if score["userId"] == "stranger":
            return Reply(400, b'{"error": "no such user"}')
        self.scores.append(score)
        return Reply(200)

    def _results(self, number: str, user: str, seen: Seen) -> Reply:
        assert seen.headers["Accept"] == RESULTS
        found = [s for s in self.scores if s["userId"] == user and s["item"] == number][-1:]
        body = [
            {
                "userId": user,
                "resultScore": self.overrides.get(user, s["scoreGiven"]),
                "resultMaximum": s["scoreMaximum"],
                "comment": s.get("comment"),
            }
            for s in found
        ]
        return Reply(body=json.dumps(body).encode(), content_type=RESULTS)

    def fault_for(self, seen: Seen) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.path in seen.path:
                    fault.times -= 1
                    if fault.times == 0:
                        self.faults.remove(fault)
                    return fault
        return self.weather(seen)


def moment_of(score: Mapping[str, Any]) -> datetime:
    """Return a score's timestamp."""
    return datetime.fromisoformat(score["timestamp"])
