"""Messages between the host and what it started, over unix sockets that keep their bounds.

Both ends may bring more than bytes: ours passes descriptors on, and the system itself says which
process a message came from.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from notebooks.kernels.errors import SandboxError

_LINE_BYTES = 4096
_MAX_BYTES = 128 * 1024
_CREDENTIALS = struct.Struct("iII")


@dataclass(frozen=True, slots=True)
class Message:
    """What was said, and by which process as the host counts; nothing of it is to be believed."""

    payload: Mapping[str, object]
    process: int


class Channel:
    """One end of a socket of messages; used in one event loop."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        end.settimeout(0)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    @classmethod
    def pair(cls) -> tuple[Self, socket.socket]:
        """Return an end, and the other one, to be passed on."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), theirs

    async def send(
        self, payload: Mapping[str, object], sockets: Sequence[socket.socket] = ()
    ) -> None:
        """Send a message, and ends of sockets with it.

        Raises:
            SandboxError: Nobody listens any more.
        """
        data = json.dumps(payload).encode("utf-8")
        loop = asyncio.get_running_loop()
        while True:
            try:
                socket.send_fds(self._end, [data], [each.fileno() for each in sockets])
            except BlockingIOError:
                await _until(loop.add_writer, loop.remove_writer, self._end)
            except OSError as error:
                raise SandboxError(f"the grading server does not listen: {error}") from error
            else:
                return

    async def receive(self) -> Message | None:
        """Return the next message, or None when the other side is gone.

        Raises:
            SandboxError: It is none that an honest program sends.
        """
        loop = asyncio.get_running_loop()
        while True:
            try:
                # There is room for the sender's id, but for no descriptor: none is taken.
                data, extra, flags, _ = self._end.recvmsg(
                    _MAX_BYTES, socket.CMSG_SPACE(_CREDENTIALS.size)
                )
            except BlockingIOError:
                await _until(loop.add_reader, loop.remove_reader, self._end)
                continue
            except OSError:
                return None
            return _message(data, extra, flags) if data else None

    def close(self) -> None:
        """Hang up."""
        self._end.close()


async def first_sender(end: socket.socket) -> int:
    """Return which process sends the first line over a stream, and take that line away.

    Raises:
        SandboxError: Nobody does.
    """
    loop = asyncio.get_running_loop()
    line = b""
    senders: set[int] = set()
    while not line.endswith(b"\n"):
        try:
            data, extra, _, _ = end.recvmsg(_LINE_BYTES, socket.CMSG_SPACE(_CREDENTIALS.size))
        except BlockingIOError:
            await _until(loop.add_reader, loop.remove_reader, end)
            continue
        senders.update(_senders(extra))
        line += data
        if not data or len(line) > _LINE_BYTES or len(senders) != 1:
            raise SandboxError("a copy of a replay does not say who it is.")
    return senders.pop()


def _senders(extra: Sequence[tuple[int, int, bytes]]) -> list[int]:
    return [
        _CREDENTIALS.unpack(content[: _CREDENTIALS.size])[0]
        for level, kind, content in extra
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS)
    ]


def _message(data: bytes, extra: Sequence[tuple[int, int, bytes]], flags: int) -> Message:
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SandboxError("the grading server sent something that is no message.") from error
    senders = _senders(extra)
    if not isinstance(payload, dict) or flags & socket.MSG_TRUNC or not senders:
        raise SandboxError("the grading server sent something that is no message.")
    return Message(payload, senders[0])


async def _until(
    add: Callable[..., None], remove: Callable[[socket.socket], object], end: socket.socket
) -> None:
    """Wait until the loop says that the socket can be used."""
    ready = asyncio.get_running_loop().create_future()
    add(end, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        remove(end)
