"""Thousands of kernels that start, run, are interrupted, restarted, culled and killed at random.

Afterwards nothing may be left of them: no process, file, mount, control group or socket.
"""

import asyncio
import contextlib
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from config.settings import Settings
from notebooks.environments.build import build_environment
from notebooks.errors import KernelError
from notebooks.kernels.records import KernelSpec, Limits, RunRequest
from notebooks.kernels.runner.kernels import Kernels
from notebooks.kernels.runner.runs import Run
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from tests.benchmarks.report import Figure, print_report
from tests.environments import TABLES, shared_environments_dir

CYCLES = 2000
CONCURRENCY = 6
ATTEMPTS = 12
"""More than work at once, so that some kernels are idle, culled and come back."""

CELLS = (
    "x = 1",
    "print('some output')",
    "1 / 0",
    "import time; time.sleep(0.2)",
    "for _ in range(200): print('x' * 1000)",
)
ENDLESS = "import time\nwhile True: time.sleep(0.01)"
DEADLY = "import os; os._exit(3)"
RUN_SECONDS = 60


@dataclass
class Soak:
    """One runner's kernels, and what was done to them."""

    kernels: Kernels
    spec: KernelSpec
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)

    async def work(self, cycles: int) -> None:
        """Live through so many cycles, a few at once."""
        left = iter(range(cycles))
        attempts: asyncio.Queue[str] = asyncio.Queue()
        for _ in range(ATTEMPTS):
            attempts.put_nowait(uuid4().hex)

        async def live() -> None:
            for _ in left:
                attempt = await attempts.get()
                try:
                    await self._cycle(attempt)
                finally:
                    attempts.put_nowait(attempt)

        async with asyncio.TaskGroup() as group:
            for _ in range(CONCURRENCY):
                group.create_task(live())

    async def _cycle(self, attempt: str) -> None:
        deeds = (self._run, self._run, self._stop, self._die, self._restart, self._kill, self._end)
        deed = self.dice.choice(deeds)
        self.done[deed.__name__.lstrip("_")] += 1
        while self.kernels.ensure(attempt, self.spec).state == "queued":  # noqa: ASYNC110 - asking keeps the place
            await asyncio.sleep(0.05)
        with contextlib.suppress(KernelError):  # it may be culled between any two steps
            await deed(attempt)

    async def _run(self, attempt: str) -> None:
        await self._execute(attempt, self.dice.choice(CELLS))

    async def _die(self, attempt: str) -> None:
        await self._execute(attempt, DEADLY)

    async def _stop(self, attempt: str) -> None:
        await self._execute(attempt, ENDLESS, Run.stop)

    async def _restart(self, attempt: str) -> None:
        await self._execute(attempt, ENDLESS, lambda _: self.kernels.restart(attempt))

    async def _kill(self, attempt: str) -> None:
        await self._execute(attempt, ENDLESS, lambda _: self.kernels.kill(attempt))

    async def _end(self, attempt: str) -> None:
        await asyncio.sleep(self.dice.random())
        self.kernels.kill(attempt)

    async def _execute(
        self, attempt: str, source: str, disturb: Callable[[Run], object] | None = None
    ) -> None:
        run = self.kernels.start_run(attempt, RunRequest(run_id=uuid4().hex, source=source))
        if disturb is not None:
            # In the middle of the cell, or while the kernel still starts, or is just being forked.
            await asyncio.sleep(self.dice.random() * self.dice.choice((0.02, 0.5, 1)))
            if run.log.finished is None:
                disturb(run)
        async with asyncio.timeout(RUN_SECONDS):
            async for _ in run.log.follow(0):
                pass
        run.log.acknowledge(run.log.last)


@dataclass(frozen=True)
class Traces:
    """What kernels leave on a machine while they live."""

    processes: frozenset[int]
    files: frozenset[str]
    mounts: frozenset[str]
    groups: frozenset[str]
    sockets: frozenset[str]
    descriptors: int

    @classmethod
    def of(cls, launcher: BwrapLauncher) -> "Traces":
        """Look for everything that belongs to this process and its runtime folder."""
        runtime = launcher.runtime
        unix = Path("/proc/net/unix").read_text().splitlines()
        return cls(
            processes=frozenset(_processes(runtime)),
            files=frozenset(str(path) for path in (runtime / "k").rglob("*")),
            mounts=frozenset(Path("/proc/self/mountinfo").read_text().splitlines()),
            groups=_groups(launcher),
            sockets=frozenset(line for line in unix if str(runtime) in line),
            descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
        )

    def left_since(self, before: "Traces") -> dict[str, int]:
        """Return how many of each kind are there that were not there before."""
        return {
            "processes": len(self.processes - before.processes),
            "files": len(self.files - before.files),
            "mounts": len(self.mounts - before.mounts),
            "groups": len(self.groups - before.groups),
            "sockets": len(self.sockets - before.sockets),
            "descriptors": max(0, self.descriptors - before.descriptors),
        }


def _groups(launcher: BwrapLauncher) -> frozenset[str]:
    if launcher.hierarchy is None:
        return frozenset()
    roots = {root for root in launcher.hierarchy.roots.values() if root.is_dir()}
    return frozenset(str(path) for root in roots for path in root.iterdir() if path.is_dir())


def _processes(runtime: Path) -> set[int]:
    """Return this process's children, and whatever names the folder: it may be an orphan."""
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    found = {int(child) for child in own.split()}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and os.fsencode(runtime) in (entry / "cmdline").read_bytes():
                found.add(int(entry.name))
    return found


def resident_mb() -> float:
    """Return this process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


@dataclass(frozen=True)
class Result:
    """What a soak left, by kind, and how the runner's memory grew."""

    left: dict[str, int]
    start_mb: float
    end_mb: float
    done: Counter[str]

    @property
    def leftovers(self) -> int:
        """Return how many things are left in all."""
        return sum(self.left.values())


async def soak(cycles: int, state: Path, seed: int = 0) -> Result:
    """Live through so many cycles in a runner of its own, and look at what is left."""
    name = await build_environment(TABLES, root=shared_environments_dir(), log=lambda _: None)
    settings = Settings(
        state_dir=state,
        environments_dir_override=shared_environments_dir(),
        kernel_limit=8,  # fewer than attempts: some are culled, some queue
        kernel_spare_seconds=0,
        kernel_pool_limit=2,
    )
    runtime = state / "run"
    runtime.mkdir(parents=True)
    launcher = BwrapLauncher(settings, runtime)
    before = Traces.of(launcher)
    kernels = Kernels(settings, launcher)
    kernels.start()
    spec = KernelSpec(environment=name, imports=("json",), limits=Limits(run_seconds=30))
    work = Soak(kernels, spec, random.Random(seed))  # noqa: S311 - chance, not a secret
    try:
        warm_up = min(cycles, 50)
        await work.work(warm_up)  # libraries load, caches fill
        start = resident_mb()
        await work.work(cycles - warm_up)
        end = resident_mb()
    finally:
        await kernels.close()
    left = Traces.of(launcher).left_since(before)
    launcher.close()
    return Result(left, start, end, work.done)


def main() -> int:
    """Soak, print, and fail if anything is left; the argument is a number of cycles."""
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else CYCLES
    with tempfile.TemporaryDirectory(prefix="casebook-soak-") as folder:
        result = asyncio.run(soak(cycles, Path(folder)))
    print(f"done: {dict(result.done)}; left: {result.left}")
    print_report(
        [
            Figure("leftovers", result.leftovers, "", cycles),
            Figure("runner_start_mb", round(result.start_mb, 1), "MB", 1),
            Figure("runner_end_mb", round(result.end_mb, 1), "MB", 1),
        ]
    )
    return 1 if result.leftovers else 0


if __name__ == "__main__":
    sys.exit(main())
