"""Raster pictures of a cell: what they say they are, and no larger than a browser can bear.

A picture is small in bytes and huge in pixels as easily as not, so its header is read.
"""

import base64
import binascii
import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_IMAGE = 1_500_000
"""Characters of one picture: about 1 MB in base64."""

MAX_SIDE = 10_000
MAX_PIXELS = 24_000_000
"""Pixels of one picture: 96 MB when it is decoded."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_JPEG_MARK = 0xFF
_GIF = (b"GIF87a", b"GIF89a")
_JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = {0x00, 0x01, *range(0xD0, 0xD9)}
_JPEG_END = 0xD9


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The size of a picture that is refused, in pixels."""

    width: int
    height: int


def clean_raster(kind: str, content: str) -> str | TooLarge | None:
    """Return a PNG, JPEG or GIF in base64; None if it is none, its size if that is too large."""
    try:
        raw = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    size = _size_of(kind, raw)
    if size is None:
        return None
    width, height = size
    if width < 1 or height < 1:
        return None
    if max(size) > MAX_SIDE or width * height > MAX_PIXELS:
        return TooLarge(width, height)
    return base64.b64encode(raw).decode()


def _size_of(kind: str, raw: bytes) -> tuple[int, int] | None:
    """Return width and height as the header says, None if the data is not of this kind."""
    try:
        if kind == "image/png" and raw.startswith(_PNG) and raw[12:16] == b"IHDR":
            width, height = struct.unpack(">II", raw[16:24])
            return width, height
        if kind == "image/gif" and raw.startswith(_GIF):
            width, height = struct.unpack("<HH", raw[6:10])
            return width, height
    except struct.error:
        return None
    if kind == "image/jpeg" and raw.startswith(_JPEG):
        # A thumbnail, or a forged second header, must not speak for the picture: the largest does.
        return max(_jpeg_sizes(raw), key=lambda size: size[0] * size[1], default=None)
    return None


def _jpeg_sizes(raw: bytes) -> Iterator[tuple[int, int]]:
    at = 2
    while at + 4 <= len(raw):
        if raw[at] != _JPEG_MARK:
            at += 1  # inside of a scan
            continue
        marker = raw[at + 1]
        if marker == _JPEG_MARK:
            at += 1
            continue
        if marker in _JPEG_BARE:
            at += 2
            continue
        if marker in _JPEG_SIZES and at + 9 <= len(raw):
            height, width = struct.unpack(">HH", raw[at + 5 : at + 9])
            yield width, height
        if marker == _JPEG_END:
            return
        at += 2 + max(2, int.from_bytes(raw[at + 2 : at + 4], "big"))
