import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from notebooks.environments.processes import MAX_OUTPUT, run


async def test_a_program_has_the_variables_it_is_given_and_no_others(tmp_path: Path) -> None:
    code = "import os; print(sorted(os.environ), os.getcwd())"
    returned, output = await run(
        [sys.executable, "-I", "-c", code], environment={"LANG": "C.UTF-8"}, folder=tmp_path
    )
    assert (returned, output) == (0, f"['LANG'] {tmp_path}\n")


async def test_its_output_is_told_line_by_line_and_kept_up_to_a_bound(tmp_path: Path) -> None:
    lines: list[str] = []
    code = "for n in range(400000): print(n, '\\xff')\nraise SystemExit(3)"
    returned, output = await run(
        [sys.executable, "-I", "-c", code], environment={}, folder=tmp_path, log=lines.append
    )
    assert returned == 3
    assert lines[0].startswith("0 ")
    assert len(output) <= MAX_OUTPUT
    assert sum(map(len, lines)) <= MAX_OUTPUT


async def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "child"
    code = (
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"fresh = pathlib.Path({str(mark)!r} + '.new')\n"
        f"fresh.write_text(str(child.pid)); fresh.rename({str(mark)!r})\n"
        "time.sleep(600)\n"
    )
    task = asyncio.create_task(run([sys.executable, "-c", code], environment={}, folder=tmp_path))
    await wait_until(mark.exists)
    child = Path("/proc") / mark.read_text()
    assert child.exists()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await wait_until(lambda: not is_running(child))


async def test_its_address_space_is_bounded(tmp_path: Path) -> None:
    code = (
        "import resource, time\n"
        "while resource.getrlimit(resource.RLIMIT_AS)[0] < 0: time.sleep(0.01)\n"
        "x = bytearray(2 * 1024**3)\n"
    )
    returned, output = await run(
        [sys.executable, "-I", "-c", code],
        environment={},
        folder=tmp_path,
        address_space=1024**3,
    )
    assert returned == 1
    assert "MemoryError" in output


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - other processes bring it about
            await asyncio.sleep(0.02)


def is_running(process: Path) -> bool:
    """Whether a process runs; one that ended and nobody has waited for does not."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
