"""`./run` in a fresh clone: ready, stopped, started again, and nothing left behind."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import environments
from tests.e2e.stack import free_ports, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]


def processes_that_mention(text: str) -> list[str]:
    """Return the command lines of living processes that name a folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
        except OSError:
            continue
        if text in command and int(folder.name) != os.getpid():
            found.append(command)
    return found


@pytest.fixture(params=["root", "nobody"])
def clone(
    request: pytest.FixtureRequest,
) -> Iterator[Path]:
    """Clone the committed product into a folder of the user who will start it."""
    user: str = request.param
    if os.geteuid() != 0 and user == "root":
        pytest.skip("needs root")
    folder = Path(f"/tmp/casebook-clone-{user}-{os.getpid()}")
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder / "casebook")], check=True)
    (folder / "home").mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, user)
        subprocess.run(["chown", "-R", f"{user}:", str(folder)], check=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path, port: int) -> tuple[subprocess.Popen[str], str, float]:
    """Run `./run` as the folder's owner; return the process, its URL and the seconds it took."""
    user = folder.owner()
    as_user = ["runuser", "-u", user, "--"] if user != "root" and os.geteuid() == 0 else []
    environment = (
        {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder / "home"),
            "LANG": "C.UTF-8",
        }
        if as_user
        else {**os.environ, "XDG_STATE_HOME": str(folder / "home")}
    )
    environment.pop("CASEBOOK_VENV", None)
    if not as_user:
        environment["CASEBOOK_ENVIRONMENTS_DIR_OVERRIDE"] = str(environments())
    began = time.monotonic()
    process = subprocess.Popen(
        [*as_user, "./run", "--state", str(folder / "state"), "--port", str(port)],
        cwd=folder / "casebook",
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Casebook: "):
            return process, line.split()[1], time.monotonic() - began
    raise AssertionError(f"./run ended with {process.wait()} before it was ready")


def test_a_fresh_clone_starts_stops_and_goes_on_where_it_stopped(clone: Path) -> None:
    port = free_ports()
    for _ in range(2):
        process, url, _ = start(clone, port)
        assert httpx.get(url, timeout=10, follow_redirects=True).status_code == 200
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=30) == 0
        wait_for(
            lambda: not processes_that_mention(str(clone / "state")),
            seconds=10,
            what="no process left after Ctrl-C",
        )


def test_killing_the_supervisor_leaves_no_orphan(clone: Path) -> None:
    process, _, _ = start(clone, free_ports())
    for command_pid in supervisors(clone):
        os.kill(command_pid, signal.SIGKILL)
    process.wait(timeout=30)
    wait_for(
        lambda: not processes_that_mention(str(clone / "state")),
        seconds=20,
        what="no process left after kill -9 of the supervisor",
    )


def supervisors(clone: Path) -> list[int]:
    """Return the pids of `casebook up` for a clone."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "up" in command and str(clone / "state") in command and "runuser" not in command[0]:
            found.append(int(folder.name))
    return found
