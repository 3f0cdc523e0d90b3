"""The llm process's web side: lets other processes in by role, and streams through to the engine.

A WSGI application for gunicorn, which hands over the connection's certificate. A request's text is
neither looked at nor logged.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from config.errors import CertificateError
from config.roles import Action, may
from config.tls import peer_role
from llm.engine.keeper import Standing

COMPLETIONS = "/v1/chat/completions"
HEALTH = "/health"
BODY_BYTES = 2 * 1024 * 1024
_PIECE_SECONDS = 600.0
"""The caller's own time-outs are shorter; this one only keeps a thread from being lost."""

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Environ = Mapping[str, Any]


class Kept(Protocol):
    """What keeps an engine: `llm.engine.keeper.Keeper`."""

    @property
    def standing(self) -> Standing:
        """How the engine is now."""
        ...


@dataclass(frozen=True, slots=True)
class _RefusedRequestError(Exception):
    """A request goes no further."""

    status: str
    message: str
    retry_after: int | None = None


class Gateway:
    """The application; `waiting` requests may wait for a slot of the engine, more get a 429."""

    def __init__(self, keeper: Kept, *, slots: int, waiting: int = 64) -> None:
        self._keeper = keeper
        self._places = threading.BoundedSemaphore(slots + waiting)
        # One for all: making it reads the system's certificates, which takes longer than asking.
        self._http = httpx.Client(
            timeout=httpx.Timeout(_PIECE_SECONDS, connect=5),
            # None is kept: the engine closes idle ones, and just then a request may be on its way.
            limits=httpx.Limits(max_connections=slots + waiting, max_keepalive_connections=0),
            trust_env=False,
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            return self._answer(environ, start_response)
        except _RefusedRequestError as refusal:
            headers = [("Content-Type", "application/json")]
            if refusal.retry_after is not None:
                headers.append(("Retry-After", str(refusal.retry_after)))
            start_response(refusal.status, headers)
            return [json.dumps({"error": {"message": refusal.message}}).encode()]

    def _answer(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        asked = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if asked == ("GET", HEALTH):
            _authorize(environ, Action.LLM_HEALTH)
            return self._health(start_response)
        if asked == ("POST", COMPLETIONS):
            _authorize(environ, Action.LLM_GENERATE)
            return self._complete(_body(environ), start_response)
        raise _RefusedRequestError("404 Not Found", "There is no such address.")

    def _health(self, start_response: StartResponse) -> Iterable[bytes]:
        standing = self._keeper.standing
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"state": standing.state, "reason": standing.reason}).encode()]

    def _complete(self, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
        standing = self._keeper.standing
        if standing.state != "ready":
            message = f"The model is {standing.state}. {standing.reason}".strip()
            raise _RefusedRequestError("503 Service Unavailable", message, retry_after=5)
        if not self._places.acquire(blocking=False):
            raise _RefusedRequestError(
                "429 Too Many Requests", "Too many wait already.", retry_after=5
            )
        try:
            passing = _Passing(self._http, standing, body)
        except httpx.HTTPError as error:
            self._places.release()
            raise _RefusedRequestError(
                "503 Service Unavailable", f"The engine broke off: {error}"
            ) from error
        except BaseException:
            self._places.release()
            raise
        start_response(passing.status, [("Content-Type", passing.kind)])
        return _Closing(passing.pieces(), lambda: self._end(passing))

    def _end(self, passing: "_Passing") -> None:
        passing.close()
        self._places.release()


class _Passing:
    """A request on its way through the engine."""

    def __init__(self, http: httpx.Client, standing: Standing, body: bytes) -> None:
        headers = {
            "Authorization": f"Bearer {standing.key.get_secret_value()}",
            "Content-Type": "application/json",
        }
        url = f"{standing.origin}{COMPLETIONS}"
        asked = http.build_request("POST", url, content=body, headers=headers)
        self._response = http.send(asked, stream=True)

    @property
    def status(self) -> str:
        return f"{self._response.status_code} {self._response.reason_phrase or 'Answer'}"

    @property
    def kind(self) -> str:
        kind: str = self._response.headers.get("Content-Type", "application/json")
        return kind

    def pieces(self) -> Iterator[bytes]:
        yield from self._response.iter_raw()

    def close(self) -> None:
        """Hang up on the engine, which then stops working on it."""
        self._response.close()


class _Closing:
    """An iterable that gunicorn closes, whether it was read to its end or not."""

    def __init__(self, pieces: Iterator[bytes], end: Callable[[], None]) -> None:
        self._pieces = pieces
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._end()


def _authorize(environ: Environ, action: Action) -> None:
    try:
        role = peer_role(environ["gunicorn.socket"].getpeercert())
    except CertificateError as error:
        raise _RefusedRequestError("403 Forbidden", str(error)) from error
    if not may(role, action):
        raise _RefusedRequestError("403 Forbidden", f"The role {role.value} may not ask for this.")


def _body(environ: Environ) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if not 0 < length <= BODY_BYTES:
        raise _RefusedRequestError(
            "413 Content Too Large", f"A request needs 1 to {BODY_BYTES} bytes."
        )
    body: bytes = environ["wsgi.input"].read(length)
    return body
