"""Run inside a replay: looks for numbers in its own memory, and in the words of every process.

HALVED is put before it: names, each with the beginning and the end of what is looked for.
"""

import contextlib
import ctypes
import pathlib
from collections.abc import Iterator

_CHUNK = 16 * 1024 * 1024
_WORDS = ("cmdline", "environ", "comm")

_halved = HALVED  # type: ignore[name-defined] # noqa: F821 - put before this


def regions() -> Iterator[tuple[int, int]]:
    """Yield the start and end of what can be read and written and is no file's."""
    for line in pathlib.Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        span, rights, _, _, inode = line.split()[:5]
        if rights.startswith("rw") and inode == "0":
            low, high = span.split("-")
            yield int(low, 16), int(high, 16)


def held() -> Iterator[bytes]:
    """Yield everything that this process can see, in parts."""
    for low, high in regions():
        for start in range(low, high, _CHUNK):
            yield ctypes.string_at(start, min(_CHUNK, high - start))
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        for name in _WORDS:
            with contextlib.suppress(OSError):
                yield (place / name).read_bytes()


def search() -> list[str]:
    """Return the names of what is found."""
    found: set[str] = set()
    for part in held():
        found |= {name for name, first, last in _halved if stands(part, first, last)}
    return sorted(found)


def stands(part: bytes, first: bytes, last: bytes) -> bool:
    """Tell whether what is looked for stands there, without putting it together."""
    place = part.find(first)
    while place >= 0:
        end = place + len(first)
        if part[end : end + len(last)] == last:
            return True
        place = part.find(first, place + 1)
    return False
