"""HTTP for platforms on loopback, with everything that may go wrong on the way."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit


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
    through: bool = False
    """Answer after the delay as if nothing were wrong."""
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
    headers: Mapping[str, str] = field(default_factory=dict)


class Served(Protocol):
    """What answers requests."""

    origin: str
    seen: list[Seen]

    def answer(self, seen: Seen) -> Reply: ...

    def fault_for(self, seen: Seen) -> Fault | None: ...


Kind = TypeVar("Kind", bound=Served)


class _Handler(BaseHTTPRequestHandler):
    platform: Served
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, parts.path, parts.query, dict(self.headers), body)
        self.platform.seen.append(seen)
        fault = self.platform.fault_for(seen)
        if fault is None:
            self._reply(self.platform.answer(seen))
            return
        if fault.after_write:
            self.platform.answer(seen)
        time.sleep(fault.delay_seconds)
        if fault.through:
            self._reply(self.platform.answer(seen))
        elif fault.drop:
            self.close_connection = True
            self.connection.close()
        else:
            self._reply(Reply(fault.status, fault.body, headers=fault.headers))

    do_GET = do_POST = do_PUT = _handle  # noqa: N815 - the names that http.server looks for

    def _reply(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            # As bytes in UTF-8, which is how platforms send quotes that are no ASCII.
            self.send_header(name, value.encode().decode("latin-1"))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Keep quiet."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Connections that a test lets drop are no news."""


@contextmanager
def serve(platform: Kind) -> Iterator[Kind]:
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
