"""Reads a file that the cells have written; runs inside the sandbox. What comes out is a claim."""

import os
import stat

_start = ""


def begin() -> None:
    """Note where the notebook runs: names of files mean from there, wherever a cell goes."""
    global _start  # noqa: PLW0603 - one process is one notebook
    _start = os.getcwd()  # noqa: PTH109 - a text is enough


def read(name: str, most: int) -> bytes:
    """Return what a file holds.

    Raises:
        OSError: there is no such file, or it is no plain one, which could keep a reader waiting.
        OverflowError: it holds more than `most` bytes.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(os.path.join(_start, name), flags)  # noqa: PTH118 - as above
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("this is no plain file")
        with open(descriptor, "rb", closefd=False) as stream:
            content = stream.read(most + 1)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise OverflowError("the file is too large")
    return content
