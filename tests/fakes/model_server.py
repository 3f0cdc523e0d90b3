"""A server of the OpenAI dialect that says what a test wrote down, and fails as it wrote down."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

_REASONS = {200: "OK", 400: "Bad Request", 429: "Too Many", 503: "Unavailable"}


@dataclass(frozen=True)
class Turn:
    """What is answered to one request."""

    pieces: Sequence[str] = ("Which rows ", "does the median ", "look at?")
    status: int = 200
    body: bytes | None = None
    """Sent as it is, in place of a completion."""
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0
    """Seconds before each piece."""
    dies_after: int | None = None
    """Close the connection after so many pieces."""
    endless: bool = False
    noise: bytes = b""
    """Sent before the first event: comments, empty lines, half an event."""


@dataclass
class ModelServer:
    """Answers one turn after the other, and the last one for ever."""

    origin: str = ""
    turns: deque[Turn] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """A client went away before the end."""

    def say(self, *turns: Turn) -> None:
        self.turns = deque(turns)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await self._read(reader)
            self.asked.append(asked)
            turn = self.turns.popleft() if len(self.turns) > 1 else (self.turns or [Turn()])[0]
            await self._answer(turn, writer, stream=bool(asked.get("stream")))
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up.set()
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.partition(":")[2])
            for line in head.split("\r\n")
            if line.lower().startswith("content-length")
        )
        body: dict[str, Any] = json.loads(await reader.readexactly(length))
        return body

    async def _answer(self, turn: Turn, writer: asyncio.StreamWriter, *, stream: bool) -> None:
        kind = "text/event-stream" if stream and turn.status == 200 else "application/json"
        headers = {"Content-Type": kind, "Connection": "close", **turn.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {turn.status} {_REASONS[turn.status]}\r\n{lines}\r\n".encode())
        if turn.body is not None:
            writer.write(turn.body)
        elif stream:
            await self._stream(turn, writer)
        else:
            await asyncio.sleep(turn.pause)
            writer.write(json.dumps(_whole("".join(turn.pieces))).encode())
        await writer.drain()

    async def _stream(self, turn: Turn, writer: asyncio.StreamWriter) -> None:
        writer.write(turn.noise)
        sent = 0
        while turn.endless or sent < len(turn.pieces):
            if turn.dies_after is not None and sent >= turn.dies_after:
                return
            await asyncio.sleep(turn.pause)
            _event(
                writer, {"choices": [{"delta": {"content": turn.pieces[sent % len(turn.pieces)]}}]}
            )
            await writer.drain()
            sent += 1
        _event(writer, {"choices": [{"delta": {}, "finish_reason": "stop"}]})
        _event(writer, {"choices": [], "usage": _USAGE})
        writer.write(b"data: [DONE]\n\n")


_USAGE = {
    "prompt_tokens": 40,
    "completion_tokens": 9,
    "prompt_tokens_details": {"cached_tokens": 32},
}


def _whole(text: str) -> dict[str, Any]:
    return {
        "choices": [{"message": {"content": text}, "finish_reason": "stop"}],
        "usage": _USAGE,
    }


def _event(writer: asyncio.StreamWriter, event: dict[str, Any]) -> None:
    writer.write(f"data: {json.dumps(event)}\n\n".encode())


@asynccontextmanager
async def serving() -> AsyncIterator[ModelServer]:
    """Serve on loopback until the block is left."""
    server = ModelServer()
    listening = await asyncio.start_server(server._serve, "127.0.0.1", 0)
    server.origin = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
