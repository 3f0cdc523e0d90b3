import asyncio
import time
from uuid import uuid4

import pytest

from notebooks.kernels.errors import KernelBusyError
from notebooks.kernels.provisioners.base import sockets_dir
from notebooks.kernels.records import Limits, RunRequest
from notebooks.kernels.runner.kernels import Kernels
from notebooks.kernels.sandboxes.base import Launcher
from tests.engines import docker_engine, every_launcher, podman_engine
from tests.sandboxes import Student, ran

__all__ = ["docker_engine", "every_launcher", "podman_engine"]


@pytest.fixture
def launcher(every_launcher: Launcher) -> Launcher:
    """Every test here holds for every kind of launcher."""
    return every_launcher


async def test_a_cell_prints_shows_a_value_and_keeps_its_names(
    kernels: Kernels, environment: str
) -> None:
    student = Student(kernels, environment)
    first = await student.run("x = 20\nprint('hello')\nx + 1")
    second = await student.run("x + 22")
    assert first.text == "hello\n"
    assert first.result == "21"
    assert first.finished.outcome == "ok"
    assert first.finished.execution_count == 1
    assert second.result == "42"


async def test_output_arrives_while_the_cell_still_runs(kernels: Kernels, environment: str) -> None:
    student = Student(kernels, environment)
    await student.run("import time")
    run = student.begin("print('now', flush=True); time.sleep(1); print('then')")
    async for event in run.log.follow(0):
        if event is not None and event.body.kind == "output":
            break
    assert run.log.finished is None
    assert (await ran(run)).text == "now\nthen\n"


async def test_a_kernel_that_no_folder_can_be_made_for_is_dead_and_replaced_later(
    kernels: Kernels, launcher: Launcher, environment: str
) -> None:
    sockets = sockets_dir(launcher.runtime)
    sockets.touch()
    student = Student(kernels, environment)
    failed = await student.run("1")
    assert failed.finished.outcome == "died"
    status = kernels.get(student.attempt_id).status()
    assert (status.state, status.reason) == (
        "dead", "The kernel could not be started: something is wrong on our side.",
    )  # fmt: skip
    sockets.unlink()
    assert (await student.run("1")).result == "1"


async def test_an_error_ends_the_run_but_not_the_kernel(kernels: Kernels, environment: str) -> None:
    student = Student(kernels, environment)
    failed = await student.run("1 / 0")
    assert failed.finished.outcome == "error"
    assert failed.outputs[0].ename == "ZeroDivisionError"
    assert (await student.run("'alive'")).result == "'alive'"


async def test_starting_a_run_twice_executes_it_once(kernels: Kernels, environment: str) -> None:
    student = Student(kernels, environment)
    await student.run("n = 0")
    request = RunRequest(run_id=uuid4().hex, source="n += 1")
    first = kernels.start_run(student.attempt_id, request)
    assert kernels.start_run(student.attempt_id, request) is first
    await ran(first)
    assert kernels.start_run(student.attempt_id, request) is first
    assert (await student.run("n")).result == "1"


async def test_a_second_run_beside_one_that_executes_is_refused(
    kernels: Kernels, environment: str
) -> None:
    student = Student(kernels, environment)
    run = student.begin("1")
    with pytest.raises(KernelBusyError):
        student.begin("2")
    await ran(run)


async def test_a_second_launch_joins_the_living_kernel(kernels: Kernels, environment: str) -> None:
    student = Student(kernels, environment)
    await student.run("x = 1")
    kernels.ensure(student.attempt_id, student.spec)
    assert (await student.run("x")).result == "1"


async def test_stop_interrupts_the_cell_and_keeps_the_names(
    kernels: Kernels, environment: str
) -> None:
    student = Student(kernels, environment)
    await student.run("x = 5")
    run = student.begin("while True: pass")
    await asyncio.sleep(0.2)
    run.stop()
    assert (await ran(run)).finished.outcome == "stopped"
    assert (await student.run("x")).result == "5"


async def test_a_cell_that_runs_too_long_is_interrupted(kernels: Kernels, environment: str) -> None:
    student = Student(kernels, environment, Limits(run_seconds=0.5))
    over = await student.run("import time\nwhile True: time.sleep(0.01)")
    assert over.finished.outcome == "timeout"
    assert "0.5 seconds" in over.finished.message
    assert (await student.run("'alive'")).result == "'alive'"


async def test_a_cell_that_ignores_the_interrupt_loses_its_process(
    kernels: Kernels, environment: str
) -> None:
    student = Student(kernels, environment, Limits(run_seconds=0.5))
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    over = await student.run(stubborn)
    assert over.finished.outcome == "timeout"
    assert "variables are gone" in over.finished.message
    assert (await student.run("'fresh'")).result == "'fresh'"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "killed"),
        ("import ctypes; ctypes.string_at(0)", "crashed"),
        ("x = bytearray(10 * 1024**3)", "more than 0.5 GB of memory"),
        ("x = []\nwhile True: x.append(bytearray(10_000_000))", "more than 0.5 GB of memory"),
    ],
)
async def test_a_cell_that_kills_its_kernel_is_told_why(
    kernels: Kernels, environment: str, source: str, message: str
) -> None:
    student = Student(kernels, environment, Limits(memory_bytes=512 * 1024**2))
    dead = await student.run(source)
    if dead.finished.outcome == "error":  # one allocation too large even to be tried
        assert dead.outputs[-1].ename == "MemoryError"
        return
    assert dead.finished.outcome == "died"
    assert message in dead.finished.message
    assert kernels.get(student.attempt_id).status().state == "dead"
    assert (await student.run("'fresh'")).result == "'fresh'"


async def test_a_flood_of_output_is_bounded_and_the_next_cell_runs(
    kernels: Kernels, environment: str
) -> None:
    student = Student(kernels, environment)
    began = time.monotonic()
    flood = await student.run("for _ in range(1000): print('x' * 100_000)")
    assert len(flood.text) < 100 * 1024
    assert flood.outputs[0].omitted_bytes > 0
    assert time.monotonic() - began < 20
    assert (await student.run("'next'")).result == "'next'"


async def test_a_plot_comes_back_as_png(kernels: Kernels, environment: str) -> None:
    student = Student(kernels, environment)
    code = (
        "from IPython.display import display, Image\n"
        "display(Image(data=b'\\x89PNG\\r\\n\\x1a\\n', format='png'))"
    )
    shown = await student.run(code)
    assert "image/png" in shown.outputs[0].data


async def test_a_kernel_whose_environment_is_missing_says_so(kernels: Kernels) -> None:
    student = Student(kernels, "missing")
    failed = await student.run("1")
    assert failed.finished.outcome == "died"
    assert "does not exist" in failed.finished.message


async def test_a_kernel_that_is_killed_from_outside_tells_its_run(
    kernels: Kernels, environment: str
) -> None:
    student = Student(kernels, environment)
    await student.run("1")
    run = student.begin("import time; time.sleep(30)")
    connection = kernels.get(student.attempt_id).connection
    assert connection is not None
    connection.sandbox.kill()
    assert (await ran(run)).finished.outcome == "died"
