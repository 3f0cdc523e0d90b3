"""The host's side of a replay: order by order, every answer checked, death and time noticed."""

import asyncio
import json
import math
import secrets
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from notebooks.kernels.records import (
    Answer,
    CellFailure,
    CellResult,
    KernelSpec,
    Question,
    ReplayCell,
    ReplayOutcome,
    ReplayRequest,
    ReplayResult,
)
from notebooks.kernels.sandboxes.base import (
    CODE,
    IPYTHON_DIR,
    Launcher,
    Program,
    Sandbox,
    describe_death,
)
from notebooks.kernels.values import MAX_VALUE_BYTES, Opaque, Value

_MAX_LINE_BYTES = 3 * MAX_VALUE_BYTES
"""JSON needs more room than what the child counts."""
_MAX_ANSWERS_BYTES = 64 * 1024 * 1024
_MAX_STDOUT = 64 * 1024
_MAX_TEXT = 10_000
_OOM_COUNTER_SECONDS = 0.05
_EXIT_SECONDS = 1.0
_CHILD = ("__init__", "child", "decode", "encode", "encode_pandas")
_PACKAGE = PurePosixPath("notebooks/kernels/replay")


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


class _JoinReply(_Reply):
    joined: bool


_ReplyT = TypeVar("_ReplyT", bound=_Reply)


class _DiedError(Exception):
    """The child closed its output."""


class _NonsenseError(Exception):
    """The child answered what no honest child would."""


async def replay(launcher: Launcher, request: ReplayRequest) -> ReplayResult:
    """Run the cells in a fresh sandbox, ask the questions, and return what was claimed.

    Where a process cannot be copied, as one with threads, the questions after a cell are asked in
    a replay of their own that ends with that cell.

    Raises:
        SandboxError: A sandbox could not be started.
    """
    result, uncopied = await _replay_once(launcher, request)
    for cell in uncopied:
        if result.outcome != "completed":
            break
        part, _ = await _replay_once(launcher, _up_to(cell, request))
        result = result.model_copy(
            update={
                "outcome": part.outcome,
                "message": part.message,
                "answers": result.answers + part.answers,
                "seconds": result.seconds + part.seconds,
            }
        )
    return result


def _up_to(cell: str, request: ReplayRequest) -> ReplayRequest:
    end = next(n for n, replayed in enumerate(request.cells, start=1) if replayed.id == cell)
    questions = (question for question in request.questions if question.after == cell)
    return request.model_copy(
        update={
            "cells": request.cells[:end],
            "questions": tuple(q.model_copy(update={"after": None}) for q in questions),
        }
    )


async def _replay_once(
    launcher: Launcher, request: ReplayRequest
) -> tuple[ReplayResult, tuple[str, ...]]:
    """Return what was claimed, and the cells after which no copy could be made and asked."""
    began = time.monotonic()
    uncopied: list[str] = []
    cells: list[CellResult] = []
    answers: list[Answer] = []
    outcome: ReplayOutcome = "completed"
    message = ""
    program = _program(launcher, request.hash_seed)
    sandbox = await launcher.start(_limited(request), program, launcher.new_uid())
    try:
        async with asyncio.timeout(request.wall_seconds):
            await _converse(_Dialogue(sandbox), request, cells, answers, uncopied)
    except TimeoutError:
        outcome = "timeout"
        message = f"The notebook ran longer than {request.wall_seconds:g} seconds."
    except _NonsenseError as error:
        outcome, message = "protocol", str(error)
    except _DiedError:
        outcome, message = "died", await _describe_death(sandbox, request.spec)
    finally:
        await sandbox.close()
    result = ReplayResult(
        outcome=outcome,
        message=message,
        cells=tuple(cells),
        answers=tuple(answers),
        seconds=time.monotonic() - began,
    )
    return result, tuple(uncopied)


async def _converse(
    dialogue: "_Dialogue",
    request: ReplayRequest,
    cells: list[CellResult],
    answers: list[Answer],
    uncopied: list[str],
) -> None:
    await dialogue.ready()
    questions = defaultdict[str | None, list[Question]](list)
    for question in request.questions:
        questions[question.after].append(question)
    left = _MAX_ANSWERS_BYTES

    async def ask(those: list[Question]) -> None:
        nonlocal left
        for question in those:
            answer, size = await dialogue.ask(question)
            left -= size
            answers.append(answer if left > 0 else _too_large(answer))

    for cell in request.cells:
        cells.append(await dialogue.run(cell))
        if cell.id not in questions:
            continue
        if await dialogue.branch():
            await ask(questions[cell.id])
            await dialogue.join()
        else:
            uncopied.append(cell.id)
    await ask(questions[None])


class _Dialogue:
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
        order = {"op": "ask", "ask": question.ask.model_dump(mode="json")}
        reply, size = await self._order(order, _AnswerReply)
        if (reply.value is None) == (reply.failure is None):
            raise _NonsenseError("The replay answered with neither a value nor an exception.")
        failure = _bounded(reply.failure)
        return Answer(question_id=question.id, value=reply.value, failure=failure), size

    async def branch(self) -> bool:
        """Go on with a copy of the child until `join`; False if there can be none."""
        reply, _ = await self._order({"op": "branch"}, _BranchReply)
        return reply.branched

    async def join(self) -> None:
        """End the copy and go on with the process that it was made of."""
        await self._order({"op": "join"}, _JoinReply)

    async def _order(self, order: Mapping[str, object], kind: type[_ReplyT]) -> tuple[_ReplyT, int]:
        word = secrets.token_hex(8)
        line = json.dumps({"n": word, **order}).encode() + b"\n"
        try:
            self._orders.write(line)
            await self._orders.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _DiedError from error
        return await self._read(kind, word)

    async def _read(self, kind: type[_ReplyT], word: str) -> tuple[_ReplyT, int]:
        try:
            line = await self._answers.readline()
        except ValueError as error:
            raise _NonsenseError("The replay sent a line without an end.") from error
        if not line.endswith(b"\n"):
            raise _DiedError
        if len(line) > _MAX_LINE_BYTES:
            raise _NonsenseError("The replay sent an answer that is too long.")
        try:
            reply = await asyncio.to_thread(kind.model_validate_json, line)
        except (ValidationError, RecursionError) as error:
            raise _NonsenseError("The replay sent something that is no answer.") from error
        if reply.n != word:
            raise _NonsenseError("The replay sent an answer that nobody asked for.")
        return reply, len(line)


def _limited(request: ReplayRequest) -> KernelSpec:
    seconds = min(request.spec.limits.cpu_seconds, math.ceil(request.wall_seconds) + 1)
    limits = request.spec.limits.model_copy(update={"cpu_seconds": seconds})
    return request.spec.model_copy(update={"limits": limits})


def _program(launcher: Launcher, hash_seed: int) -> Program:
    here = Path(__file__).parent
    files = tuple(
        (launcher.publish(here / f"{name}.py", _PACKAGE), CODE / _PACKAGE / f"{name}.py")
        for name in _CHILD
    )
    return Program(
        arguments=("-B", "-m", "notebooks.kernels.replay.child"),
        code=files,
        environment={
            "PYTHONPATH": str(CODE),
            "PYTHONHASHSEED": str(hash_seed),
            "MPLBACKEND": "agg",
            "IPYTHONDIR": IPYTHON_DIR,
        },
        piped=True,
    )


async def _describe_death(sandbox: Sandbox, spec: KernelSpec) -> str:
    try:
        async with asyncio.timeout(_EXIT_SECONDS):
            await sandbox.wait()
    except TimeoutError:
        sandbox.kill()
    exit_code = await sandbox.wait()
    # The process may be gone a moment before the group's counter shows why.
    await asyncio.sleep(_OOM_COUNTER_SECONDS)
    return describe_death(
        exit_code=exit_code,
        out_of_memory=sandbox.out_of_memory(),
        memory_bytes=spec.limits.memory_bytes,
    )


def _bounded(failure: CellFailure | None) -> CellFailure | None:
    if failure is None:
        return None
    return CellFailure(
        name=failure.name[:200],
        message=failure.message[:_MAX_TEXT],
        traceback=failure.traceback[:_MAX_TEXT],
        line=failure.line if failure.line is not None and failure.line > 0 else None,
    )


def _too_large(answer: Answer) -> Answer:
    if answer.value is None:
        return answer
    return Answer(
        question_id=answer.question_id, value=Opaque(type=answer.value.t, reason="too large")
    )
