"""A small, real LTI platform on a port of its own: keys, tokens, line items, scores, results.

It keeps to the specifications, verifies what the tool sends, and can be told to misbehave.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

SCORE = "application/vnd.ims.lis.v1.score+json"
LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
CONTAINER = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
ALL_SCOPES = frozenset(
    AGS + name for name in ("lineitem", "lineitem.readonly", "result.readonly", "score")
)


@cache
def _usual_key() -> rsa.RSAPrivateKey:
    """Return the key of every platform that is not given another: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose path contains `path`."""

    path: str
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    times: int = 1
    drop: bool = False
    """Close the connection without an answer."""
    after_write: bool = False
    """Do what was asked first, then fail."""
    delay_seconds: float = 0


@dataclass(frozen=True)
class Seen:
    """A request as it came in."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"


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
        self.granted = ALL_SCOPES
        self.token_seconds = 3600
        self.tokens: dict[str, frozenset[str]] = {}
        self.line_items: dict[str, dict[str, Any]] = {}
        self.scores: list[dict[str, Any]] = []
        self.overrides: dict[str, float] = {}
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.jtis: set[str] = set()
        self.lock = threading.RLock()

    # What a test asks.

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
        token = f"token-{len(self.tokens) + 1}"
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
        parts = seen.path.strip("/").split("/")
        if parts == ["lineitems"]:
            return self._list(seen) if seen.method == "GET" else self._create(seen, scopes)
        if (
            len(parts) == 4
            and parts[1] in self.line_items
            and seen.query
            == self.query[1:]
            + (
                "&" + urlencode({"user_id": parse_qs(seen.query)["user_id"][0]})
                if "user_id" in seen.query
                else ""
            )
        ):
            if parts[3] == "scores" and AGS + "score" in scopes:
                return self._score(parts[1], seen)
            if parts[3] == "results" and AGS + "result.readonly" in scopes:
                return self._results(parts[1], parse_qs(seen.query)["user_id"][0], seen)
        return Reply(404)

    def _list(self, seen: Seen) -> Reply:
        assert seen.headers["Accept"] == CONTAINER
        wanted = parse_qs(seen.query).get("resource_link_id")
        found = [
            item
            for item in self.line_items.values()
            if wanted is None or item.get("resourceLinkId") == wanted[0]
        ]
        return Reply(body=json.dumps(found).encode(), content_type=CONTAINER)

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
        if former and _moment(score) <= _moment(former[-1]):
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

    def fault_for(self, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.path in path:
                    fault.times -= 1
                    if fault.times == 0:
                        self.faults.remove(fault)
                    return fault
        return None


def _moment(score: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(score["timestamp"])


class _Handler(BaseHTTPRequestHandler):
    platform: Platform
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, parts.path, parts.query, dict(self.headers), body)
        self.platform.seen.append(seen)
        fault = self.platform.fault_for(parts.path)
        if fault is None:
            self._reply(self.platform.answer(seen))
            return
        if fault.after_write:
            self.platform.answer(seen)
        time.sleep(fault.delay_seconds)
        if fault.drop:
            self.close_connection = True
            self.connection.close()
        else:
            self._reply(Reply(fault.status, fault.body), fault.headers)

    do_GET = do_POST = do_PUT = _handle  # noqa: N815 - the names that http.server looks for

    def _reply(self, reply: Reply, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Keep quiet."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Connections that a test lets drop are no news."""


@contextmanager
def serve(platform: Platform) -> Iterator[Platform]:
    """Give the platform a port on loopback for the length of the block."""
    handler = type("Handler", (_Handler,), {"platform": platform})
    server = _Server(("127.0.0.1", 0), handler)
    platform.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
