"""Runs in a real sandbox, without the runner's API in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from config.database import Database
from config.settings import Settings
from notebooks.attempts.execution import Executor
from notebooks.attempts.models import Attempt, RunState
from notebooks.attempts.runs import RunView, current_runs, request_run
from notebooks.kernels.records import KernelSpec, KernelStatus, RunEvent, RunRequest
from notebooks.kernels.runner.kernels import Kernels
from tests.sandboxes import environment, kernels, launcher, sandbox_settings

__all__ = ["environment", "kernels", "launcher", "sandbox_settings"]

pytestmark = pytest.mark.sandbox


@dataclass
class Direct:
    """The runner's kernels as the worker sees them."""

    kernels: Kernels

    async def ensure_kernel(self, url: str, attempt_id: str, spec: KernelSpec) -> KernelStatus:
        assert url
        return self.kernels.ensure(attempt_id, spec)

    async def start_run(self, url: str, attempt_id: str, request: RunRequest) -> None:
        assert url
        self.kernels.start_run(attempt_id, request)

    async def events(
        self, url: str, attempt_id: str, run_id: str, after: int
    ) -> AsyncIterator[RunEvent]:
        assert url
        async for event in self.kernels.run(attempt_id, run_id).log.follow(after):
            if event is not None:
                yield event

    async def acknowledge(self, url: str, attempt_id: str, run_id: str, through: int) -> None:
        assert url
        self.kernels.run(attempt_id, run_id).log.acknowledge(through)


async def test_cells_run_in_a_sandbox_and_survive_a_killed_worker(
    database: Database,
    kernels: Kernels,
    environment: str,
    sandbox_settings: Settings,
    attempt_id: UUID,
) -> None:
    with database.transaction() as session:
        session.get_one(Attempt, attempt_id).case_version.environment = environment
    sources = {
        "load": "import time\nn = 0\nfor i in range(4):\n    n += 1; print(i, flush=True)\n"
        "    time.sleep(0.4)",
        "fit": "n",
    }
    with database.transaction() as session:
        for cell, source in sources.items():
            request_run(session, attempt_id=attempt_id, cell_id=cell, source=source, run_id=uuid4())
    executor = Executor(database, Direct(kernels), sandbox_settings, attempt_id, 1)

    def views() -> dict[str, RunView]:
        with database.transaction() as session:
            return {view.cell_id: view for view in current_runs(session, attempt_id)}

    killed = asyncio.create_task(executor.execute_all())
    async with asyncio.timeout(60):
        while not views()["load"].outputs:  # noqa: ASYNC110 - the database sends no event
            await asyncio.sleep(0.05)
    killed.cancel()
    await asyncio.wait([killed])
    await executor.execute_all()
    after = views()
    assert {view.state for view in after.values()} == {RunState.OK}
    assert [one.text for one in after["load"].outputs] == ["0\n1\n2\n3\n"]
    assert after["fit"].outputs[0].data["text/plain"] == "4"
