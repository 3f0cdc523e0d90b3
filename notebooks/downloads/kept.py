"""The files that were fetched, each under its SHA-256: none is fetched twice."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notebooks.downloads.errors import DownloadError
from notebooks.downloads.fetch import Rules, fetch

_LOCK_POLL_SECONDS = 0.1


class KeptDownloads:
    """Fetched files below one folder, which several processes may share."""

    def __init__(self, root: Path, rules: Rules) -> None:
        self._root = root
        self._rules = rules

    def get(self, url: str, sha256: str, *, max_bytes: int) -> Path:
        """Return the file with this hash (lower-case hexadecimal), fetched from `url` if need be.

        It is read-only and complete; two that ask at once have it fetched once.

        Raises:
            DownloadError: It cannot be had, has another hash, or is larger than `max_bytes`.
        """
        path = self._root / sha256
        try:
            if not path.exists():
                with self._locked(sha256):
                    if not path.exists():
                        self._fetch(url, path, max_bytes)
            size = path.stat().st_size
        except OSError as error:
            raise DownloadError(f"the file cannot be stored here: {error.strerror}.") from error
        if size > max_bytes:
            left = f"{max_bytes / 1024 / 1024:.0f} MiB"
            raise DownloadError(f"the file is larger than the {left} that are left for data.")
        return path

    def _fetch(self, url: str, path: Path, max_bytes: int) -> None:
        with tempfile.NamedTemporaryFile(dir=self._root, prefix=".part-", delete=False) as part:
            try:
                found = fetch(url, part.file, max_bytes=max_bytes, rules=self._rules)
                if found != path.name:
                    raise DownloadError(
                        f"the file there has another SHA-256: {found}. It was changed, or the "
                        "hash is mistyped."
                    )
                part.flush()
                os.fsync(part.fileno())
                Path(part.name).chmod(0o444)
                Path(part.name).replace(path)
            finally:
                Path(part.name).unlink(missing_ok=True)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        locks = self._root / ".locks"
        locks.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + self._rules.seconds
        with (locks / name).open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise DownloadError("another build is still fetching it.") from None
                    time.sleep(_LOCK_POLL_SECONDS)
            yield
