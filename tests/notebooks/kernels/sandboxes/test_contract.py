"""What `sandboxes.base` promises, asked of every launcher."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.paths import runtime_dir
from config.settings import Settings
from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import KernelSpec, Limits
from notebooks.kernels.sandboxes.base import Launcher, Program, Sandbox
from notebooks.kernels.sandboxes.choice import make_launcher

SECONDS = 60
MEGABYTE = 1024 * 1024


class Jailer:
    """Somebody who runs small programs in sandboxes."""

    def __init__(self, launcher: Launcher, environment: str) -> None:
        self.launcher = launcher
        self.environment = environment

    async def start(self, source: str, *, limits: Limits | None = None, **spec: str) -> Sandbox:
        """Start a program, with pipes."""
        kernel = KernelSpec(environment=self.environment, limits=limits or Limits(), **spec)
        program = Program(arguments=("-c", source), piped=True)
        return await self.launcher.start(kernel, program, self.launcher.new_uid())

    @asynccontextmanager
    async def running(
        self, source: str, limits: Limits | None = None, **spec: str
    ) -> AsyncIterator[Sandbox]:
        """Run a program until the end of the block."""
        sandbox = await self.start(source, limits=limits, **spec)
        try:
            async with asyncio.timeout(SECONDS):
                yield sandbox
        finally:
            await sandbox.close()

    async def says(self, source: str, limits: Limits | None = None, **spec: str) -> str:
        """Return what a program prints, once it has ended well."""
        async with self.running(source, limits, **spec) as sandbox:
            said = await answers(sandbox)
            assert await sandbox.wait() == 0, sandbox.last_words()
            return said


async def answers(sandbox: Sandbox) -> str:
    """Return all that a program prints."""
    assert sandbox.answers is not None
    return (await sandbox.answers.read()).decode()


async def line(sandbox: Sandbox) -> str:
    """Return the next line that a program prints."""
    assert sandbox.answers is not None
    return (await sandbox.answers.readline()).decode().strip()


@pytest.fixture
def jailer(every_launcher: Launcher, environment: str) -> Jailer:
    return Jailer(every_launcher, environment)


def processes_of(uid: int) -> list[str]:
    """Return the processes of a user id, as the host sees them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == uid:
                found.append(folder.name)
        except FileNotFoundError:
            continue
    return found


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as the condition holds."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - the system tells nobody
            await asyncio.sleep(0.02)


async def test_a_program_answers_its_orders_and_its_exit_code_comes_back(jailer: Jailer) -> None:
    async with jailer.running("print(input() * 2, flush=True); raise SystemExit(7)") as sandbox:
        assert sandbox.alive
        assert sandbox.orders is not None
        sandbox.orders.write(b"ha\n")
        assert await answers(sandbox) == "haha\n"
        assert await sandbox.wait() == 7
        assert (sandbox.alive, sandbox.exit_code) == (False, 7)
        assert not sandbox.out_of_memory()


async def test_a_dialogue_of_many_megabytes_comes_through_whole(jailer: Jailer) -> None:
    source = "import sys; d = sys.stdin.buffer.readline(); sys.stdout.buffer.write(d[::-1])"
    async with jailer.running(source) as sandbox:
        sent = os.urandom(8 * MEGABYTE).hex().encode()
        assert sandbox.orders is not None
        assert sandbox.answers is not None
        sandbox.orders.write(sent + b"\n")
        assert await sandbox.answers.read() == b"\n" + sent[::-1]


async def test_an_end_by_a_signal_is_told_apart(jailer: Jailer) -> None:
    async with jailer.running("import os; os.kill(os.getpid(), 11)") as sandbox:
        assert await sandbox.wait() in {139, -11}
    async with jailer.running("import os; os.kill(os.getpid(), 9)") as sandbox:
        assert await sandbox.wait() in {137, -9}
        assert not sandbox.out_of_memory()


async def test_an_end_for_want_of_memory_is_known(jailer: Jailer) -> None:
    source = "x = []\nwhile True: x.append(bytearray(1_000_000))"
    async with jailer.running(source, Limits(memory_bytes=128 * MEGABYTE)) as sandbox:
        assert await sandbox.wait() in {137, -9}
        await until(sandbox.out_of_memory)


async def test_one_that_uses_up_its_computing_time_is_ended(jailer: Jailer) -> None:
    async with jailer.running("while True: pass", Limits(cpu_seconds=1)) as sandbox:
        # The hard limit of the same length ends it, should the soft one not.
        assert await sandbox.wait() in {152, -24, 137, -9}


async def test_killing_ends_everything_and_may_be_done_twice(jailer: Jailer) -> None:
    source = (
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "for _ in range(5): os.fork()\nprint(1, flush=True)\ntime.sleep(600)"
    )
    async with jailer.running(source) as sandbox:
        await line(sandbox)
        sandbox.kill()
        sandbox.kill()
        assert await sandbox.wait() in {137, -9}
        sandbox.kill()
        if (uid := sandbox.uid) is not None:
            await until(lambda: processes_of(uid) == [])


async def test_killing_helps_against_one_that_has_ended_all_it_could(jailer: Jailer) -> None:
    source = (
        "import os, time\nfor process in filter(str.isdigit, os.listdir('/proc')):\n"
        "    if int(process) not in (1, os.getpid(), os.getppid()):\n"
        "        try: os.kill(int(process), 9)\n        except OSError: pass\n"
        "print(1, flush=True)\ntime.sleep(600)"
    )
    async with jailer.running(source) as sandbox:
        assert await line(sandbox) == "1"
        assert sandbox.alive
        sandbox.kill()
        assert await sandbox.wait() in {137, -9}


async def test_waiting_may_be_given_up_and_begun_again(jailer: Jailer) -> None:
    async with jailer.running("input(); raise SystemExit(3)") as sandbox:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sandbox.wait(), 0.05)
        assert sandbox.alive
        assert sandbox.orders is not None
        sandbox.orders.write(b"\n")
        assert await sandbox.wait() == 3


async def test_the_error_stream_is_kept_in_part_and_a_flood_of_it_holds_nobody_up(
    jailer: Jailer,
) -> None:
    async with jailer.running("raise RuntimeError('broken')") as sandbox:
        await sandbox.wait()
        await until(lambda: "RuntimeError: broken" in sandbox.last_words())
    flood = "import os\nprint(1, flush=True)\nwhile True: os.write(2, b'x' * 4096)"
    async with jailer.running(flood) as sandbox:
        await line(sandbox)
        await until(lambda: len(sandbox.last_words()) == 2000)
        sandbox.kill()
        assert await sandbox.wait() in {137, -9}


async def test_closing_leaves_nothing_behind(jailer: Jailer) -> None:
    before = set(jailer.launcher.runtime.rglob("*"))
    sandbox = await jailer.start("import time; print(1, flush=True); time.sleep(600)")
    await line(sandbox)
    assert sandbox.uid is None or processes_of(sandbox.uid) != []
    await sandbox.close()
    assert not sandbox.alive
    assert sandbox.uid is None or processes_of(sandbox.uid) == []
    after = {path for path in jailer.launcher.runtime.rglob("*") if "code" not in path.parts}
    assert after - before <= {jailer.launcher.runtime / "c"}


async def test_a_start_that_is_given_up_leaves_nothing_behind(jailer: Jailer) -> None:
    uid = jailer.launcher.new_uid()
    program = Program(arguments=("-c", "import time; time.sleep(600)"), piped=True)
    spec = KernelSpec(environment=jailer.environment)
    for pause in (0.0, 0.01, 0.05, 0.1):
        starting = asyncio.ensure_future(jailer.launcher.start(spec, program, uid))
        await asyncio.sleep(pause)
        if starting.cancel():
            with pytest.raises(asyncio.CancelledError):
                await starting
        else:
            await starting.result().close()
        if uid is not None:
            await until(lambda: processes_of(uid) == [])


async def test_it_sees_its_data_and_can_write_nothing_but_its_small_folders(
    jailer: Jailer, sandbox_settings: Settings
) -> None:
    data = sandbox_settings.state_dir / "data" / "d1"
    data.mkdir(parents=True)
    (data / "n.txt").write_text("42")
    source = """
import os
print(open("data/n.txt").read(), os.getcwd())
for place in ("/", "/etc", "/usr", "/root", "/run", "/var/tmp", "/var", "/casebook", "data",
              "/dev", "/sys/fs/cgroup", "/opt"):
    if os.path.isdir(place) and os.access(place, os.W_OK):
        print("writable:", place)
for place in ("/home/student", "/tmp", "/dev/shm"):
    written = 0
    try:
        with open(place + "/big", "wb", buffering=0) as file:
            while written < 10**9:
                written += file.write(bytes(1 << 20))
    except OSError as error:
        print(place, error.errno, written // (1 << 20))
"""
    said = await jailer.says(source, Limits(home_bytes=16 * MEGABYTE), data="d1")
    lines = said.splitlines()
    assert lines[0] == "42 /home/student"
    assert lines[1:] == ["/home/student 28 16", "/tmp 28 64", "/dev/shm 28 64"]


async def test_its_packages_lie_at_one_place_wherever_the_host_keeps_them(jailer: Jailer) -> None:
    source = "import sys, jupyter_client; print(sys.prefix, jupyter_client.__file__)"
    prefix, package = (await jailer.says(source)).split()
    assert prefix == "/environment"
    assert package.startswith("/environment/lib/python3")


async def test_the_number_of_its_processes_is_limited(jailer: Jailer) -> None:
    source = """
import os, time
made = 0
try:
    while made < 500:
        if os.fork() == 0:
            time.sleep(600)
        made += 1
except OSError as error:
    print(made, error.errno, flush=True)
os._exit(0)
"""
    made, error = (await jailer.says(source, Limits(processes=20))).split()
    assert 10 <= int(made) <= 24
    assert error == "11"


async def test_its_environment_is_ours_alone_and_its_user_its_own(jailer: Jailer) -> None:
    source = "import os, getpass; print(os.getuid(), getpass.getuser(), *sorted(os.environ))"
    uid, user, *names = (await jailer.says(source)).split()
    other, *_ = (await jailer.says(source)).split()
    assert user == "student"
    assert set(names) == {
        "HOME", "LANG", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH",
        "PWD", "PYTHONDONTWRITEBYTECODE", "USER",
    }  # fmt: skip
    if jailer.launcher.as_root:
        assert uid != other
        assert int(uid) >= 1_900_000_000


async def test_it_has_no_rights_and_no_network_and_the_filter_holds(jailer: Jailer) -> None:
    source = """
import ctypes, os, socket, threading
threading.Thread(target=print, args=("a thread",)).start()
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(*(int(status["Cap" + name], 16) for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")))
print(status["NoNewPrivs"].strip(), status["Seccomp"].strip())
print(*sorted(name for _, name in socket.if_nameindex() if name != "lo"), "none")
for maker in ((40, 1, 0), (17, 2, 0), (16, 3, 9), (16, 3, 0), (2, 1, 0), (1, 1, 0)):
    try:
        socket.socket(*maker)
        print("open", end=" ")
    except OSError as error:
        print(error.errno, end=" ")
libc = ctypes.CDLL(None, use_errno=True)
for number in (425, 321, 101, 272, 435):  # io_uring_setup, bpf, ptrace, unshare, clone3
    print(ctypes.get_errno() if libc.syscall(number, 0, 0, 0, 0) == -1 else "done", end=" ")
for request in (0x5412, 0x541C):
    print(ctypes.get_errno() if libc.ioctl(0, request, b"x") == -1 else "done", end=" ")
"""
    thread, rights, kept, interfaces, calls = (await jailer.says(source)).splitlines()
    assert thread == "a thread"
    assert rights == "0 0 0 0 0"
    assert kept == "1 2"
    assert interfaces == "none"
    sockets, others = calls.split()[:6], calls.split()[6:]
    assert sockets[3:] == ["open", "open", "open"]
    # Docker says EPERM where others say ENOSYS; what glibc looks at is the same everywhere.
    assert {*sockets[:3], *others} <= {"1", "38"}
    assert others[4] == "38"


async def test_what_does_not_exist_is_named(jailer: Jailer) -> None:
    with pytest.raises(SandboxError, match="does not exist"):
        await jailer.start("1", data="missing")
    jailer.environment = "missing"
    with pytest.raises(SandboxError, match="missing does not exist"):
        await jailer.start("1")


async def test_sweeping_ends_what_a_killed_runner_left_and_nothing_else(
    jailer: Jailer, environment: str, sandbox_settings: Settings, request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["every_launcher"]
    settings = sandbox_settings
    if kind != "bwrap":
        settings = request.getfixturevalue(f"{kind}_engine").settings(settings)
    other = settings.model_copy(update={"state_dir": settings.state_dir.with_name("other")})
    starter = await asyncio.to_thread(start_another, other, environment)
    uid = int((await asyncio.to_thread(starter.stdout.readline)) or 0)  # type: ignore[union-attr] # a pipe
    async with jailer.running("print(input())") as bystander:
        jailer_side = make_launcher(other, runtime_dir(other))
        assert processes_of(uid) != []
        starter.kill()
        await asyncio.to_thread(starter.communicate)
        # It ends with the process that started it, before anybody sweeps.
        await until(lambda: processes_of(uid) == [])
        jailer_side.sweep()
        jailer_side.close()
        assert bystander.orders is not None
        bystander.orders.write(b"still here\n")
        assert await line(bystander) == "still here"


def start_another(settings: Settings, environment: str) -> subprocess.Popen[str]:
    """Start a process that keeps a sandbox, and return when it says that it does."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.notebooks.kernels.sandboxes.starter", environment],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **settings.as_environment()},
    )


@pytest.mark.timeout(600)
async def test_many_at_once_do_not_wait_for_each_other(jailer: Jailer) -> None:
    began = time.monotonic()
    sandboxes = await asyncio.gather(*(jailer.start("print(input())") for _ in range(12)))
    try:
        for sandbox in reversed(sandboxes):
            assert sandbox.orders is not None
            sandbox.orders.write(b"hello\n")
            assert await line(sandbox) == "hello"
    finally:
        await asyncio.gather(*(sandbox.close() for sandbox in sandboxes))
    assert time.monotonic() - began < SECONDS
