"""`./run` in a fresh clone, by root and by an ordinary user: what a new machine sees."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import pytest
from playwright.sync_api import BrowserContext

from config.paths import runtime_path
from notebooks.kernels.sandboxes.cgroups import hierarchy_name
from tests.e2e.conftest import environments
from tests.e2e.pages import open_wine
from tests.e2e.solutions import wine_solution
from tests.e2e.stack import free_ports, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.sandbox,
    pytest.mark.timeout(600),
]

ROOT = Path(__file__).parents[2]
FIRST_SECONDS = 400
AGAIN_SECONDS = 120
RUNUSER = shutil.which("runuser") or "/usr/sbin/runuser"
"""By its path: an ordinary user's PATH does not hold it."""
STOP_SECONDS = 30
ORPHAN_SECONDS = 20


@dataclass
class Clone:
    """A fresh clone, the state folder beside it, and who starts it."""

    folder: Path
    user: str
    port: int
    process: subprocess.Popen[str] | None = None
    url: str = ""

    @property
    def state(self) -> Path:
        """Return the state folder."""
        return self.folder / "state"

    @property
    def log(self) -> Path:
        """Return the file with everything that `./run` said on stderr."""
        return self.folder / "run.log"

    def command(self, port: int) -> list[str]:
        """Return `./run` as the clone's user types it."""
        command = ["./run", "--state", str(self.state), "--port", str(port)]
        if self.user == current_user():
            return command
        # runuser sets HOME from the list of users, where nobody has none.
        home = f"HOME={self.folder / 'home'}"
        return [RUNUSER, "-u", self.user, "--", "env", home, *command]

    def environment(self) -> dict[str, str]:
        """Return an empty machine's for another user; our caches for ourselves."""
        if self.user == current_user():
            shared = {"CASEBOOK_ENVIRONMENTS_DIR_OVERRIDE": str(environments())}
            kept = {name: value for name, value in os.environ.items() if name != "CASEBOOK_VENV"}
            return {**kept, **shared}
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
        }

    def start(self, seconds: float) -> None:
        """Start and return when the URL is printed, as the only line."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command(self.port),
                cwd=self.folder / "casebook",
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        timer = Timer(seconds, os.killpg, (self.process.pid, signal.SIGKILL))
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        assert line == f"Casebook: http://127.0.0.1:{self.port}/\n", self.log.read_text()[-3000:]
        self.url = line.split()[1]

    def press_ctrl_c(self) -> int:
        """Interrupt the foreground group, as a terminal does, and return the exit code."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def supervisor(self) -> int:
        """Return the process id of `casebook up`."""
        return int((self.state / "lock").read_text())

    def pids(self) -> dict[str, int]:
        """Return the process ids by the processes' names; none while the file is away."""
        try:
            found: dict[str, int] = json.loads((self.state / "run" / "processes.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    def remains(self) -> list[str]:
        """Return what there is of it beside its own files: processes, groups, mounts, folders."""
        groups = Path("/sys/fs/cgroup").glob(f"**/{hierarchy_name(runtime_path(self.state))}")
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return [
            *processes_of(self.folder),
            *(f"group {group}" for group in groups),
            *(f"mount {mount}" for mount in mounts if str(self.folder) in mount),
        ]


def processes_of(folder: Path) -> list[str]:
    """Return living processes that name a folder in their command, environment or mounts."""
    needle, found = os.fsencode(folder), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parts = [(process / name).read_bytes() for name in ("cmdline", "environ", "mountinfo")]
        except OSError:
            continue
        if any(needle in part for part in parts):
            found.append(f"process {process.name}: {parts[0][:200]!r}")
    return found


def current_user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture(params=["this user", "nobody"])
def clone(request: pytest.FixtureRequest) -> Iterator[Clone]:
    """Clone the committed product into a folder of the user who will start it."""
    if request.param == "nobody" and os.geteuid() != 0:
        pytest.skip("only root can start it as another user")
    user = current_user() if request.param == "this user" else request.param
    # Not below pytest's own folder: nobody cannot pass through that.
    folder = Path(f"/tmp/casebook-clone-{user}-{os.getpid()}")
    made = Clone(folder, user, free_ports())
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder / "casebook")], check=True)
    (folder / "home").mkdir()
    made.log.touch()
    if user != current_user():
        subprocess.run(["chown", "-R", f"{user}:", str(folder)], check=True)
    try:
        yield made
    finally:
        if made.process is not None:
            if made.process.poll() is None:
                os.killpg(made.process.pid, signal.SIGKILL)
                made.process.wait()
            assert made.process.stdout is not None
            made.process.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_fresh_clone_starts_stops_goes_on_and_leaves_nothing_behind(
    clone: Clone, context: BrowserContext, record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()
    clone.start(FIRST_SECONDS)
    first_seconds = time.monotonic() - began
    workspace = open_wine(clone.url, context.new_page(), "Ada Moreno")
    workspace.write("look", wine_solution()["look"])
    workspace.run("look")
    workspace.shows("output-look", "Grignolino", seconds=40)
    workspace.validate("look")
    workspace.shows("verdict-look", "Approved", seconds=40)
    workspace.page.close()

    assert clone.press_ctrl_c() == 0
    wait_for(lambda: not clone.remains(), seconds=5, what="nothing left after Ctrl-C")

    began = time.monotonic()
    clone.start(AGAIN_SECONDS)
    record_property(f"{clone.user}, seconds", (first_seconds, time.monotonic() - began))
    workspace = open_wine(clone.url, context.new_page(), "Ada Moreno")
    workspace.shows("verdict-look", "Approved")
    workspace.shows("output-look", "Grignolino")

    second = subprocess.run(
        clone.command(clone.port + 100),
        cwd=clone.folder / "casebook",
        env=clone.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"already runs on {clone.state}" in second.stderr

    web = clone.pids()["web"]
    os.kill(web, signal.SIGKILL)
    wait_for(lambda: clone.pids().get("web") not in {None, web}, seconds=10, what="another web")

    os.kill(clone.supervisor(), signal.SIGKILL)
    deadline = time.monotonic() + ORPHAN_SECONDS
    while (orphans := processes_of(clone.folder)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert orphans == []


def test_a_first_start_that_was_cut_short_is_survived_by_the_next(clone: Clone) -> None:
    if clone.user != current_user():
        pytest.skip("one user is enough")
    with clone.log.open("w") as log:
        clone.process = subprocess.Popen(
            clone.command(clone.port),
            cwd=clone.folder / "casebook",
            # An empty folder of environments, so that there is a build to interrupt.
            env={
                **clone.environment(),
                "CASEBOOK_ENVIRONMENTS_DIR_OVERRIDE": str(clone.state / "e"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    wait_for(
        lambda: "case wine: building" in clone.log.read_text(),
        seconds=FIRST_SECONDS,
        what="the build of the case",
    )
    os.kill(clone.supervisor(), signal.SIGKILL)
    clone.process.wait()
    assert clone.process.stdout is not None
    clone.process.stdout.close()
    clone.start(FIRST_SECONDS)
    assert clone.press_ctrl_c() == 0
    wait_for(lambda: not clone.remains(), seconds=5, what="nothing left after Ctrl-C")
