"""Room, queue, sleep, death and restart of kernels."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from config.settings import Settings
from notebooks.kernels.errors import KernelMissingError
from notebooks.kernels.records import KernelSpec, Limits
from notebooks.kernels.runner import kernels as kernels_module
from notebooks.kernels.runner.kernels import Kernels
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from tests.sandboxes import Student, ran

pytestmark = pytest.mark.sandbox

Make = Callable[..., Kernels]


@pytest.fixture
async def make(
    sandbox_settings: Settings, launcher: BwrapLauncher, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Make]:
    """Make the kernels of a runner that looks after them often, with some settings of its own."""
    monkeypatch.setattr(kernels_module, "_LOOK_SECONDS", 0.05)
    async with AsyncExitStack() as stack:

        def made(**changes: object) -> Kernels:
            kernels = Kernels(sandbox_settings.model_copy(update=changes), launcher)
            kernels.start()
            stack.push_async_callback(kernels.close)
            return kernels

        yield made


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.02)


async def test_the_longest_idle_kernel_makes_room_and_its_page_hears_of_it(
    make: Make, environment: str
) -> None:
    kernels = make(kernel_limit=2, kernel_spare_seconds=0)
    start = await kernels.changes.after("", 0)
    first, second, third = (Student(kernels, environment) for _ in range(3))
    await first.run("1")
    await second.run("2")
    slept = kernels.get(first.attempt_id).kernel_id
    assert (await third.run("3")).result == "3"
    with pytest.raises(KernelMissingError):
        kernels.get(first.attempt_id)
    (change,) = (await kernels.changes.after(start.epoch, 0)).changes
    assert (change.attempt_id, change.status.kernel_id) == (first.attempt_id, slept)
    assert change.status.state == "asleep"
    assert change.status.reason is not None
    assert "others needed the room" in change.status.reason


async def test_while_all_kernels_work_launches_queue_and_get_theirs_in_their_order(
    make: Make, environment: str
) -> None:
    kernels = make(kernel_limit=1, kernel_spare_seconds=0)
    working, second, third = (Student(kernels, environment) for _ in range(3))
    run = working.begin("import time; time.sleep(60)")
    for _ in range(2):
        told = [kernels.ensure(one.attempt_id, one.spec) for one in (second, third)]
        assert [(one.state, one.position) for one in told] == [("queued", 1), ("queued", 2)]
    assert kernels.status(third.attempt_id).position == 2
    run.stop()
    await ran(run)
    await until(lambda: kernels.status(second.attempt_id).state != "queued")
    assert kernels.status(third.attempt_id).position == 1
    kernels.kill(second.attempt_id)
    await until(lambda: kernels.status(third.attempt_id).state != "queued")
    assert (await third.run("3")).result == "3"


async def test_a_kernel_that_was_used_a_moment_ago_is_spared(make: Make, environment: str) -> None:
    kernels = make(kernel_limit=1, kernel_spare_seconds=60)
    first = Student(kernels, environment)
    await first.run("x = 1")
    assert kernels.ensure("second", KernelSpec(environment=environment)).state == "queued"
    assert (await first.run("x")).result == "1"


async def test_whoever_gives_up_waiting_is_passed_over(make: Make, environment: str) -> None:
    kernels = make(kernel_limit=1, kernel_spare_seconds=60)
    await Student(kernels, environment).run("1")
    spec = KernelSpec(environment=environment)
    assert [kernels.ensure(one, spec).position for one in "ab"] == [1, 2]
    kernels.kill("a")
    assert kernels.ensure("b", spec).position == 1
    with pytest.raises(KernelMissingError):
        kernels.status("a")


async def test_memory_as_measured_fills_the_budget(make: Make, environment: str) -> None:
    kernels = make(kernels_memory_bytes=320 * 1024**2, kernel_spare_seconds=60)
    first = Student(kernels, environment)
    await first.run("held = b'x' * (250 << 20)")
    await until(lambda: kernels._budget.used_bytes(kernels._residents()) > 250 * 1024**2)
    assert kernels.ensure("second", KernelSpec(environment=environment)).state == "queued"
    await first.run("del held")
    await until(lambda: kernels.status("second").state != "queued")


async def test_an_idle_kernel_falls_asleep_and_a_working_one_does_not(
    make: Make, environment: str
) -> None:
    kernels = make(kernel_idle_seconds=1)
    start = await kernels.changes.after("", 0)
    sleeper, worker = Student(kernels, environment), Student(kernels, environment)
    run = worker.begin("import time; time.sleep(4); print('done')")
    await sleeper.run("x = 1")
    (change,) = (await kernels.changes.after(start.epoch, 0, seconds=30)).changes
    assert (change.attempt_id, change.status.state) == (sleeper.attempt_id, "asleep")
    assert change.status.reason == (
        "Your kernel was put to sleep after 1 seconds without use. "
        "The next Run starts a new one; what earlier cells defined is gone."
    )
    assert (await ran(run)).text == "done\n"
    assert (await sleeper.run("'x' in globals()")).result == "False"


@pytest.mark.parametrize(
    ("last_cell", "message"),
    [
        ("import os, threading; threading.Timer(0.5, os._exit, (3,)).start()", "exit code 3"),
        ("import threading; threading.Timer(0.5, lambda: b'x' * (2 << 30)).start()", "memory"),
    ],
)
async def test_a_kernel_that_dies_while_idle_is_told_of_at_once_with_its_reason(
    make: Make, environment: str, last_cell: str, message: str
) -> None:
    kernels = make()
    start = await kernels.changes.after("", 0)
    student = Student(kernels, environment, Limits(memory_bytes=256 * 1024**2))
    await student.run(last_cell)
    kernel = kernels.get(student.attempt_id)
    (change,) = (await kernels.changes.after(start.epoch, 0, seconds=30)).changes
    assert (change.status.state, change.status.kernel_id) == ("dead", kernel.kernel_id)
    assert change.status.reason is not None
    assert message in change.status.reason
    assert kernels.status(student.attempt_id) == change.status
    assert (await student.run("'fresh'")).result == "'fresh'"


async def test_a_dead_kernel_leaves_nothing_even_before_it_is_replaced(
    make: Make, environment: str
) -> None:
    kernels = make()
    student = Student(kernels, environment)
    await student.run("1")
    connection = kernels.get(student.attempt_id).connection
    assert connection is not None
    connection.sandbox.kill()
    await until(lambda: not list((kernels._launcher.runtime / "k").iterdir()))
    assert kernels.status(student.attempt_id).state == "dead"


async def test_a_restart_stops_the_cell_and_forgets_what_cells_defined(
    make: Make, environment: str
) -> None:
    kernels = make()
    start = await kernels.changes.after("", 0)
    student = Student(kernels, environment)
    await student.run("x = 1")
    before = kernels.get(student.attempt_id).kernel_id
    run = student.begin("import time; time.sleep(60)")
    await until(lambda: run.log.last)
    status = kernels.restart(student.attempt_id)
    assert status.kernel_id != before
    stopped = (await ran(run)).finished
    assert (stopped.outcome, stopped.message) == (
        "stopped",
        "You restarted Python while the cell ran.",
    )
    assert (await student.run("'x' in globals()")).result == "False"
    assert (await kernels.changes.after(start.epoch, 0, seconds=0.2)).changes == ()


async def test_a_restart_while_the_kernel_starts_stops_the_cell_that_waits(
    make: Make, environment: str
) -> None:
    kernels = make()
    student = Student(kernels, environment)
    run = student.begin("1")
    kernels.restart(student.attempt_id)
    assert (await ran(run)).finished.outcome == "stopped"
    assert (await student.run("2")).result == "2"


async def test_there_is_nothing_to_restart_without_a_kernel(make: Make) -> None:
    with pytest.raises(KernelMissingError):
        make().restart("nobody")


async def test_a_cell_whose_kernel_is_ended_just_as_it_is_ready_learns_of_it(
    make: Make, environment: str
) -> None:
    kernels = make()
    student = Student(kernels, environment)
    run = student.begin("1")
    kernel = kernels.get(student.attempt_id)
    assert kernel.starting is not None
    kernel.starting.add_done_callback(lambda _: kernels.kill(student.attempt_id))
    finished = (await ran(run)).finished
    assert finished.outcome == "died"
    assert "killed" in finished.message


async def test_kernels_that_are_ended_while_they_are_being_forked_leave_nothing(
    make: Make, environment: str
) -> None:
    kernels = make()
    student = Student(kernels, environment)
    run = student.begin("1")
    for turn in range(30):
        await asyncio.sleep(turn / 2000)
        kernels.restart(student.attempt_id)
    assert (await ran(run)).finished.outcome == "stopped"
    kernels.kill(student.attempt_id)
    sockets = kernels._launcher.runtime / "k"
    await until(lambda: not any(sockets.iterdir()))
    assert _naming(str(sockets)) == []


def _naming(folder: str) -> list[Path]:
    """Return the processes that name a folder, in /proc; an orphan is one, too."""
    entries = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [entry for entry in entries if folder in _command_line(entry)]


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(errors="replace")
    except OSError:
        return ""
