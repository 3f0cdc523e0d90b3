"""The host's side of the dialogue with a replay: every answer is checked, none is believed."""

import asyncio
import json
import secrets
import socket
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from notebooks.kernels.records import Answer, CellFailure, CellResult, Question, ReplayCell
from notebooks.kernels.replay import proof
from notebooks.kernels.replay.crowding import is_crowded
from notebooks.kernels.sandboxes.base import Sandbox
from notebooks.kernels.values import MAX_VALUE_BYTES, Value

_MAX_LINE_BYTES = 3 * MAX_VALUE_BYTES
"""JSON needs more room than what the child counts."""
_SHORT_BYTES = 64 * 1024
"""Read at once; a longer answer must not hold up others."""
_MAX_STDOUT = 64 * 1024
_MAX_TEXT = 10_000


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    n: str


class _Ready(_Reply):
    ready: bool


class _CellReply(_Reply):
    ok: bool
    failure: CellFailure | None
    stdout: str


class _AnswerReply(_Reply):
    value: Value | None = None
    failure: CellFailure | None = None


class _BranchReply(_Reply):
    branched: bool


class _ParkReply(_Reply):
    parked: bool


class _ResumeReply(_Reply):
    resumed: bool


class _JoinReply(_Reply):
    joined: bool


_MAX_BASES = 20

_ReplyT = TypeVar("_ReplyT", bound=_Reply)


class DiedError(Exception):
    """The child closed its output."""


class NonsenseError(Exception):
    """The child answered what no honest child would."""


class Dialogue:
    """Orders to a child and its answers, a line of JSON each."""

    def __init__(self, sandbox: Sandbox) -> None:
        if sandbox.orders is None or sandbox.answers is None:
            raise TypeError("a replay needs a sandbox with pipes")
        self._orders, self._answers = sandbox.orders, sandbox.answers

    async def ready(self) -> None:
        """Wait until the child listens."""
        await self._read(_Ready, "")

    async def run(self, cell: ReplayCell) -> CellResult:
        """Execute a cell."""
        order = {"op": "cell", "id": cell.id, "source": cell.source}
        reply, _ = await self._order(order, _CellReply)
        failure = _bounded(reply.failure)
        ok = reply.ok and failure is None
        return CellResult(id=cell.id, ok=ok, failure=failure, stdout=reply.stdout[:_MAX_STDOUT])

    async def ask(self, question: Question) -> tuple[Answer, int]:
        """Ask a question; until now the child has not seen it. Returns the answer's size too."""
        asked, word = proof.armed(question.ask)
        order = {"op": "ask", "ask": asked.model_dump(mode="json")}
        reply, size = await self._order(order, _AnswerReply)
        if (reply.value is None) == (reply.failure is None):
            raise NonsenseError("The replay answered with neither a value nor an exception.")
        failure = _bounded(reply.failure)
        answer = Answer(question_id=question.id, value=reply.value, failure=failure)
        return proof.proven(answer, word), size

    async def branch(self) -> bool:
        """Go on with a copy of the child until `join`; False if there can be none."""
        reply, _ = await self._order({"op": "branch"}, _BranchReply)
        return reply.branched

    async def join(self) -> None:
        """End the copy and go on with the process that it was made of."""
        await self._order({"op": "join"}, _JoinReply)

    async def park(self, passed: socket.socket, own: socket.socket) -> bool:
        """Have a copy of the child wait on a socket, which is `passed` on over the dialogue's.

        `own` is the dialogue's; nothing may be on its way. False if there can be no copy.
        """
        word = secrets.token_hex(8)
        line = json.dumps({"n": word, "op": "park"}).encode() + b"\n"
        try:
            socket.send_fds(own, [line], [passed.fileno()])
        except OSError as error:
            raise DiedError from error
        reply, _ = await self._read(_ParkReply, word)
        return reply.parked

    async def resume(self) -> None:
        """Wake a copy that waits."""
        await self._order({"op": "resume"}, _ResumeReply)

    async def _order(self, order: Mapping[str, object], kind: type[_ReplyT]) -> tuple[_ReplyT, int]:
        word = secrets.token_hex(8)
        line = json.dumps({"n": word, **order}).encode() + b"\n"
        try:
            self._orders.write(line)
            await self._orders.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise DiedError from error
        return await self._read(kind, word)

    async def _read(self, kind: type[_ReplyT], word: str) -> tuple[_ReplyT, int]:
        try:
            line = await self._answers.readline()
        except ValueError as error:
            raise NonsenseError("The replay sent a line without an end.") from error
        except ConnectionError as error:  # it ended with orders unread
            raise DiedError from error
        if not line.endswith(b"\n"):
            raise DiedError
        if len(line) > _MAX_LINE_BYTES:
            raise NonsenseError("The replay sent an answer that is too long.")
        try:
            if is_crowded(line):
                raise NonsenseError("The replay sent an answer of too many values.")
            if len(line) < _SHORT_BYTES:
                reply = kind.model_validate_json(line)
            else:
                reply = await asyncio.to_thread(kind.model_validate_json, line)
        except (ValidationError, RecursionError) as error:
            raise NonsenseError("The replay sent something that is no answer.") from error
        if reply.n != word:
            raise NonsenseError("The replay sent an answer that nobody asked for.")
        return reply, len(line)


def _bounded(failure: CellFailure | None) -> CellFailure | None:
    if failure is None:
        return None
    return CellFailure(
        name=failure.name[:200],
        bases=tuple(base[:200] for base in failure.bases[:_MAX_BASES]),
        message=failure.message[:_MAX_TEXT],
        traceback=failure.traceback[:_MAX_TEXT],
        line=failure.line if failure.line is not None and failure.line > 0 else None,
    )
