"""The object store on a local file system."""

import contextlib
import errno
import hashlib
import hmac
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, BinaryIO

from notebooks.errors import NotFoundError, ObjectExistsError
from notebooks.objects.store import ObjectInfo, check_key

URL_PATH = "/objects"
"""Where the tool serves presigned objects."""

_MARK = "~"
"""Ends the file name of every object; no key holds it, so `a` and `a/b` can both exist."""


class FileSystemStore:
    """Objects as files under one folder; fulfils `notebooks.objects.ObjectStore`.

    Objects appear by a link or rename of a complete, synced file. Writers may be many processes;
    the folder has to be on one file system that knows hard links.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._staging = root / ".staging"
        self._secret: bytes | None = None

    def put(self, key: str, stream: BinaryIO, *, if_absent: bool = False) -> ObjectInfo:
        """Store an object, durably, before returning. Raises ObjectExistsError, InvalidKeyError."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._staged() as (name, staged):
            shutil.copyfileobj(stream, staged, 1024 * 1024)
            staged.flush()
            os.fsync(staged.fileno())
            if if_absent:
                try:
                    os.link(name, path)
                except FileExistsError:
                    raise ObjectExistsError(f"There is an object {key} already.") from None
            else:
                name.replace(path)
        _sync_folder(path.parent)
        return self.head(key)

    def get(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Open an object for reading. Raises NotFoundError, InvalidKeyError."""
        try:
            return self._path(key).open("rb")
        except OSError as error:
            raise _missing(key, error) from None

    def head(self, key: str) -> ObjectInfo:
        """Describe an object. Raises NotFoundError, InvalidKeyError."""
        try:
            found = self._path(key).stat()
        except OSError as error:
            raise _missing(key, error) from None
        return ObjectInfo(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def delete(self, key: str) -> None:
        """Remove an object if it exists. Raises InvalidKeyError."""
        self._path(key).unlink(missing_ok=True)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Describe the objects under a prefix, in the order of their keys."""
        start = self._root
        for part in prefix.split("/")[:-1]:
            start /= check_key(part)
        keys = [
            str(path.relative_to(self._root))[: -len(_MARK)]
            for path in start.rglob(f"*{_MARK}")
            if self._staging not in path.parents
        ]
        for key in sorted(keys):
            if key.startswith(prefix):
                with contextlib.suppress(NotFoundError):
                    yield self.head(key)

    def presign(self, key: str, *, expires_seconds: int) -> str:
        """Return the path `/objects/KEY?expires=…&signature=…` on the tool's own host."""
        expires = int(time.time()) + expires_seconds
        signature = self._sign(check_key(key), expires)
        return f"{URL_PATH}/{key}?expires={expires}&signature={signature}"

    def verify(self, key: str, *, expires: int, signature: str) -> bool:
        """Return whether `presign` made these for this key, and they are still good."""
        expected = self._sign(check_key(key), expires)
        genuine = hmac.compare_digest(expected.encode(), signature.encode())
        return genuine and time.time() < expires

    def _path(self, key: str) -> Path:
        return self._root / f"{check_key(key)}{_MARK}"

    def _sign(self, key: str, expires: int) -> str:
        message = f"{expires}\n{key}".encode()
        return hmac.new(self._signing_key(), message, hashlib.sha256).hexdigest()

    def _signing_key(self) -> bytes:
        """Return the store's own secret, made by whichever process comes first."""
        if self._secret is None:
            path = self._root / ".signing-key"
            if not path.exists():
                with self._staged() as (name, staged):
                    staged.write(secrets.token_bytes(32))
                    staged.flush()
                    os.fsync(staged.fileno())
                    with contextlib.suppress(FileExistsError):
                        os.link(name, path)
            self._secret = path.read_bytes()
        return self._secret

    @contextlib.contextmanager
    def _staged(self) -> Iterator[tuple[Path, IO[bytes]]]:
        """Yield a file that only its owner may read, and forget its name at the end."""
        self._staging.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self._staging, delete=False) as staged:
            name = Path(staged.name)
            try:
                yield name, staged.file
            finally:
                name.unlink(missing_ok=True)


def _missing(key: str, error: OSError) -> Exception:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR):
        return NotFoundError(f"There is no object {key}.")
    return error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
