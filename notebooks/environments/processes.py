"""Running a program of a build: its output read line by line, its whole group ended with it."""

import asyncio
import os
import resource
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

MAX_OUTPUT = 1024 * 1024
"""Bytes of a program's output that are kept; what follows is read and dropped."""


async def run(
    argv: list[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    log: Callable[[str], None] | None = None,
    address_space: int | None = None,
) -> tuple[int, str]:
    """Run a program in `folder` with these variables and no others; return its code and output.

    Each line goes to `log` as it comes. `address_space` bounds, in bytes, every process of it.
    Whoever cancels this ends the program with everything that it started.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=dict(environment),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        if address_space is not None:
            with suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_AS, (address_space, address_space))
        output = await _read(process, log)
        return await process.wait(), output
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise


async def _read(process: asyncio.subprocess.Process, log: Callable[[str], None] | None) -> str:
    kept = bytearray()
    if process.stdout is None:
        raise ValueError("the process was started without a pipe")
    rest = b""
    while chunk := await process.stdout.read(64 * 1024):
        room = MAX_OUTPUT - len(kept)
        kept += chunk[:room]
        *lines, rest = (rest + chunk[:room]).split(b"\n")
        _tell(lines, log)
    _tell([rest], log)
    return kept.decode(errors="replace")


def _tell(lines: list[bytes], log: Callable[[str], None] | None) -> None:
    for line in lines:
        text = line.decode(errors="replace").rstrip()
        if log is not None and text:
            log(text)
