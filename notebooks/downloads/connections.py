"""Connections of a download: to an address that was looked at, and none longer than its deadline.

The name is resolved here and the connection goes to the address that was judged, so that no second
answer of a name server comes in between. Every redirect passes through here, too.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from notebooks.downloads.errors import DownloadError


class GuardedBackend(httpcore.NetworkBackend):
    """Opens the TCP connections of one download."""

    def __init__(self, *, is_allowed: Callable[[str], bool], deadline: float) -> None:
        """Connect to addresses that `is_allowed`, until `deadline`, a monotonic time."""
        self._is_allowed = is_allowed
        self._deadline = deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first allowed address of `host` that answers. Raises DownloadError."""
        addresses = _resolve(host, port)
        allowed = [one for one in addresses if self._is_allowed(one)]
        if not allowed:
            raise DownloadError(
                f"{host} is at {addresses[0]}, which is no public address; this Casebook fetches "
                "from the public internet only."
            )
        failure: Exception | None = None
        for address in allowed:
            try:
                stream = self._inner.connect_tcp(
                    address,
                    port,
                    remaining(self._deadline, timeout),
                    local_address,
                    socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure or httpcore.ConnectError(f"{host} has no address")


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline at the latest."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, remaining(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, remaining(self._deadline, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(
            ssl_context, server_hostname, remaining(self._deadline, timeout)
        )
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's interface
        return self._inner.get_extra_info(info)


class OutOfTimeError(Exception):
    """The deadline of a download has passed."""


def remaining(deadline: float, timeout: float | None) -> float:
    """Return the seconds until the deadline, or `timeout` if less. Raises OutOfTimeError at 0."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise OutOfTimeError
    return left if timeout is None else min(left, timeout)


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DownloadError(f"there is no host {host}.") from error
    addresses = [str(address[0]) for *_, address in found]
    if not addresses:
        raise DownloadError(f"there is no host {host}.")
    return addresses
