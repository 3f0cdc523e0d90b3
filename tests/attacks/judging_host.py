"""A judge without database and web, as a process of its own: what the judgement's suite attacks.

Apart, so that it can belong to an ordinary user. It takes orders on standard input and answers on
standard output, a line of JSON each. Arguments: the settings, the case's folder, and a file with
the expected answers, which were computed once for every judge.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from config.paths import runtime_dir
from config.settings import Settings
from grading.offline import grade_notebook
from grading.prepared import PreparedItems
from grading.ready import ReadyCase
from grading.replays import request_of
from notebooks.attempts.document import Cell
from notebooks.cases.data import place_data
from notebooks.cases.problems import Problems
from notebooks.cases.reader import read_case
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.sandboxes.choice import make_launcher
from tests.attacks.judgement import notebook

Json = dict[str, Any]

_TOGETHER = 2
"""Replays at a time."""


class Known(BaseModel):
    """What was computed before: the environment, and the expected answers."""

    model_config = ConfigDict(frozen=True)

    spec: KernelSpec
    probes: list[Any]


class Judge:
    """Judges notebooks at one case, in fresh sandboxes and, with bwrap, in forked jails."""

    def __init__(self, settings: Settings, folder: Path, known: Known) -> None:
        content = read_case(folder)
        if isinstance(content, Problems):
            raise TypeError(f"the attacked case is none: {content.items}")
        data = place_data(content, settings=settings, log=_quiet)
        spec = known.spec.model_copy(update={"data": data})
        self._case = ReadyCase(content, spec, PreparedItems.validate_python(known.probes))
        self._settings = settings
        self._launcher = make_launcher(settings, runtime_dir(settings))
        self._fresh = SandboxReplayer(self._launcher)
        self._forked = SandboxReplayer(self._launcher, servers=1)
        self._places = asyncio.Semaphore(_TOGETHER)

    async def start(self) -> None:
        await self._forked.warm(self._case.spec)

    async def close(self) -> None:
        await self._forked.close()
        await self._fresh.close()
        self._launcher.sweep()
        self._launcher.close()

    async def obey(self, order: Json) -> Json:
        replayer = self._forked if order["place"] == "jail" else self._fresh
        async with self._places:
            if order["op"] == "grade":
                return await self._grade(replayer, order["source"])
            return await self._replay(replayer, order["source"])

    async def _grade(self, replayer: SandboxReplayer, source: str) -> Json:
        path = self._settings.state_dir / f"{uuid4().hex}.ipynb"
        path.write_text(json.dumps(notebook(source)), encoding="utf-8")
        report = await grade_notebook(self._case, path, replayer, settings=self._settings)
        path.unlink()
        return {"report": report.model_dump(mode="json")}

    async def _replay(self, replayer: SandboxReplayer, source: str) -> Json:
        """Replay as for a judgement, and return what was claimed."""
        cell = Cell(id="work", kind="code", source=source, subtask="work")
        seconds = self._settings.replay_seconds
        request = request_of(uuid4().hex, self._case.spec, (cell,), self._case.probes, seconds)
        return {"result": (await replayer.replay(request)).model_dump(mode="json")}


async def serve(judge: Judge, answers: BinaryIO) -> None:
    """Obey until standard input ends; an order that fails is told what went wrong."""
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )

    def say(answer: Json) -> None:
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()

    async def obey(order: Json) -> None:
        try:
            answer = await judge.obey(order)
        except Exception as error:  # noqa: BLE001 - the test shall see what happened
            answer = {"fault": repr(error)}
        say({"id": order["id"], **answer})

    await judge.start()
    say({"id": 0})
    async with asyncio.TaskGroup() as tasks:
        while line := await orders.readline():
            tasks.create_task(obey(json.loads(line)))
    await judge.close()


def _quiet(_message: str) -> None:
    """Say nothing."""


def main() -> None:
    # Whatever is logged must not land between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    settings = Settings.model_validate_json(sys.argv[1])
    known = Known.model_validate_json(Path(sys.argv[3]).read_text(encoding="utf-8"))

    async def run() -> None:
        await serve(Judge(settings, Path(sys.argv[2]), known), answers)

    asyncio.run(run())


if __name__ == "__main__":
    main()
