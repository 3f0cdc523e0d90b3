"""Kernels that wait for students."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from config.settings import Settings
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.runner.kernels import Kernels
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from tests.notebooks.kernels.runner.test_lifecycle import until
from tests.sandboxes import Student

pytestmark = pytest.mark.sandbox

MODULES = ("pandas", "no_such_module", "this")
"""One that takes a while, one that is missing, one that prints when it is imported."""

TRACES = """
import sys
names = sorted(name for name in globals() if name != "sys")
str((names, get_ipython().execution_count, In, Out, len(sys.argv), sys.path))
"""


@pytest.fixture
async def kernels(sandbox_settings: Settings, launcher: BwrapLauncher) -> AsyncIterator[Kernels]:
    settings = sandbox_settings.model_copy(update={"kernel_pool_limit": 2})
    made = Kernels(settings, launcher)
    made.start()
    yield made
    await made.close()


def student_with(kernels: Kernels, environment: str, *modules: str) -> Student:
    student = Student(kernels, environment)
    student.spec = KernelSpec(environment=environment, imports=modules)
    return student


async def filled(kernels: Kernels, spec: KernelSpec, count: int = 1) -> None:
    await until(lambda: kernels._pool.ready(spec) == count, seconds=60)


async def test_a_launch_after_another_one_takes_a_kernel_that_is_ready(
    kernels: Kernels, environment: str
) -> None:
    first, second = (student_with(kernels, environment, "pandas") for _ in range(2))
    assert kernels.ensure(first.attempt_id, first.spec).state == "starting"
    await filled(kernels, first.spec)
    assert kernels.ensure(second.attempt_id, second.spec).state == "idle"
    assert (await second.run("import sys; 'pandas' in sys.modules")).result == "True"


async def test_a_ready_kernel_serves_one_student_once(kernels: Kernels, environment: str) -> None:
    students = [student_with(kernels, environment) for _ in range(3)]
    await students[0].run("x = 0")
    for number, student in enumerate(students[1:], start=1):
        await filled(kernels, student.spec)
        assert kernels.ensure(student.attempt_id, student.spec).state == "idle"
        assert (await student.run("'x' in globals()")).result == "False"
        await student.run(f"x = {number}")
    assert [(await student.run("x")).result for student in students] == ["0", "1", "2"]


async def test_a_kernel_of_another_kind_is_not_taken(kernels: Kernels, environment: str) -> None:
    first = student_with(kernels, environment)
    kernels.ensure(first.attempt_id, first.spec)
    await filled(kernels, first.spec)
    other = student_with(kernels, environment, "json")
    assert kernels.ensure(other.attempt_id, other.spec).state == "starting"


async def test_modules_that_were_loaded_ahead_leave_no_other_trace(
    kernels: Kernels, environment: str
) -> None:
    cold, warm = (student_with(kernels, environment, *MODULES) for _ in range(2))
    without = await cold.run(TRACES)
    await filled(kernels, warm.spec)
    assert kernels.ensure(warm.attempt_id, warm.spec).state == "idle"
    ahead = await warm.run(TRACES)
    assert ahead.result == without.result
    assert ahead.outputs == without.outputs
    assert ahead.finished.execution_count == 1
    assert (await warm.run("'this' in sys.modules")).result == "True"


async def test_a_kind_of_kernel_that_cannot_be_started_is_given_up(kernels: Kernels) -> None:
    student = student_with(kernels, "missing")
    kernels.ensure(student.attempt_id, student.spec)
    await until(lambda: not list(kernels._pool.demand.kinds(time.monotonic())))
    assert kernels.status(student.attempt_id).state == "dead"


async def test_a_student_takes_the_memory_of_kernels_that_wait(
    kernels: Kernels, environment: str
) -> None:
    kernels._budget.kernels = 2
    first = student_with(kernels, environment)
    await first.run("x = 1")
    await filled(kernels, first.spec)
    other = student_with(kernels, environment, "json")
    assert (await other.run("2")).result == "2"
    assert kernels._pool.ready(first.spec) == 0
    assert (await first.run("x")).result == "1"


async def test_no_kernel_is_made_ahead_while_a_student_waits_for_one(
    kernels: Kernels, environment: str
) -> None:
    kernels._budget.kernels = 1
    first = student_with(kernels, environment)
    await first.run("1")
    assert not kernels._may_fill(first.spec)
    kernels._budget.kernels = 2
    assert kernels._may_fill(first.spec)
    second = student_with(kernels, environment)
    assert kernels.ensure(second.attempt_id, second.spec).state == "starting"
    assert not kernels._may_fill(first.spec)
    await second.run("1")


async def test_what_is_launched_no_more_keeps_no_kernel(kernels: Kernels, environment: str) -> None:
    student = student_with(kernels, environment)
    await student.run("1")
    await filled(kernels, student.spec)
    kernels._pool.demand.forget(student.spec)
    await filled(kernels, student.spec, count=0)


async def test_a_ready_kernel_that_died_is_not_handed_out(
    kernels: Kernels, environment: str
) -> None:
    student = student_with(kernels, environment)
    await student.run("1")
    await filled(kernels, student.spec)
    (resident,) = tuple(kernels._pool.residents())
    assert resident.sandbox is not None
    resident.sandbox.kill()
    await asyncio.wait_for(resident.sandbox.wait(), 10)
    assert kernels._pool.take(student.spec) is None
    assert (await student.run("2")).result == "2"
