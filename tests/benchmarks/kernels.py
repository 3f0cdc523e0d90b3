"""What a kernel costs in time and memory, beside a bare ipykernel without any sandbox.

Each function measures one figure, so that others can be put beside them in one report.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec as JupyterKernelSpec
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from config.settings import Settings
from notebooks.environments.build import build_environment
from notebooks.environments.layout import environment_python
from notebooks.kernels.records import Finished, KernelSpec, RunRequest
from notebooks.kernels.runner.budget import pss_bytes
from notebooks.kernels.runner.kernels import Kernels
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from tests.benchmarks import environment_build, replay_cpu
from tests.benchmarks.report import Figure, median, print_report
from tests.environments import shared_environments_dir

LIBRARIES = "numpy\npandas\nscikit-learn\n"
MODULES = ("pandas", "sklearn", "sklearn.linear_model")
LOAD = "import pandas, sklearn, sklearn.linear_model"

STARTS = 5
CELLS = 60
BURST = 30
KERNELS = 4
"""Kernels that share pages while memory is measured, as they do at work."""
PATIENCE_SECONDS = 300
BARE = "ipykernel by jupyter_client, no sandbox"


@dataclass(frozen=True)
class Bench:
    """An environment, and runners whose kernels use it."""

    environment: str
    state: Path

    @asynccontextmanager
    async def runner(self, **changes: object) -> AsyncIterator[Kernels]:
        """Yield the kernels of a fresh runner; they are gone afterwards."""
        state = self.state / uuid4().hex[:8]
        settings = Settings(state_dir=state, environments_dir_override=shared_environments_dir())
        runtime = state / "run"
        runtime.mkdir(parents=True)
        launcher = BwrapLauncher(settings, runtime)
        kernels = Kernels(settings.model_copy(update=changes), launcher)
        kernels.start()
        try:
            yield kernels
        finally:
            await kernels.close()
            launcher.close()

    def spec(self, *imports: str) -> KernelSpec:
        """Return a kernel of this environment."""
        return KernelSpec(environment=self.environment, imports=imports)

    @asynccontextmanager
    async def bare(self) -> AsyncIterator[AsyncKernelClient]:
        """Yield a client of a bare ipykernel of the same environment, connected."""
        python = str(environment_python(shared_environments_dir() / self.environment))
        folder = self.state / f"bare-{uuid4().hex[:8]}"
        folder.mkdir()
        # On sockets like ours: of many kernels that pick TCP ports at once, some pick the same.
        manager = AsyncKernelManager(
            kernel_spec_manager=_Bare(python=python),
            transport="ipc",
            ip=str(folder / "s"),
            connection_file=str(folder / "kernel.json"),
        )
        await manager.start_kernel(stderr=asyncio.subprocess.DEVNULL)
        client = manager.client()
        client.start_channels(hb=False, stdin=False)
        try:
            yield client
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)


class _Bare(KernelSpecManager):
    """One kernel spec in memory: a Python's own ipykernel."""

    def __init__(self, python: str) -> None:
        super().__init__()
        self._python = python

    def get_kernel_spec(self, kernel_name: str) -> JupyterKernelSpec:
        """Return the spec."""
        argv = [self._python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return JupyterKernelSpec(argv=argv, name=kernel_name, display_name="", language="python")


async def run(kernels: Kernels, attempt: str, source: str) -> None:
    """Run a cell to its end; it must end well."""
    begun = kernels.start_run(attempt, RunRequest(run_id=uuid4().hex, source=source))
    async for event in begun.log.follow(0):
        if event is not None and isinstance(event.body, Finished):
            assert event.body.outcome == "ok", event.body


async def launch(kernels: Kernels, spec: KernelSpec) -> str:
    """Launch for a new attempt and return after its first reply."""
    attempt = uuid4().hex
    while kernels.ensure(attempt, spec).state == "queued":  # noqa: ASYNC110 - asking keeps the place
        await asyncio.sleep(0.05)
    await run(kernels, attempt, "None")
    return attempt


async def bare_run(client: AsyncKernelClient, source: str) -> None:
    """Run a cell in the bare kernel, and return after its reply."""
    message = client.execute(source, silent=False)
    while True:
        reply = await client.get_shell_msg(timeout=PATIENCE_SECONDS)
        if reply["parent_header"].get("msg_id") == message:
            assert reply["content"]["status"] == "ok"
            return


async def milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def cold_first_reply(bench: Bench) -> Figure:
    """From a launch to the first reply of a kernel that has to be started."""
    ours, bare = [], []
    async with bench.runner(kernel_pool_limit=0) as kernels:
        for _ in range(STARTS):
            began = time.perf_counter()
            async with bench.bare() as client:
                await bare_run(client, "None")
                bare.append((time.perf_counter() - began) * 1000)
            ours.append(await milliseconds(lambda: launch(kernels, bench.spec())))
    return beside("cold_first_reply_ms", ours, bare)


async def warm_first_reply(bench: Bench) -> Figure:
    """From a launch to the first reply of a kernel that waits with its modules loaded."""
    ours = []
    spec = bench.spec(*MODULES)
    async with bench.runner(kernel_pool_limit=1) as kernels:
        await launch(kernels, spec)
        for _ in range(STARTS):
            await until_ready(kernels, spec)
            ours.append(await milliseconds(lambda: launch(kernels, spec)))
    return median("warm_first_reply_ms", ours, "ms")


async def until_ready(kernels: Kernels, spec: KernelSpec) -> None:
    """Wait until a kernel of this kind waits for a student."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not kernels.ready(spec):  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.05)


async def cell_overhead(bench: Bench) -> Figure:
    """What the way through the runner adds to one trivial cell in the bare kernel."""
    ours, bare = [], []
    async with bench.runner(kernel_pool_limit=0) as kernels, bench.bare() as client:
        attempt = await launch(kernels, bench.spec())
        await bare_run(client, "None")
        for _ in range(CELLS):
            ours.append(await milliseconds(lambda: run(kernels, attempt, "None")))
            bare.append(await milliseconds(lambda: bare_run(client, "None")))
    figure = beside("cell_overhead_ms", ours, bare)
    added = round(figure.value - (figure.peer_value or 0), 1)
    return Figure(figure.figure, added, "ms", CELLS, figure.peer, figure.peer_value)


async def idle_kernel_pss(bench: Bench) -> list[Figure]:
    """Memory of an idle kernel, empty and with pandas and scikit-learn, beside three others."""
    figures = []
    for name, source in (("empty", "None"), ("loaded", LOAD)):
        ours = []
        async with bench.runner(kernel_pool_limit=0) as kernels:
            attempts = [await launch(kernels, bench.spec()) for _ in range(KERNELS)]
            for attempt in attempts:
                await run(kernels, attempt, source)
            for attempt in attempts:
                connection = kernels.get(attempt).connection
                assert connection is not None
                ours.append(sum(map(pss_bytes, connection.sandbox.processes())) / 1024**2)
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(bench.bare()) for _ in range(KERNELS)]
            for client in clients:
                await bare_run(client, source)
            bare = [pss_bytes(await process_of(client)) / 1024**2 for client in clients]
        figures.append(beside(f"idle_kernel_pss_mb_{name}", ours, bare, "MB"))
    return figures


async def process_of(client: AsyncKernelClient) -> int:
    """Return the process id that a bare kernel says it has."""
    message = client.execute("", user_expressions={"pid": "__import__('os').getpid()"})
    while True:
        reply = await client.get_shell_msg(timeout=PATIENCE_SECONDS)
        if reply["parent_header"].get("msg_id") == message:
            return int(reply["content"]["user_expressions"]["pid"]["data"]["text/plain"])


async def burst(bench: Bench) -> Figure:
    """A class that launches at once: the 95th percentile of the time to the first reply."""

    async def bare_launch() -> None:
        async with bench.bare() as client:
            await bare_run(client, "None")
            answered.append((time.perf_counter() - began) * 1000)

    async with bench.runner(kernel_pool_limit=0) as kernels:
        spec = bench.spec()
        launches = (milliseconds(lambda: launch(kernels, spec)) for _ in range(BURST))
        ours = await asyncio.gather(*launches)
    answered: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(bare_launch() for _ in range(BURST)))
    return Figure("burst_30_p95_ms", p95(ours), "ms", BURST, BARE, p95(answered))


def p95(samples: list[float]) -> float:
    """Return the 95th percentile."""
    return round(sorted(samples)[int(len(samples) * 0.95)], 1)


def beside(figure: str, ours: list[float], bare: list[float], unit: str = "ms") -> Figure:
    """Return the median of ours beside that of the bare kernel."""
    peer = median(figure, bare, unit).value
    return Figure(figure, median(figure, ours, unit).value, unit, len(ours), BARE, peer)


async def measure(state: Path) -> list[Figure]:
    """Measure everything, one after the other."""
    name = await build_environment(LIBRARIES, root=shared_environments_dir(), log=lambda _: None)
    bench = Bench(name, state)
    return [
        await cold_first_reply(bench),
        await warm_first_reply(bench),
        await cell_overhead(bench),
        *await idle_kernel_pss(bench),
        await burst(bench),
    ]


def main() -> int:
    """Measure and print; what replays and environments cost, too."""
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as folder:
        figures = asyncio.run(measure(Path(folder)))
    print_report([*figures, *replay_cpu.measure(), *environment_build.environment_figures()])
    return 0


if __name__ == "__main__":
    sys.exit(main())
