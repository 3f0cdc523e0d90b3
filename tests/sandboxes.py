"""Fixtures for tests that run real sandboxes; a folder's conftest imports what it needs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from config.paths import runtime_dir
from config.settings import Settings
from notebooks.environments.build import build_environment
from notebooks.kernels.records import (
    Finished,
    KernelSpec,
    Limits,
    Output,
    OutputAppended,
    OutputsCleared,
    OutputSet,
    RunRequest,
)
from notebooks.kernels.runner.kernels import Kernels
from notebooks.kernels.runner.runs import Run
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from tests.environments import TABLES, shared_environments_dir


@pytest.fixture(scope="session")
def environment() -> str:
    """Name of an environment with numpy and pandas."""

    def quiet(_message: str) -> None:
        pass

    return asyncio.run(build_environment(TABLES, root=shared_environments_dir(), log=quiet))


@pytest.fixture
def sandbox_settings(settings: Settings) -> Settings:
    """The test's settings, with the environments that all tests share, and no kernels ahead."""
    return settings.model_copy(
        update={"environments_dir_override": shared_environments_dir(), "kernel_pool_limit": 0}
    )


@pytest.fixture
def launcher(sandbox_settings: Settings) -> Iterator[BwrapLauncher]:
    """Starts sandboxes below a runtime folder of the test's own."""
    made = BwrapLauncher(sandbox_settings, runtime_dir(sandbox_settings))
    yield made
    made.sweep()
    made.close()


@pytest.fixture
async def kernels(sandbox_settings: Settings, launcher: BwrapLauncher) -> AsyncIterator[Kernels]:
    """The kernels of a runner, without its API."""
    made = Kernels(sandbox_settings, launcher)
    made.start()
    yield made
    await made.close()


class Student:
    """Somebody who runs cells in one attempt's kernel."""

    def __init__(self, kernels: Kernels, environment: str, limits: Limits | None = None) -> None:
        self.kernels = kernels
        self.attempt_id = uuid4().hex
        self.spec = KernelSpec(environment=environment, limits=limits or Limits())

    def begin(self, source: str) -> Run:
        """Start a cell, and a kernel if need be."""
        self.kernels.ensure(self.attempt_id, self.spec)
        request = RunRequest(run_id=uuid4().hex, source=source)
        return self.kernels.start_run(self.attempt_id, request)

    async def run(self, source: str) -> "Ran":
        """Run a cell to its end."""
        return await ran(self.begin(source))


class Ran:
    """What came of a run, put together from its events as a browser would."""

    def __init__(self, outputs: list[Output], finished: Finished) -> None:
        self.outputs = outputs
        self.finished = finished

    @property
    def text(self) -> str:
        """All stream text."""
        return "".join(output.text for output in self.outputs if output.kind == "stream")

    @property
    def result(self) -> str:
        """The text of the cell's value."""
        return next(output.data["text/plain"] for output in self.outputs if output.kind == "result")


async def ran(run: Run) -> Ran:
    """Read a run's events to its end, checking that the numbers have no gap."""
    outputs: list[Output] = []
    expected = 0
    async for event in run.log.follow(0):
        if event is None:
            continue
        expected += 1
        assert event.number == expected
        match event.body:
            case OutputSet(index=index, output=output):
                outputs[index : index + 1] = [output]
            case OutputAppended(index=index, text=text, start=start):
                old = outputs[index]
                outputs[index] = old.model_copy(update={"text": old.text[:start] + text})
            case OutputsCleared():
                outputs = []
            case Finished():
                return Ran(outputs, event.body)
    raise AssertionError("the log ended without Finished")
