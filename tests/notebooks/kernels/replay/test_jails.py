"""What a jail of the grading server holds off, from the host and from its neighbours."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from config.paths import runtime_dir
from config.settings import Settings
from notebooks.kernels.records import AskValue, KernelSpec, Limits
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.replay.server import GradingServer, ServerKey
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from notebooks.kernels.values import Str
from tests.environments import shared_environments_dir
from tests.replaying import Grader, value_of

pytestmark = pytest.mark.sandbox

MEGABYTE = 1024 * 1024
SMALL = Limits(memory_bytes=384 * MEGABYTE, processes=24, home_bytes=32 * MEGABYTE)


@pytest.fixture
async def grader(launcher: BwrapLauncher, environment: str) -> AsyncIterator[Grader]:
    """Replays in forked jails only: the first one proves that they can be made."""
    replayer = SandboxReplayer(launcher, servers=2)
    made = Grader(replayer, environment)
    assert await made.said("import os; print(os.getuid(), os.getpid())") == "1000 2"
    yield made
    await replayer.close()


async def test_a_jail_has_only_its_own_socket_and_a_user_of_its_own(
    grader: Grader, launcher: BwrapLauncher
) -> None:
    look = (
        "import os\nlinks = []\n"
        "for fd in os.listdir('/proc/self/fd'):\n"
        "    try: links.append(os.readlink(f'/proc/self/fd/{fd}').split(':')[0])\n"
        "    except OSError: pass\n"
        "print(sorted(links))"
    )
    assert await grader.said(look) == str(["/dev/null"] * 3 + ["socket"])
    maps = [await grader.said("print(open('/proc/self/uid_map').read().split()[1])") for _ in "ab"]
    if launcher.as_root:  # the map as seen from inside names the user id of the host
        assert len(set(maps)) == 2
        assert str(os.geteuid()) not in maps


async def test_a_jail_sees_the_packages_of_a_host_that_keeps_them_below_its_tmp(
    sandbox_settings: Settings, environment: str, tmp_path: Path
) -> None:
    assert tmp_path.is_relative_to("/tmp")
    copy = tmp_path / "environments" / environment
    source = shared_environments_dir() / environment
    shutil.copytree(source, copy, symlinks=True, ignore=shutil.ignore_patterns("debugpy", "jedi"))
    settings = sandbox_settings.model_copy(update={"environments_dir_override": copy.parent})
    launcher = BwrapLauncher(settings, tmp_path / "runtime")
    replayer = SandboxReplayer(launcher, servers=1)
    try:
        made = Grader(replayer, environment)
        late = "import os, sys, jupyter_client.threaded; print(os.getpid(), sys.prefix)"
        assert await made.said(late) == "2 /environment"
    finally:
        await replayer.close()
        launcher.close()


LEAVE = """
import builtins, math, os, socket, subprocess, sys
for place in ('/tmp', '/home/student', '/dev/shm'):
    open(place + '/left', 'w').write('left')
os.environ['LEFT'] = math.left = builtins.left = 'left'
sys.modules['left'] = math
left = socket.socket(socket.AF_UNIX)
left.bind('\\0left')
left.listen()
subprocess.Popen(['/usr/bin/sleep', '1000'], start_new_session=True)
os.system('ulimit -n 100')
sys.path.append('/left')
"""
LOOK = """
import builtins, math, os, socket, sys
found = [p for p in ('/tmp', '/home/student', '/dev/shm') if os.path.exists(p + '/left')]
found += [what for what in (os.environ, vars(math), vars(builtins), sys.modules, globals())
          if 'left' in what or 'LEFT' in what]
found += [p for p in sys.path if p == '/left']
try:
    socket.socket(socket.AF_UNIX).connect('\\0left')
    found.append('socket')
except ConnectionRefusedError:
    pass
print(found, sorted(int(p) for p in os.listdir('/proc') if p.isdigit()))
"""


async def test_a_jail_sees_nothing_of_an_earlier_one_or_of_a_neighbour(grader: Grader) -> None:
    assert (await grader.replay(LEAVE)).cells[0].ok
    assert await grader.said(LOOK) == "[] [1, 2]"
    stay = asyncio.create_task(grader.replay(LEAVE, "import time; time.sleep(4)"))
    await asyncio.sleep(1)
    assert await grader.said(LOOK) == "[] [1, 2]"
    assert not stay.done()
    assert (await stay).outcome == "completed"


BOMBS = {
    "forks": "import os\nwhile True:\n try: os.fork()\n except OSError: pass",
    "memory": "x = []\nwhile True: x.append(bytearray(50_000_000))",
    "output": "while True: print('x' * 100_000)",
    "descriptors": (
        "import os\nkept = []\nwhile True:\n try: kept.append(os.dup(0))\n except OSError: pass"
    ),
    "answers": (
        "import os\nwhile True:\n"
        " for fd in range(3, 9):\n"
        "  try: os.write(fd, b'x' * 10_000_000)\n"
        "  except OSError: pass"
    ),
    "crash": "import ctypes; ctypes.string_at(1)",
    "stop": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_neighbour_and_the_server_do_not_notice_a_bomb(grader: Grader, bomb: str) -> None:
    attack = asyncio.create_task(grader.replay(BOMBS[bomb], wall_seconds=4, limits=SMALL))
    async with asyncio.timeout(60):
        for number in range(3):
            assert await grader.said("x = 41", f"print(x + {number})") == str(41 + number)
        done = await attack
    assert done.outcome in {"timeout", "died", "protocol"}
    assert await grader.said("print('after')") == "after"


async def test_random_numbers_differ_between_jails_of_one_server(grader: Grader) -> None:
    draw = "import random, numpy as np\nprint(random.random(), np.random.rand())"
    drawn = [await grader.said(draw) for _ in range(3)]
    assert len({number for line in drawn for number in line.split()}) == 6


async def test_magics_and_input_are_as_in_a_fresh_sandbox(
    grader: Grader, launcher: BwrapLauncher
) -> None:
    cells = (
        "%matplotlib inline", "!ls /proc/self/status", "input()", "%%time\nx = 1",
        "raise SystemExit", "%cd /tmp", "import os; print(os.getcwd(), os.listdir('.'))",
        "import subprocess; print(subprocess.run(['true']).returncode)",
        "import multiprocessing as m\nwith m.Pool(2) as pool: print(pool.map(abs, [-1]))",
    )  # fmt: skip
    forked = await grader.replay(*cells)
    fresh = await Grader(SandboxReplayer(launcher, servers=0), grader.environment).replay(*cells)
    for one, other in zip(forked.cells, fresh.cells, strict=True):
        names = [cell.failure.name if cell.failure else None for cell in (one, other)]
        assert (one.id, one.ok, names[0]) == (other.id, other.ok, names[1])
        if one.id != "c3":  # what took how long
            assert one.stdout == other.stdout


async def test_a_jail_that_ends_leaves_nothing(grader: Grader, launcher: BwrapLauncher) -> None:
    async def groups() -> int:
        if launcher.hierarchy is None:
            return 0
        return len(list(launcher.hierarchy.leftovers()))

    before = await groups()
    await asyncio.gather(*(grader.replay(LEAVE) for _ in range(4)))
    await grader.replay("while True: pass", wall_seconds=1)
    assert await groups() == before


async def test_a_server_that_dies_is_started_again(grader: Grader) -> None:
    servers = grader.replayer._servers
    assert servers is not None
    (task,) = servers._servers.values()
    server = task.result()
    running = asyncio.create_task(grader.replay("import time; time.sleep(60)"))
    await asyncio.sleep(0.5)
    server._sandbox.kill()
    assert (await running).outcome == "died"
    assert await grader.said("print(1)") == "1"
    assert not server.alive


async def test_the_longest_unused_server_is_ended_beyond_the_bound(
    launcher: BwrapLauncher, environment: str
) -> None:
    replayer = SandboxReplayer(launcher, servers=1)
    try:
        for imports in (("json",), ("csv",), ("json",)):
            grader = Grader(replayer, environment, imports)
            loaded = f"import sys; print('{imports[0]}' in sys.modules)"
            assert await grader.said(loaded) == "True"
            assert replayer._servers is not None
            assert len(replayer._servers._servers) == 1
            assert replayer.memory_bytes() > MEGABYTE
    finally:
        await replayer.close()
    if launcher.hierarchy is not None:
        assert list(launcher.hierarchy.leftovers()) == []


async def test_a_module_that_cannot_be_imported_is_left_out(
    launcher: BwrapLauncher, environment: str
) -> None:
    replayer = SandboxReplayer(launcher, servers=1)
    try:
        grader = Grader(replayer, environment, ("nowhere.to_be_found", "json"))
        done = await grader.replay("import os", ask=(AskValue(expression="str(os.getuid())"),))
        assert value_of(done.answers[0]) == Str(v="1000")
        assert done.note == ""
    finally:
        await replayer.close()


NOISY = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"


async def test_an_environment_that_starts_threads_is_replayed_afresh_and_that_is_said(
    launcher: BwrapLauncher, environment: str
) -> None:
    whole = launcher.environment(KernelSpec(environment=environment))
    noisy = whole.with_name(f"test-{uuid4().hex}")
    shutil.copytree(whole, noisy, symlinks=True, copy_function=os.link)
    (packages,) = noisy.glob("lib/python*/site-packages")
    (packages / "noisy.py").write_text(NOISY)
    replayer = SandboxReplayer(launcher, servers=1)
    try:
        grader = Grader(replayer, noisy.name, ("noisy",))
        for _ in range(2):
            done = await grader.replay("import noisy, os", "print(os.getpid())")
            assert [cell.ok for cell in done.cells] == [True, True]
            assert "start threads" in done.note
    finally:
        await replayer.close()
        shutil.rmtree(noisy)


async def test_nothing_outlives_a_host_that_is_killed(
    launcher: BwrapLauncher, environment: str, sandbox_settings: Settings
) -> None:
    code = (
        "import asyncio\nfrom tests.notebooks.kernels.replay.test_jails import stay\n"
        f"asyncio.run(stay({str(sandbox_settings.state_dir)!r}, {environment!r}))"
    )
    host = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert host.stdout is not None
    async with asyncio.timeout(60):
        inside = int(await host.stdout.readline())
    host.kill()
    await host.wait()
    async with asyncio.timeout(20):
        while Path(f"/proc/{inside}").exists():  # noqa: ASYNC110, ASYNC240 - only a look tells
            await asyncio.sleep(0.05)
    launcher.sweep()
    if launcher.hierarchy is not None:
        assert list(launcher.hierarchy.leftovers()) == []


async def stay(state: str, environment: str) -> None:
    """Replay without an end, and print the id of a jail's process 1."""
    settings = Settings(state_dir=Path(state), environments_dir_override=shared_environments_dir())
    launcher = BwrapLauncher(settings, runtime_dir(settings))
    server = await GradingServer.start(launcher, ServerKey(environment, (), None))
    jail = await server.fork(KernelSpec(environment=environment))
    sys.stdout.write(f"{jail.init}\n")
    sys.stdout.flush()
    await jail.wait()
