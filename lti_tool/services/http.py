"""HTTP to platforms: bounded in time and size, no redirects, a User-Agent always."""

import math
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

import httpx

from lti_tool.services.errors import PlatformUnreachableError

USER_AGENT = "Casebook/0.1 (LTI 1.3 tool)"
"""Canvas and some Moodle hosts answer 403 without one."""
SIZE_LIMIT_BYTES = 1024 * 1024
RETRY_AFTER_LIMIT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A platform's whole answer."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def ok(self) -> bool:
        """Tell whether the status is 2xx."""
        return httpx.codes.is_success(self.status)

    @property
    def busy(self) -> bool:
        """Tell whether the same request may well succeed later."""
        early = self.status in {408, 425}
        return early or self.throttled or httpx.codes.is_server_error(self.status)

    @property
    def throttled(self) -> bool:
        """Tell whether the platform asks for fewer requests of any kind.

        Canvas does so with a 403 once nothing is left of the quota.
        """
        if self.status == httpx.codes.FORBIDDEN:
            return self.quota_left is not None and self.quota_left <= 0
        return self.status == httpx.codes.TOO_MANY_REQUESTS

    @property
    def quota_left(self) -> float | None:
        """Return what `X-Rate-Limit-Remaining` tells; None without."""
        try:
            return float(self.headers.get("X-Rate-Limit-Remaining", ""))
        except ValueError:
            return None

    @property
    def retry_after_seconds(self) -> float | None:
        """Return what `Retry-After` asks for (RFC 9110, §10.2.3), at most an hour; None without."""
        value = self.headers.get("Retry-After", "").strip()
        if not value:
            return None
        try:
            seconds = (
                float(value)
                if value.isascii() and value.isdigit()
                else (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
            )
        except (ValueError, TypeError, OverflowError):
            return None
        return min(max(seconds, 0.0), RETRY_AFTER_LIMIT_SECONDS)


class PlatformHttp:
    """One pool of connections to platforms; safe to share between threads.

    Platforms are named by operators and by signed messages, so no address is refused here; but a
    redirect is not followed, for it could carry a bearer token elsewhere.
    """

    def __init__(
        self, *, timeout_seconds: float = 10, size_limit_bytes: int = SIZE_LIMIT_BYTES
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._total_seconds = 2 * timeout_seconds
        self._size_limit = size_limit_bytes
        self._client = httpx.Client(
            timeout=timeout_seconds,
            headers={"User-Agent": USER_AGENT},
            follow_redirects=False,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=10),
        )
        weakref.finalize(self, self._client.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def send(  # noqa: PLR0913 - one keyword for each part of a request
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        deadline: float = math.inf,
    ) -> Answer:
        """Send one request and read the whole answer, whatever its status.

        `deadline`: when to have the answer at the latest, on the monotonic clock. Raises
        PlatformUnreachableError where there is no answer, or it takes longer than that or than
        twice the time-out, or is larger than the limit. Messages name the host only: a path or
        query may hold ids.
        """
        started = time.monotonic()
        end = min(deadline, started + self._total_seconds)
        if end <= started:
            raise PlatformUnreachableError(f"There was no time left to ask {_host(url)}")
        timeout = min(self._timeout_seconds, end - started)
        try:
            with self._client.stream(
                method, url, headers=headers, content=content, data=form, timeout=timeout
            ) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > self._size_limit:
                        raise PlatformUnreachableError(
                            f"{_host(url)} answered with more than {self._size_limit} bytes"
                        )
                    if time.monotonic() > end:
                        raise PlatformUnreachableError(
                            f"{_host(url)} took more than {end - started:.0f} s to answer"
                        )
                return Answer(
                    status=response.status_code, headers=response.headers, body=bytes(body)
                )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise PlatformUnreachableError(
                f"{_host(url)} could not be reached ({type(error).__name__})"
            ) from error


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host or "The platform"
    except httpx.InvalidURL:
        return "The platform"
