import asyncio
import os
from pathlib import Path

import pytest

from config.paths import runtime_dir
from config.settings import Settings
from notebooks.kernels.provisioners.base import sockets_dir
from notebooks.kernels.records import Limits
from notebooks.kernels.runner.kernels import Kernels
from tests.sandboxes import Student, ran

pytestmark = pytest.mark.sandbox

SMALL = Limits(memory_bytes=384 * 1024**2, run_seconds=4)

BOMBS = {
    "forks": "import os\nwhile True:\n try: os.fork()\n except OSError: pass",
    "threads": (
        "import threading, time\nn = 0\ntry:\n  while True:\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); n += 1\n"
        "except RuntimeError: pass\nn"
    ),
    "memory": "x = []\nwhile True: x.append(bytearray(50_000_000))",
    "output": "while True: print('x' * 100_000)",
    "messages": "from IPython.display import display\nwhile True: display(1)",
    "disk": "n = 0\nwhile True:\n  open(f'f{n}', 'wb').write(b'x' * 10**6); n += 1",
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_neighbour_answers_while_a_bomb_goes_off(
    kernels: Kernels, environment: str, bomb: str
) -> None:
    attacker = Student(kernels, environment, SMALL)
    neighbour = Student(kernels, environment)
    await neighbour.run("x = 41")
    await attacker.run("0")
    run = attacker.begin(BOMBS[bomb])
    await asyncio.sleep(1)
    async with asyncio.timeout(10):
        assert (await neighbour.run("x + 1")).result == "42"
    async with asyncio.timeout(40):
        ended = await ran(run)
    assert ended.finished.outcome in {"ok", "error", "died", "timeout"}
    if bomb == "threads":
        assert int(ended.result) < SMALL.processes + 16
    async with asyncio.timeout(40):
        assert (await attacker.run("'again'")).finished.outcome in {"ok", "died"}
    assert (await neighbour.run("x + 1")).result == "42"


LOOK = """
import os, glob
folder = [p for p in os.listdir({parent!r})]
mine = os.path.join({parent!r}, folder[0])
tries = []
for action in (
    lambda: os.remove(mine + '/s-1'),
    lambda: os.symlink('/etc/passwd', mine + '/s-6'),
    lambda: os.rename(mine + '/s-1', mine + '/s-9'),
    lambda: open(mine + '/big', 'wb'),
    lambda: os.chmod(mine, 0o777),
    lambda: open(mine + '/kernel.json', 'a'),
):
    try:
        action()
        tries.append('done')
    except OSError as error:
        tries.append(error.errno)
len(folder), tries
"""


async def test_a_kernel_sees_its_own_sealed_socket_folder_and_no_other(
    kernels: Kernels, environment: str, sandbox_settings: Settings
) -> None:
    first, second = Student(kernels, environment), Student(kernels, environment)
    await first.run("1")
    await second.run("1")
    parent = str(sockets_dir(runtime_dir(sandbox_settings)))
    assert len(list(Path(parent).iterdir())) == 2  # noqa: ASYNC240 - a look
    count, tries = eval((await first.run(LOOK.format(parent=parent))).result)  # noqa: S307 - numbers
    assert count == 1
    # The connection file belongs to the sandbox, but nobody reads it again. An ordinary user's
    # sandbox has that user's id and could lift the seal; that is said at the runner's start.
    sealed = tries[:5] if os.geteuid() == 0 else tries[:4]
    assert [outcome for outcome in sealed if outcome not in {1, 13}] == []


async def test_kernels_have_different_users_and_see_only_their_processes(
    kernels: Kernels, environment: str
) -> None:
    look = "import os\nos.getuid(), sorted(int(p) for p in os.listdir('/proc') if p.isdigit())[:2]"
    seen = []
    for _ in range(2):
        student = Student(kernels, environment)
        seen.append(eval((await student.run(look)).result))  # noqa: S307 - numbers
    assert seen[0][0] != seen[1][0]
    assert [processes for _, processes in seen] == [[1, 2], [1, 2]]


async def test_a_forged_idle_message_does_not_hide_the_error(
    kernels: Kernels, environment: str
) -> None:
    student = Student(kernels, environment)
    forged = (
        "k = get_ipython().kernel\n"
        "k.session.send(k.iopub_socket, 'status', {'execution_state': 'idle'},\n"
        "               parent=k.get_parent(), ident=k._topic('status'))\n"
        "raise ValueError('real')"
    )
    assert (await student.run(forged)).finished.outcome == "error"
