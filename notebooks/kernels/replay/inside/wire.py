"""Lines in and out: over two pipes, or over one socket, where an order may bring a descriptor."""

import json
import os
import socket
from typing import Any

_CHUNK = 256 * 1024


class Wire:
    """The descriptors of a dialogue; nothing is read ahead of a line that was not sent yet."""

    def __init__(self, orders: int, answers: int) -> None:
        self._orders, self._answers = orders, answers
        self._socket: socket.socket | None = None
        if orders == answers:
            self._socket = socket.socket(fileno=orders)
        self._rest = b""
        self._taken: int | None = None

    def read(self) -> bytes | None:
        """Return the next line, or None when the other side has hung up."""
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            chunk = self._receive()
            if not chunk:
                return None
            parts.append(chunk)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def say(self, answer: dict[str, Any]) -> None:
        """Send a line."""
        left = memoryview(json.dumps(answer).encode("utf-8") + b"\n")
        while left:
            left = left[os.write(self._answers, left) :]

    def take(self) -> int | None:
        """Return the descriptor that came with the last order; it is then the caller's."""
        taken, self._taken = self._taken, None
        return taken

    def move_to(self, other: int) -> None:
        """Go on over another socket; what was read ahead is forgotten."""
        if self._socket is not None:
            self._socket.close()
        self._socket = socket.socket(fileno=other)
        self._orders = self._answers = other
        self._rest = b""

    def _receive(self) -> bytes:
        if self._socket is None:
            return os.read(self._orders, _CHUNK)
        chunk, descriptors, _, _ = socket.recv_fds(self._socket, _CHUNK, 1)
        for descriptor in descriptors:
            if self._taken is not None:
                os.close(self._taken)
            self._taken = descriptor
        return chunk
