"""Requests on a kernel's control channel: answered by a thread of its own, beside a running cell.

The answers are claims. None is waited for longer than its time, and one that comes late is taken
for nothing else: each reply names its request.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.session import Session

Content = Mapping[str, Any]
NOTHING: Content = {}


class ControlChannel:
    """A socket of our own; the kernel manager's takes no answers."""

    def __init__(self, client: AsyncKernelClient) -> None:
        # An identity of its own, or the kernel would not tell it from the client's other sockets.
        self._socket: Any = client.connect_control()
        self._session = client.session
        self._lock = asyncio.Lock()

    async def ask(self, kind: str, content: Content, seconds: float) -> Content:
        """Send a request and return the content of its reply; nothing if none comes in time."""
        try:
            async with asyncio.timeout(seconds), self._lock:
                return await exchange(self._session, self._socket, kind, content)
        except TimeoutError:
            return NOTHING

    def close(self) -> None:
        """Close the socket."""
        self._socket.close(linger=0)


async def exchange(
    session: Session, socket: zmq.asyncio.Socket, kind: str, content: Content
) -> Content:
    """Send a request, skip whatever does not belong to it, and return its reply's content.

    Waits for ever: the caller has the clock. Nobody else may read from the socket meanwhile.
    """
    message = session.msg(kind, dict(content))
    # Not `session.send`: that would wait, and all kernels with it, for one that reads nothing.
    await socket.send_multipart(session.serialize(message))
    while True:
        reply = _read(session, await socket.recv_multipart())
        if reply is not None and reply[0] == message["header"]["msg_id"]:
            return reply[1]


def _read(session: Session, parts: list[bytes]) -> tuple[object, Content] | None:
    """Return which request a message answers, and its content; None if it is no message."""
    try:
        _, frames = session.feed_identities(parts)
        message = session.deserialize(frames)
        parent, content = message["parent_header"], message["content"]
    except Exception:  # noqa: BLE001 - a kernel may send anything, and what that raises is no contract
        return None
    if not isinstance(parent, Mapping) or not isinstance(content, Mapping):
        return None
    return parent.get("msg_id"), content
