"""A runner without its API, as a process of its own: what the suite attacks.

It has kernels and replays of one kind, takes orders on standard input and answers on standard
output, a line of JSON each. Apart, so that it can belong to an ordinary user, and have an
environment and a folder whose secrets nobody inside may see.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from config.paths import runtime_dir
from config.settings import Settings
from notebooks.errors import KernelError
from notebooks.kernels.records import KernelSpec, Limits, ReplayCell, ReplayRequest
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.runner.kernels import Kernels
from notebooks.kernels.sandboxes.base import Launcher
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from notebooks.kernels.sandboxes.choice import make_launcher
from notebooks.kernels.sandboxes.container.engine import Engine
from notebooks.kernels.sandboxes.container.launcher import ContainerLauncher
from tests.sandboxes import Student

Json = dict[str, Any]

DATA = "attacked"
"""Name of the data folder that every sandbox sees."""
START_SECONDS = 2
"""What a replay may take beside its cell."""


class Watched(Launcher):
    """A launcher that remembers which user ids it gave away, to find their processes."""

    def __init__(self, settings: Settings, runtime: Path) -> None:
        super().__init__(settings, runtime)
        self.given: set[int] = set()

    def new_uid(self) -> int | None:
        uid = super().new_uid()
        if uid is not None:
            self.given.add(uid)
        return uid

    def held(self) -> Iterator[str]:
        """Yield what a sandbox of this kind has, beside processes, folders and mounts."""
        raise NotImplementedError


class WatchedBwrap(Watched, BwrapLauncher):
    def held(self) -> Iterator[str]:
        if self.hierarchy is not None:
            for group in self.hierarchy.leftovers():
                yield from (f"group {folder}" for folder in set(group.folders.values()))


class WatchedEngine(Engine):
    """Remembers the containers that it made, to find their groups."""

    def __init__(self, url: str | None) -> None:
        super().__init__(url)
        self.made: set[str] = set()

    def create(self, options: Mapping[str, Any]) -> str:
        container = super().create(options)
        self.made.add(container)
        return container


class WatchedContainers(Watched, ContainerLauncher):
    def __init__(self, settings: Settings, runtime: Path) -> None:
        super().__init__(settings, runtime)
        self.engine: WatchedEngine = WatchedEngine(settings.container_url)

    def held(self) -> Iterator[str]:
        yield from (f"container {name}" for name in self.engine.labelled())
        groups = Path("/sys/fs/cgroup")
        # Of version 2, and of version 1 below one more folder.
        for folder in (*groups.glob("*/*"), *groups.glob("*/*/*")):
            # What an engine calls a container's group has the container's id in it.
            if self.engine.made.intersection(folder.name.replace(".", "-").split("-")):
                yield f"group {folder}"


def watched_launcher(settings: Settings) -> Watched:
    """Return a launcher of the kind that the product would take."""
    runtime = runtime_dir(settings)
    plain = make_launcher(settings, runtime)
    plain.close()
    for kind in (WatchedBwrap, WatchedContainers):
        if issubclass(kind, type(plain)):
            return kind(settings, runtime)
    raise TypeError(f"a {type(plain).__name__} cannot be watched yet")


class Host:
    """Kernels and replays of one launcher, by the names of the students they belong to."""

    def __init__(self, settings: Settings, environment: str, engine: str | None) -> None:
        self._environment = environment
        self._engine = engine
        self._launcher = watched_launcher(settings)
        self._kernels = Kernels(settings, self._launcher)
        self._fresh = SandboxReplayer(self._launcher)
        self._forked = SandboxReplayer(self._launcher, servers=1)
        self._students: dict[str, Student] = {}

    async def start(self) -> None:
        """Begin, with a grading server that stays: it is not held because of a student."""
        self._kernels.start()
        await self._forked.warm(KernelSpec(environment=self._environment, data=DATA))

    async def close(self) -> None:
        await self._kernels.close()
        await self._forked.close()
        self._launcher.sweep()
        self._launcher.close()

    async def obey(self, order: Json) -> Json:
        match order["op"]:
            case "cell":
                return await self._cell(order)
            case "replay":
                return await self._replay(self._fresh, order)
            case "jail":
                return await self._replay(self._forked, order)
            case "end":
                student = self._students.pop(order["who"], None)
                if student is not None:
                    self._kernels.kill(student.attempt_id)
            case "held":
                return {"held": sorted(await asyncio.to_thread(lambda: [*self._held()]))}
        return {}

    async def _cell(self, order: Json) -> Json:
        who = order["who"]
        if who not in self._students:
            limits = Limits.model_validate(order["limits"])
            student = Student(self._kernels, self._environment, limits)
            student.spec = student.spec.model_copy(update={"data": DATA})
            self._students[who] = student
        done = await self._students[who].run(order["source"])
        errors = [output.text for output in done.outputs if output.kind == "error"]
        return {
            "outcome": done.finished.outcome,
            "text": done.text,
            "message": "\n".join([done.finished.message, *errors]),
        }

    async def _replay(self, replayer: SandboxReplayer, order: Json) -> Json:
        limits = Limits.model_validate(order["limits"])
        request = ReplayRequest(
            replay_id="attack",
            spec=KernelSpec(environment=self._environment, data=DATA, limits=limits),
            cells=(ReplayCell(id="attack", source=order["source"]),),
            wall_seconds=limits.run_seconds + START_SECONDS,
        )
        try:
            result = await replayer.replay(request)
        except KernelError as error:
            return {"outcome": "lost", "text": "", "message": str(error)}
        if result.outcome != "completed":
            return {"outcome": result.outcome, "text": "", "message": result.message}
        cell = result.cells[0]
        message = "" if cell.failure is None else cell.failure.traceback
        return {"outcome": "ok" if cell.ok else "error", "text": cell.stdout, "message": message}

    def _held(self) -> Iterator[str]:
        """Yield everything on the machine that is there because of a sandbox."""
        yield from (f"process {line}" for line in _processes(self._launcher.given, self._engine))
        yield from self._launcher.held()
        # Of kernels' sockets, and of what connects containers.
        yield from (f"folder {entry}" for entry in self._launcher.runtime.glob("[kc]/*"))
        where = Path("/proc") / (self._engine or "self") / "mountinfo"
        yield from (f"mount {line}" for line in where.read_text(encoding="utf-8").splitlines())


def _processes(uids: set[int], engine: str | None) -> Iterator[str]:
    """Yield our descendants, whoever has one of these ids or, for an ordinary user, ours, and
    whoever lives where the engine does: what it starts to look after a container.
    """
    mine = set(uids) if os.geteuid() == 0 else {os.geteuid()}
    engines = None if engine is None else _mount_namespace(Path("/proc") / engine)
    parents: dict[int, tuple[int, bool, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "stat").read_text().rpartition(")")[2].split()
                command = (entry / "comm").read_text().strip()
                known = entry.stat().st_uid in mine or (
                    engines is not None and _mount_namespace(entry) == engines
                )
                parents[int(entry.name)] = (int(words[1]), known, command)
    ours = {os.getpid()}
    grown = True
    while grown:
        found = {pid for pid, (parent, known, _) in parents.items() if parent in ours or known}
        grown = not found <= ours
        ours |= found
    yield from (f"{pid} {parents[pid][2]}" for pid in ours - {os.getpid()} if pid in parents)


def _mount_namespace(process: Path) -> str:
    return str((process / "ns" / "mnt").readlink())


async def serve(host: Host, answers: BinaryIO) -> None:
    orders = asyncio.StreamReader(limit=64 * 1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )

    async def obey(order: Json) -> None:
        try:
            answer = await host.obey(order)
        except Exception as error:  # noqa: BLE001 - the test shall see what happened
            answer = {"outcome": "lost", "text": "", "message": repr(error)}
        answers.write(json.dumps({"id": order["id"], **answer}).encode() + b"\n")
        answers.flush()

    await host.start()
    tasks: set[asyncio.Task[None]] = set()
    answers.write(b'{"id": 0}\n')
    answers.flush()
    while line := await orders.readline():
        task = asyncio.create_task(obey(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await host.close()


def main() -> None:
    # Whatever is logged must not land between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    settings = Settings.model_validate_json(sys.argv[1])
    data = settings.state_dir / "data" / DATA
    data.mkdir(parents=True, exist_ok=True)
    (data / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    engine = sys.argv[3] if len(sys.argv) > 3 else None
    asyncio.run(serve(Host(settings, sys.argv[2], engine), answers))


if __name__ == "__main__":
    main()
