"""Fetching one model file: resumed where it broke off, checked, and in place only when whole."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from llm.errors import LlmError

_STALL_SECONDS = 30
_SHA256 = 64
_SPARE = 256 * 1024 * 1024
"""Bytes that stay free on the disk."""

Progress = Callable[[int, int], None]
"""Told how many bytes are there, and how many there will be."""


class PullError(LlmError):
    """A model file cannot be fetched; the message says what to do."""


def pull(
    url: str, target: Path, *, sha256: str | None, progress: Progress = lambda _done, _of: None
) -> str:
    """Fetch a file to `target` and return its SHA-256; one that is there already is only checked.

    What has come stays beside it under `….part` and is gone on from the next time. Without `sha256`
    the hash that the server names is held to (Hugging Face does, as `X-Linked-ETag`): that finds
    broken files, but not a server that lies.

    Raises:
        PullError: it is not there, breaks off, does not fit on the disk, or is another file.
    """
    if target.exists():
        return _checked(target, sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with _explained(url):
        named = _fetch(url, part, progress)
    found = _hash(part)
    expected = sha256 or named
    if expected is not None and found != expected.lower():
        part.unlink()
        raise PullError(
            f"{url} is not the file that was expected: its SHA-256 is {found}, not {expected}. "
            "What came was thrown away."
        )
    part.replace(target)
    return found


def _checked(target: Path, sha256: str | None) -> str:
    found = _hash(target)
    if sha256 is not None and found != sha256.lower():
        raise PullError(
            f"{target} is there, but its SHA-256 is {found}, not {sha256}: "
            "remove it, and pull again."
        )
    return found


def _fetch(url: str, part: Path, progress: Progress) -> str | None:
    """Go on with a file; return the hash that the server names, if it does."""
    there = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity", "User-Agent": "Casebook/0.1"}
    if there:
        headers["Range"] = f"bytes={there}-"
    timeout = httpx.Timeout(_STALL_SECONDS)
    with (
        httpx.Client(timeout=timeout, follow_redirects=True) as http,
        http.stream("GET", url, headers=headers) as response,
    ):
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _named(response)  # it is whole, as its hash will tell
        response.raise_for_status()
        goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT
        done = there if goes_on else 0
        whole = done + int(response.headers.get("Content-Length", 0))
        _require_space(part, whole - done)
        with part.open("ab" if goes_on else "wb") as file:
            # As it comes: what is gathered into larger pieces is lost where a download breaks off.
            for piece in response.iter_raw():
                file.write(piece)
                done += len(piece)
                progress(done, whole)
        if done < whole:
            raise PullError(f"{url} broke off after {done} of {whole} bytes: pull again to go on.")
        return _named(response)


def _named(response: httpx.Response) -> str | None:
    for answer in (*response.history, response):
        tag = answer.headers.get("X-Linked-ETag", "").strip('"')
        if len(tag) == _SHA256:
            return str(tag)
    return None


def _require_space(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if needed + _SPARE > free:
        raise PullError(
            f"{part.parent} has {free / 1e9:.1f} GB free, and {needed / 1e9:.1f} GB are to come: "
            "make room, or name another folder with --to."
        )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _explained(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPStatusError as error:
        raise PullError(
            f"{url} is not there: the server answers {error.response.status_code}."
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise PullError(f"{url} broke off: {error}. Pull again to go on.") from error
