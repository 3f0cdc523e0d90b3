"""Our end of the sockets that connect a container: its lifeline, its error stream, its dialogue.

They lie in a folder that only this container sees, read-only and never its own, and are gone as
soon as it has connected: no data of a container passes through the engine, which would buffer it
and copy it at the host's cost.

The lifeline ends inside when we close it or die; what waits for that ends the container. It ends
here when the container's first process is gone. Before that a line tells how the program ended.
"""

import asyncio
import shutil
import socket
import struct
from functools import partial
from pathlib import Path

from notebooks.kernels.sandboxes.base import PIPE_BYTES, passwd

_CREDENTIALS = struct.Struct("3i")
_OTHERS_MAY_CONNECT = 0o666


class Connection:
    """Both directions of a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def hang_up(self) -> None:
        """Tell the other side that nothing more comes; safe to call twice."""
        if not self.writer.is_closing() and self.writer.can_write_eof():
            self.writer.write_eof()


class Entry:
    """The folder of one container's sockets, and its /etc/passwd."""

    def __init__(self, folder: Path, uid: int, *, piped: bool) -> None:
        self.folder = folder
        self.uid = uid
        names = ("lifeline", "words", *(("dialogue",) if piped else ()))
        loop = asyncio.get_running_loop()
        self._wanted = {name: loop.create_future() for name in names}
        self._servers: list[asyncio.Server] = []

    @property
    def passwd(self) -> Path:
        """Return the file that becomes /etc/passwd inside."""
        return self.folder / "passwd"

    async def open(self) -> None:
        """Make the folder and listen."""
        self.folder.mkdir(mode=0o711, parents=True)
        self.passwd.write_text(passwd(self.uid), encoding="ascii")
        self.passwd.chmod(0o444)
        for name in self._wanted:
            accept = partial(self._accept, name)
            path = self.folder / name
            server = await asyncio.start_unix_server(accept, path, limit=PIPE_BYTES)
            self._servers.append(server)
            path.chmod(_OTHERS_MAY_CONNECT)

    async def connected(self) -> dict[str, Connection]:
        """Wait until the container has connected, and return its connections by name."""
        await asyncio.wait(self._wanted.values())
        for server in self._servers:
            server.close()
        return {name: future.result() for name, future in self._wanted.items()}

    def close(self) -> None:
        """Stop to listen, drop what has connected, and remove the folder."""
        for server in self._servers:
            server.close()
        for future in self._wanted.values():
            if future.done() and not future.cancelled():
                future.result().writer.close()
            future.cancel()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        place = self._wanted[name]
        if place.done() or _user(writer) != self.uid:
            writer.close()
        else:
            place.set_result(Connection(reader, writer))


def _user(writer: asyncio.StreamWriter) -> int:
    """Return the user id of the process on the other side, as the kernel vouches for it."""
    peer = writer.get_extra_info("socket")
    found = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(found)[1]
    return uid
