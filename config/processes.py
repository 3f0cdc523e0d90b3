"""One supervised process: how it is started, watched, logged and ended."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.privileges import Launch

LOG_BYTES = 10 * 1024 * 1024
"""Size at which a log file becomes `NAME.log.1` and starts anew."""

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 10.0
HEALTHY_SECONDS = 10.0
"""A process that lived longer than this is restarted at once, whatever happened before."""

MARK = "CASEBOOK_SUPERVISED"
"""Environment variable that names the state folder, so that left-over processes can be told."""


def _always() -> bool:
    return True


def do_nothing() -> None:
    """Stand in where no action is wanted."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """What the supervisor has to know about a process."""

    name: str
    launch: Launch
    environment: Mapping[str, str] | None = None
    """Its whole environment; None passes on the supervisor's."""
    prepare: Callable[[], None] = do_nothing
    """Called before every start."""
    ready: Callable[[], bool] = _always
    """Says whether it serves; must answer within a second or two."""
    ready_seconds: float = 60
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10
    """How long it may take to end before it is killed."""


def restart_delay(deaths: int) -> float:
    """Return the seconds before a restart: 0.1, 0.2, 0.4 … 10 after 1, 2, 3 … early deaths."""
    return min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** max(0, deaths - 1))


class Child:
    """A process in a session of its own, with a log file of its own."""

    def __init__(self, spec: ProcessSpec, log_file: Path, mark: str) -> None:
        self.spec = spec
        self.log_file = log_file
        self.supervised = False
        """Whether it has been ready once, and is to be restarted from now on."""
        self.restart_at: float | None = None
        """When it is due to be started again (monotonic); None while it runs."""
        self._mark = mark
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._early_deaths = 0

    @property
    def pid(self) -> int | None:
        """Return the process id, or None if it does not run."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Prepare and start; the parent-death signal follows the calling thread."""
        self.spec.prepare()
        self.rotate_log()
        inherited = os.environ if self.spec.environment is None else self.spec.environment
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own launcher
                self.spec.launch.command(os.getpid()),
                env={**inherited, MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started_at = time.monotonic()
        self.restart_at = None

    def reap(self) -> str | None:
        """Return how the process ended and when to restart it, once; None while it runs."""
        if self._process is None or self._process.poll() is None:
            return None
        how = describe_exit(self._process.returncode)
        self._forget()
        lived = time.monotonic() - self._started_at
        self._early_deaths = 1 if lived > HEALTHY_SECONDS else self._early_deaths + 1
        self.restart_at = time.monotonic() + restart_delay(self._early_deaths)
        return how

    def interrupt(self) -> None:
        """Ask the process to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.spec.stop_signal)

    def wait(self, seconds: float) -> bool:
        """Wait for the end; returns whether it has come."""
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._forget()
        return True

    def kill(self) -> None:
        """End the process and everything in its group, now."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._forget()

    def rotate_log(self) -> None:
        """Keep the log file bounded; the process goes on writing to the same file."""
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            shutil.copyfile(self.log_file, self.log_file.with_name(f"{self.log_file.name}.1"))
            os.truncate(self.log_file, 0)

    def log_tail(self, size: int = 2000) -> str:
        """Return the end of the log."""
        with self.log_file.open("rb") as log:
            log.seek(max(0, self.log_file.stat().st_size - size))
            return log.read().decode(errors="replace").strip()

    def _forget(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            # What a killed process left in its group would hold its port.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def describe_exit(status: int) -> str:
    """Return a return code of `subprocess` in words."""
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def is_marked(pid: int, mark: str) -> bool:
    """Say whether a process was started by a supervisor of this state folder."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"{MARK}={mark}".encode() in environment.split(b"\0")
