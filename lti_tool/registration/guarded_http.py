"""HTTP to a platform that nobody has approved yet: the request's sender chose where it goes.

Names are resolved once and the connection goes to the address that was judged; no redirect is
followed; time and size are bounded.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from config.settings import Settings
from lti_tool.registration.errors import PlatformAnswerError
from lti_tool.services.http import USER_AGENT
from notebooks.downloads.addresses import is_public
from notebooks.downloads.connections import GuardedBackend, OutOfTimeError, remaining
from notebooks.downloads.errors import DownloadError

SIZE_LIMIT_BYTES = 256 * 1024
EXCERPT = 300
"""Letters of a refusal that are passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedHttp:
    """Sends JSON and reads JSON; holds no connection between requests."""

    is_allowed: Callable[[str], bool]
    """Whether an IP address may be connected to."""
    seconds: float = 10.0
    """Wall time of one request."""

    def get(self, url: str, *, token: str | None) -> Any:  # noqa: ANN401 - JSON, to be parsed
        """Return the JSON at an address. Raises PlatformAnswerError."""
        return self._send("GET", url, token, None)

    def post(self, url: str, body: Mapping[str, object], *, token: str | None) -> Any:  # noqa: ANN401
        """Post JSON and return the JSON of the answer. Raises PlatformAnswerError."""
        return self._send("POST", url, token, json.dumps(body).encode())

    def _send(self, method: str, url: str, token: str | None, content: bytes | None) -> Any:  # noqa: ANN401
        target = httpx.URL(url)
        request = httpcore.Request(
            method,
            httpcore.URL(
                scheme=target.raw_scheme,
                host=target.raw_host,
                port=target.port,
                target=target.raw_path,
            ),
            headers=_headers(target, token, content),
            content=content,
            extensions={
                "timeout": dict.fromkeys(("connect", "read", "write", "pool"), self.seconds)
            },
        )
        try:
            status, body = self._exchange(request)
        except DownloadError as error:
            raise PlatformAnswerError(f"{target.host} is not asked: {error}") from error
        except (OutOfTimeError, httpcore.TimeoutException) as error:
            raise PlatformAnswerError(
                f"{target.host} did not answer within {self.seconds:g} s."
            ) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise PlatformAnswerError(f"{target.host} cannot be reached: {error}.") from error
        if httpx.codes.is_redirect(status):
            raise PlatformAnswerError(f"{target.host} answered with a redirect, which is refused.")
        if not httpx.codes.is_success(status):
            excerpt = _excerpt(body, token)
            raise PlatformAnswerError(f"{target.host} answered {status}. {excerpt}".strip())
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise PlatformAnswerError(f"{target.host} answered with no JSON.") from error

    def _exchange(self, request: httpcore.Request) -> tuple[int, bytes]:
        deadline = time.monotonic() + self.seconds
        backend = GuardedBackend(is_allowed=self.is_allowed, deadline=deadline)
        context = httpx.create_ssl_context() if request.url.scheme == b"https" else None
        with httpcore.ConnectionPool(ssl_context=context, network_backend=backend) as pool:
            response = pool.handle_request(request)
            body = bytearray()
            try:
                for chunk in response.iter_stream():
                    body += chunk
                    remaining(deadline, None)
                    if len(body) > SIZE_LIMIT_BYTES:
                        host = request.url.host.decode("ascii")
                        raise PlatformAnswerError(
                            f"{host} answered with more than {SIZE_LIMIT_BYTES} bytes."
                        )
            finally:
                response.close()
            return response.status, bytes(body)


def _headers(
    target: httpx.URL, token: str | None, content: bytes | None
) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"Host", target.netloc),
        (b"User-Agent", USER_AGENT.encode()),
        (b"Accept", b"application/json"),
        (b"Accept-Encoding", b"identity"),
        (b"Connection", b"close"),
    ]
    if token is not None:
        headers.append((b"Authorization", f"Bearer {token}".encode("ascii")))
    if content is not None:
        headers.append((b"Content-Type", b"application/json"))
        headers.append((b"Content-Length", str(len(content)).encode()))
    return headers


def _excerpt(body: bytes, token: str | None) -> str:
    """Return the beginning of a refusal, printable and without our token, should it quote that."""
    text = body.decode("utf-8", "replace")
    text = text if token is None else text.replace(token, "…")
    return "".join(letter if letter.isprintable() else " " for letter in text[:EXCERPT])


def address_rule(settings: Settings) -> Callable[[str], bool]:
    """Return where platforms may be: the internet; this machine, too, in a demo; or anywhere."""

    def is_allowed(address: str) -> bool:
        if settings.registration_private_addresses or is_public(address):
            return True
        return settings.demo and ip_address(address.partition("%")[0]).is_loopback

    return is_allowed
