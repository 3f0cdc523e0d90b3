"""A model behind a server of the OpenAI dialect."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from secrets import SystemRandom

import httpx

from llm.client.answers import Piece, joined, read_answer, read_event, refusal
from llm.client.profiles import Profile
from llm.client.requests import body_of
from llm.errors import MalformedError, ModelError, TooSlowError, UnavailableError
from llm.model import Answer, Prompt

_PATH = "/v1/chat/completions"
_LINE_END = b"\n"
_RANDOM = SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much; all times in seconds."""

    connect: float = 5
    piece: float = 120
    """Until the first piece, and between two: a long prompt takes its time on a CPU."""
    whole: float = 300
    answer_bytes: int = 4 * 1024 * 1024
    tries: int = 3
    pause: float = 0.5
    """Before the second try; doubled before each further one."""
    longest_pause: float = 20
    """Whatever a server asks for by Retry-After."""


class ServerModel:
    """Asks a server; implements `llm.model.Model`.

    `http` carries the server's base URL, certificates and credentials, and is closed by its owner.
    A request is tried again only while nothing of its answer has come, and only where the server
    says that it cannot now or nothing listens.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        profile: Profile,
        *,
        model: str = "default",
        limits: Limits | None = None,
    ) -> None:
        self._http = http
        self._profile = profile
        self._model = model
        self._limits = limits or Limits()

    async def answer(self, request: Prompt) -> Answer:
        """Return the whole answer to a prompt; see `Model.answer`."""
        body = body_of(request, self._profile, model=self._model, stream=False)
        with _failures_as_ours():
            async with asyncio.timeout(self._limits.whole), self._asked(body) as response:
                return read_answer(await self._read(response))

    def stream(self, request: Prompt) -> "ServerStream":
        """Return the answer to a prompt as it comes; see `Model.stream`."""
        body = body_of(request, self._profile, model=self._model, stream=True)
        return ServerStream(self._pieces(body))

    async def _pieces(self, body: dict[str, object]) -> AsyncGenerator[Piece, None]:
        size = 0
        deadline = asyncio.get_running_loop().time() + self._limits.whole
        with _failures_as_ours():
            async with self._asked(body) as response:
                lines = _lines(response)
                # Not around the loop: a time-out must not strike while the caller has the turn.
                while (line := await _next(lines, deadline)) is not None:
                    size += len(line)
                    if size > self._limits.answer_bytes:
                        raise MalformedError("The model's server never stops answering.")
                    piece = read_event(line)
                    if piece is not None:
                        yield piece

    @asynccontextmanager
    async def _asked(self, body: dict[str, object]) -> AsyncIterator[httpx.Response]:
        """Send a request, again if need be, and yield the response with status 200."""
        limits = self._limits
        timeout = httpx.Timeout(limits.piece, connect=limits.connect)
        for attempt in range(1, limits.tries + 1):
            asked = self._http.build_request("POST", _PATH, json=body, timeout=timeout)
            try:
                response = await self._http.send(asked, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError) as error:
                # The last of them: a kept connection that was closed just before it was used.
                if attempt == limits.tries:
                    raise UnavailableError(f"No model's server answers: {error}") from error
                await asyncio.sleep(self._pause(attempt, None))
                continue
            try:
                if response.status_code == httpx.codes.OK:
                    yield response
                    return
                failure = refusal(response.status_code, await self._read(response))
            finally:
                await response.aclose()
            if not isinstance(failure, UnavailableError) or attempt == limits.tries:
                raise failure
            await asyncio.sleep(self._pause(attempt, response.headers.get("Retry-After")))

    def _pause(self, attempt: int, asked_for: str | None) -> float:
        if asked_for is not None and asked_for.isdecimal():
            return min(float(asked_for), self._limits.longest_pause)
        doubled: float = self._limits.pause * 2 ** (attempt - 1)
        return doubled * _RANDOM.uniform(0.8, 1.2)

    async def _read(self, response: httpx.Response) -> bytes:
        body = b""
        async for part in response.aiter_raw():
            body += part
            if len(body) > self._limits.answer_bytes:
                raise MalformedError("The model's server never stops answering.")
        return body


@contextmanager
def _failures_as_ours() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise TooSlowError("The model takes too long to answer.") from error
    except httpx.HTTPError as error:
        raise UnavailableError(f"The model's server broke off: {error}") from error


async def _next(lines: AsyncIterator[bytes], deadline: float) -> bytes | None:
    """Return the next line, or None at the end; `deadline` is a time of the event loop's clock."""
    async with asyncio.timeout_at(deadline):
        return await anext(lines, None)


class ServerStream:
    """Pieces of an answer as they come; implements `llm.model.Stream`."""

    def __init__(self, pieces: AsyncGenerator[Piece, None]) -> None:
        self._pieces = pieces
        self._seen: list[Piece] = []
        self._answer: Answer | None = None

    def __aiter__(self) -> AsyncIterator[str]:
        """Return the pieces of text; see `Stream.__aiter__`."""
        return self

    async def __anext__(self) -> str:
        """Return the next piece of text."""
        while True:
            try:
                piece = await anext(self._pieces)
            except StopAsyncIteration:
                self._answer = joined(self._seen)
                raise
            self._seen.append(piece)
            if piece.text:
                return piece.text

    @property
    def answer(self) -> Answer:
        """Return the whole answer; see `Stream.answer`."""
        if self._answer is None:
            raise ModelError("The answer is not whole yet.")
        return self._answer

    async def aclose(self) -> None:
        """Cancel what is still to come."""
        await self._pieces.aclose()


async def _lines(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the response's lines as they come, without their ends."""
    rest = b""
    async for part in response.aiter_raw():
        *lines, rest = (rest + part).split(_LINE_END)
        for line in lines:
            yield line.rstrip(b"\r")
    if rest:
        yield rest
