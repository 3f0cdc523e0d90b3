"""What an object store does, whoever keeps the bytes."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from notebooks.errors import InvalidKeyError

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
_MAX_KEY = 900


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object without its bytes."""

    key: str
    size: int
    """Bytes."""
    modified_at: datetime


class ObjectStore(Protocol):
    """Bytes under keys such as `cases/abc.zip`.

    A key is a relative path of plain names (see `check_key`); any other raises InvalidKeyError.
    An object is written whole or not at all, and readers see the old or the new one, never a mix.
    """

    def put(self, key: str, stream: BinaryIO, *, if_absent: bool = False) -> ObjectInfo:
        """Store what `stream` holds from its present place on, and return its description.

        With `if_absent` an existing object stays and ObjectExistsError is raised; of two such
        writers at once exactly one succeeds.
        """
        ...

    def get(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Open an object for reading. Raises NotFoundError on entering or at once."""
        ...

    def head(self, key: str) -> ObjectInfo:
        """Describe an object. Raises NotFoundError."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that does not exist is no error."""
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Describe every object whose key begins with `prefix`, in the order of the keys."""
        ...

    def presign(self, key: str, *, expires_seconds: int) -> str:
        """Return a URL, or a path on the tool's own host, that reads the object for a while.

        It needs no other proof, and is signed even for an object that does not exist.
        """
        ...


def check_key(key: str) -> str:
    """Return `key` if it is a plain relative path. Raises InvalidKeyError.

    Parts consist of letters, digits, `.`, `_` and `-`, and do not begin with a dot or a dash.
    """
    if len(key) > _MAX_KEY or not all(_PART.fullmatch(part) for part in key.split("/")):
        raise InvalidKeyError(f"{key[:100]!r} is no object key: use plain names joined by /.")
    return key
