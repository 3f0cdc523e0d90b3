"""Fetching one URL into an open file: streamed, bounded in bytes and time, its SHA-256 returned."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import httpcore
import httpx

from notebooks.downloads.addresses import is_public, parse_url
from notebooks.downloads.connections import GuardedBackend, OutOfTimeError, remaining
from notebooks.downloads.errors import DownloadError

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_HEADERS = [
    (b"User-Agent", b"Casebook/0.1 (case builder)"),
    (b"Accept", b"*/*"),
    (b"Accept-Encoding", b"identity"),  # the hash is of the file, not of its packing
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one download may take, and where it may go."""

    seconds: float = 1800
    """Wall time, redirects included."""
    stall_seconds: float = 10
    """How long the other side may say nothing."""
    private_addresses: bool = False
    """Whether it may go to this host and to private networks."""


def fetch(url: str, target: IO[bytes], *, max_bytes: int, rules: Rules) -> str:
    """Write what is at `url` to `target` and return the SHA-256 of it, in hexadecimal.

    Raises:
        DownloadError: There is no such file, it is too large, the other side fails, takes too
            long, or is out of bounds. `target` may hold a part then.
        OSError: `target` cannot be written.
    """
    deadline = time.monotonic() + rules.seconds
    backend = GuardedBackend(
        is_allowed=lambda address: rules.private_addresses or is_public(address), deadline=deadline
    )
    place = parse_url(url)
    with (
        _explained(rules, deadline),
        httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=backend
        ) as pool,
    ):
        for _ in range(MAX_REDIRECTS + 1):
            with _answer(pool, place, rules) as response:
                if response.status not in _REDIRECTS:
                    _require_ok(response, place)
                    return _save(response, target, max_bytes, deadline)
                place = _redirected(response, place)
    raise DownloadError(f"the address redirects more than {MAX_REDIRECTS} times.")


@contextmanager
def _answer(
    pool: httpcore.ConnectionPool, place: httpx.URL, rules: Rules
) -> Iterator[httpcore.Response]:
    url = httpcore.URL(
        scheme=place.raw_scheme, host=place.raw_host, port=place.port, target=place.raw_path
    )
    stall = rules.stall_seconds
    timeout = {"connect": stall, "read": stall, "write": stall, "pool": stall}
    headers = [(b"Host", place.netloc), (b"Connection", b"close"), *_HEADERS]
    with pool.stream("GET", url, headers=headers, extensions={"timeout": timeout}) as response:
        yield response


def _require_ok(response: httpcore.Response, place: httpx.URL) -> None:
    if response.status != _OK:
        raise DownloadError(f"{place.host} answers {response.status}; is the address right?")


def _redirected(response: httpcore.Response, place: httpx.URL) -> httpx.URL:
    location = _header(response, b"location")
    if not location:
        raise DownloadError(f"{place.host} redirects to nowhere.")
    try:
        return parse_url(str(place.join(location)))
    except (DownloadError, httpx.InvalidURL, ValueError) as error:
        raise DownloadError(f"{place.host} redirects to {location[:200]!r}: {error}") from error


def _save(response: httpcore.Response, target: IO[bytes], max_bytes: int, deadline: float) -> str:
    declared = _header(response, b"content-length")
    if declared.isascii() and declared.isdigit() and int(declared) > max_bytes:
        raise DownloadError(_too_large(max_bytes))
    digest = hashlib.sha256()
    size = 0
    for chunk in response.iter_stream():
        size += len(chunk)
        if size > max_bytes:
            raise DownloadError(_too_large(max_bytes))
        remaining(deadline, None)
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _header(response: httpcore.Response, wanted: bytes) -> str:
    values = (value for name, value in response.headers if name.lower() == wanted)
    return next(values, b"").decode("latin-1").strip()


def _too_large(max_bytes: int) -> str:
    return f"the file is larger than the {max_bytes / 1024 / 1024:.0f} MiB that are left for data."


@contextmanager
def _explained(rules: Rules, deadline: float) -> Iterator[None]:
    """Put what the library raises into words."""
    try:
        yield
    except (OutOfTimeError, httpcore.TimeoutException) as error:
        if time.monotonic() >= deadline:
            raise DownloadError(f"it took more than {rules.seconds:g} s.") from error
        stall = f"{rules.stall_seconds:g} s"
        raise DownloadError(f"the other side said nothing for {stall}.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise DownloadError(f"the connection failed or broke off: {error}.") from error
