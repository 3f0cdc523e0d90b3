"""How many idle kernels one working student bears: her cells, timed as the crowd around her grows.

Every kernel of the crowd has pandas and scikit-learn loaded and does nothing. The peer of each
figure is her cell with no crowd at all, in the same run.
"""

import asyncio
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from notebooks.environments.build import build_environment
from notebooks.kernels.runner.kernels import Kernels
from tests.benchmarks.kernels import LIBRARIES, LOAD, Bench, launch, milliseconds, p95, run
from tests.benchmarks.report import Figure, median, print_report
from tests.environments import shared_environments_dir

CROWDS = (20, 40, 80, 120, 140, 160, 180, 200)
CELLS = 30
DEGRADED = 1.5
"""The crowd from which on her cells take so many times what they take alone is noted."""
ALONE = "the same cell, no other kernel"

SETTINGS = {"kernel_pool_limit": 0, "kernel_limit": CROWDS[-1] + 1, "kernel_spare_seconds": 3600.0}
"""Room for everybody, as far as memory goes; nobody is put to sleep for another."""

PREPARE = f"""{LOAD}
import numpy
table = pandas.DataFrame({{"g": numpy.arange(200_000) % 97, "v": 1.0}})"""
WORK = 'table.groupby("g")["v"].agg(["mean", "std"]).sort_values("mean").head()'


async def work(kernels: Kernels, attempt: str) -> list[float]:
    """Return what each of her cells takes, in milliseconds."""
    return [await milliseconds(lambda: run(kernels, attempt, WORK)) for _ in range(CELLS)]


async def measure(state: Path) -> list[Figure]:
    """Let the crowd grow until it is too much for her or for memory, and time her cells."""
    name = await build_environment(LIBRARIES, root=shared_environments_dir(), log=lambda _: None)
    bench = Bench(name, state)
    figures: list[Figure] = []
    undisturbed = 0
    async with bench.runner(**SETTINGS) as kernels:
        student = await launch(kernels, bench.spec())
        await run(kernels, student, PREPARE)
        await work(kernels, student)
        alone = await work(kernels, student)
        crowd: list[str] = []
        for size in CROWDS:
            await grow(kernels, bench, crowd, size)
            if len(crowd) < size:
                break
            among = await work(kernels, student)
            figures += beside_alone(f"work_among_{size}", among, alone)
            if statistics.median(among) > DEGRADED * statistics.median(alone):
                break
            undisturbed = size
    return [
        *figures,
        Figure("crowd_undisturbed", undisturbed, "", 1),
        Figure("crowd_reached", len(crowd), "", 1),
    ]


async def grow(kernels: Kernels, bench: Bench, crowd: list[str], size: int) -> None:
    """Add idle kernels to the crowd up to its size, or until there is no room for more."""
    while len(crowd) < size:
        attempt = uuid4().hex
        if kernels.ensure(attempt, bench.spec()).state == "queued":
            return
        await run(kernels, attempt, LOAD)
        crowd.append(attempt)


def beside_alone(figure: str, among: list[float], alone: list[float]) -> list[Figure]:
    """Return the median and the 95th percentile of her cells, beside those alone."""
    return [
        replace(
            median(f"{figure}_ms", among, "ms"),
            peer=ALONE,
            peer_value=round(statistics.median(alone), 1),
        ),
        Figure(f"{figure}_p95_ms", p95(among), "ms", CELLS, ALONE, p95(alone)),
    ]


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as folder:
        figures = asyncio.run(measure(Path(folder)))
    print_report(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
