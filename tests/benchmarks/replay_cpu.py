"""What a clean replay costs: five questions with numpy and pandas, beside a fresh ipykernel.

CPU time of everything that takes part, ours and the peer's: the process that asks, and whatever it
has started. Imports are compiled on both sides; the grading server runs already, as it does when a
student presses Validate.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from uuid import uuid4

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from config.settings import Settings
from notebooks.environments.build import build_environment
from notebooks.environments.layout import environment_python
from notebooks.kernels.records import (
    MAX_CHECKPOINTS,
    AskValue,
    KernelSpec,
    Question,
    ReplayCell,
    ReplayRequest,
    ReplayResult,
)
from notebooks.kernels.replay.local import LocalReplayer
from tests.benchmarks.report import Figure, median, print_report
from tests.environments import TABLES, shared_environments_dir

ROUNDS = 15
PEER_ROUNDS = 5

CELLS = (
    "import numpy as np\nimport pandas as pd",
    "table = pd.DataFrame({'group': list('abab') * 25, 'value': np.arange(100.0)})",
    "means = table.groupby('group')['value'].mean()",
    "matrix = np.arange(9.0).reshape(3, 3) @ np.eye(3)",
    "def double(numbers):\n    return [2 * number for number in numbers]",
)
QUESTIONS = ("table", "means", "matrix", "double([1, 2])", "float(table['value'].std())")


class CpuMeter:
    """A control group that counts the CPU time of this process and all that it starts."""

    def __init__(self) -> None:
        base = Path("/sys/fs/cgroup")
        legacy = (base / "cpuacct").is_dir()
        self._folder = (base / "cpuacct" if legacy else base) / f"casebook-bench-{os.getpid()}"
        self._outside = self._folder.parent
        self._legacy = legacy

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir()
            (self._folder / "cgroup.procs").write_text(str(os.getpid()))
        except OSError as error:
            raise SystemExit(f"CPU time cannot be counted here; be root: {error}") from None
        return self

    def __exit__(self, *_error: object) -> None:
        (self._outside / "cgroup.procs").write_text(str(os.getpid()))
        self._folder.rmdir()

    def milliseconds(self) -> float:
        """Return the CPU time so far."""
        if self._legacy:
            return int((self._folder / "cpuacct.usage").read_text()) / 1e6
        lines = (self._folder / "cpu.stat").read_text().split()
        return int(lines[lines.index("usage_usec") + 1]) / 1e3


@dataclass(frozen=True)
class Samples:
    """What the replays of one run took."""

    cpu: list[float]
    """Milliseconds of CPU time of each whole replay."""
    again: list[float]
    """Milliseconds of wall time of each replay of the last of five subtasks, the others alike."""
    again_cpu: list[float]
    """The same in CPU time."""


async def ours(settings: Settings, environment: str, meter: CpuMeter) -> Samples:
    """Replay by a grading server, questions and answers included."""
    replayer = LocalReplayer(settings)
    spec = KernelSpec(environment=environment, imports=("numpy", "pandas"))
    cpu, again, again_cpu = [], [], []
    try:
        await replayer.warm(spec)
        for _ in range(ROUNDS + 1):
            began = meter.milliseconds()
            await answered(replayer, request_of(spec, CELLS))
            cpu.append(meter.milliseconds() - began)
        for number in range(ROUNDS + 2):
            began, before = time.perf_counter(), meter.milliseconds()
            request = request_of(spec, (*CELLS[:-1], f"{CELLS[-1]}\n# {number}"), reuse_key="me")
            result = await answered(replayer, request)
            again.append((time.perf_counter() - began) * 1000)
            again_cpu.append(meter.milliseconds() - before)
        assert result.reused_cells == len(CELLS) - 1
    finally:
        await replayer.close()
    return Samples(cpu[1:], again[2:], again_cpu[2:])


def request_of(
    spec: KernelSpec, cells: Sequence[str], reuse_key: str | None = None
) -> ReplayRequest:
    """Return the replay of these cells with the five questions."""
    replayed = tuple(ReplayCell(id=f"c{n}", source=text) for n, text in enumerate(cells))
    asked = tuple(
        Question(id=f"q{n}", ask=AskValue(expression=text)) for n, text in enumerate(QUESTIONS)
    )
    return ReplayRequest(
        replay_id=uuid4().hex,
        spec=spec,
        cells=replayed,
        questions=asked,
        checkpoints=tuple(cell.id for cell in replayed)[-MAX_CHECKPOINTS:],
        reuse_key=reuse_key,
    )


async def answered(replayer: LocalReplayer, request: ReplayRequest) -> ReplayResult:
    """Replay, and check that every question has its answer."""
    result = await replayer.replay(request)
    assert result.outcome == "completed", result.message
    assert all(answer.value is not None for answer in result.answers)
    return result


class _PeerManager(AsyncKernelManager):
    """Starts kernels by the environment's Python."""

    python = ""

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Return the kernel's command."""
        return [self.python, *super().format_kernel_cmd(extra_arguments)[1:]]


def peers(python: Path, meter: CpuMeter) -> list[float]:
    """Return the CPU time of a fresh ipykernel that nbclient drives, asked the same."""
    code: dict[str, object] = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    cells: list[dict[str, object]] = [{**code, "source": text} for text in (*CELLS, *QUESTIONS)]
    blank = {"metadata": {}, "nbformat": 4, "nbformat_minor": 4, "cells": cells}
    samples = []
    for _ in range(PEER_ROUNDS + 1):
        notebook = nbformat.reads(json.dumps(blank), as_version=4)  # type: ignore[no-untyped-call] # nbformat's
        began = meter.milliseconds()
        with tempfile.TemporaryDirectory() as folder:
            client = NotebookClient(
                notebook,
                kernel_manager_class=type("Manager", (_PeerManager,), {"python": str(python)}),
                resources={"metadata": {"path": folder}},
            )
            client.execute()
        samples.append(meter.milliseconds() - began)
        assert all(cell.outputs for cell in notebook.cells[len(CELLS) :])
    return samples[1:]


def measure() -> list[Figure]:
    """Return `replay_cpu_ms` beside its peer, both measured now, and `revalidation_ms`."""
    root = shared_environments_dir()
    environment = asyncio.run(build_environment(TABLES, root=root, log=lambda _: None))
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as state, CpuMeter() as meter:
        settings = Settings(state_dir=Path(state), environments_dir_override=root)
        own = asyncio.run(ours(settings, environment, meter))
        peer = peers(environment_python(root / environment), meter)
    cpu = replace(
        median("replay_cpu_ms", own.cpu, "ms"),
        peer="ipykernel by nbclient",
        peer_value=round(statistics.median(peer), 1),
    )
    return [
        cpu,
        median("revalidation_ms", own.again, "ms"),
        median("revalidation_cpu_ms", own.again_cpu, "ms"),
    ]


def main() -> int:
    """Measure and print."""
    print_report(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
