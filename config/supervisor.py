"""Keeps processes running: starts them in order, restarts what dies, stops all in reverse.

Runs in the main thread alone: it owns the signals, and the parent-death signal of every child
follows the thread that started it. Work that takes longer has to pass through `wait_until`.
"""

import fcntl
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from config.errors import ConfigError
from config.processes import Child, ProcessSpec, do_nothing, is_marked

TICK_SECONDS = 1.0
POLL_SECONDS = 0.05
LEFTOVER_SECONDS = 15.0
"""How long processes of a supervisor that was killed may take to end by themselves."""


class StopRequestedError(ConfigError):
    """SIGINT, SIGTERM or SIGHUP came while something was awaited."""


@dataclass(slots=True)
class _Periodic:
    seconds: float
    action: Callable[[], None]
    due: float


class Supervisor:
    """`with Supervisor(…) as supervisor: supervisor.start(spec); …; supervisor.run()`."""

    def __init__(
        self,
        state_dir: Path,
        say: Callable[[str], None],
        clean_up: Callable[[], None] = do_nothing,
    ) -> None:
        """`clean_up` is called when every process has ended, before another may start."""
        self._state = state_dir.resolve()
        self._pid_file = self._state / "run" / "processes.json"
        self._say = say
        self._clean_up = clean_up
        self._children: list[Child] = []
        self._periodic: list[_Periodic] = []
        self._signals = 0
        self._wake: tuple[int, int] | None = None
        self._previous: dict[signal.Signals, Any] = {}
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Take the state folder and the signals.

        Raises:
            ConfigError: another supervisor has the state folder, or it cannot be written.
        """
        self._take_lock()
        self._end_leftovers()
        read, write = os.pipe()
        os.set_blocking(write, False)
        os.set_blocking(read, False)
        self._wake = (read, write)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # started by nohup, to outlive the terminal
            self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Stop every process, last started first, and give everything back."""
        self._stop_all()
        self._clean_up()
        signal.set_wakeup_fd(-1)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        for descriptor in (*(self._wake or ()), self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._wake = self._lock = None

    def start(self, *specs: ProcessSpec) -> None:
        """Start processes in this order, then wait until all of them are ready.

        Raises:
            ConfigError: one ended, or did not become ready in time; the message quotes its log.
            StopRequestedError: a signal came meanwhile.
        """
        self.launch(*specs)
        self.await_ready()

    def launch(self, *specs: ProcessSpec) -> None:
        """Start processes in this order and return at once; `await_ready` must follow."""
        for spec in specs:
            log_file = self._state / "logs" / f"{spec.name}.log"
            log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            child = Child(spec, log_file, str(self._state))
            self._children.append(child)
            child.start()
        self._write_pids()

    def await_ready(self) -> None:
        """Wait until every process that was launched is ready.

        Raises:
            ConfigError: one ended, or did not become ready in time; the message quotes its log.
            StopRequestedError: a signal came meanwhile.
        """
        for child in self._children:
            if not child.supervised:
                self._await(child)

    def _await(self, child: Child) -> None:
        spec, deadline = child.spec, time.monotonic() + child.spec.ready_seconds
        while not spec.ready():
            if (how := child.reap()) is not None:
                raise ConfigError(
                    f"{spec.name} {how}; the end of {child.log_file}:\n{child.log_tail()}"
                )
            if time.monotonic() > deadline:
                raise ConfigError(
                    f"{spec.name} was not ready after {spec.ready_seconds:.0f} s; "
                    f"the end of {child.log_file}:\n{child.log_tail()}"
                )
            self._breathe(POLL_SECONDS)
        child.supervised = True

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` about every so many seconds from now on; it must be quick.

        Its ConfigError or OSError is said, and it is called again at the next turn.
        """
        self._periodic.append(_Periodic(seconds, action, time.monotonic() + seconds))

    def wait_until(self, done: Callable[[], bool], interval: float = 0.2) -> None:
        """Keep the processes running until `done()`, which is asked every `interval` seconds.

        Raises:
            StopRequestedError: a signal came meanwhile.
        """
        while not done():
            self._breathe(interval)

    def run(self) -> None:
        """Keep the processes running until SIGINT, SIGTERM or SIGHUP."""
        with suppress(StopRequestedError):
            while True:
                self._breathe(TICK_SECONDS)

    def _breathe(self, seconds: float) -> None:
        """Sleep until something happens, at most so long, and see to the processes."""
        if self._signals:
            raise StopRequestedError("stopped by a signal")
        now = time.monotonic()
        due = [child.restart_at for child in self._children if child.restart_at is not None]
        self._sleep(max(0.0, min([seconds, *(moment - now for moment in due)])))
        if self._signals:
            raise StopRequestedError("stopped by a signal")
        self._tend()

    def _sleep(self, seconds: float) -> None:
        if self._wake is None:
            raise ConfigError("the supervisor is not entered")
        if select.select([self._wake[0]], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                os.read(self._wake[0], 4096)

    def _tend(self) -> None:
        now = time.monotonic()
        changed = False
        for child in self._children:
            child.rotate_log()
            if not child.supervised:
                continue
            if (how := child.reap()) is not None:
                changed = True
                self._say(f"{child.spec.name} {how}; starting it again")
            if child.restart_at is not None and now >= child.restart_at:
                changed = True
                self._restart(child)
        if changed:
            self._write_pids()
        for periodic in self._periodic:
            if now >= periodic.due:
                periodic.due = now + periodic.seconds
                self._act(periodic)

    def _act(self, periodic: _Periodic) -> None:
        try:
            periodic.action()
        except (ConfigError, OSError) as error:
            # A full disk, say, is no reason to stop everything: the next turn may go well.
            self._say(f"{error}; trying again in {periodic.seconds:.0f} s")

    def _restart(self, child: Child) -> None:
        try:
            child.start()
        except (ConfigError, OSError) as error:
            child.restart_at = time.monotonic() + TICK_SECONDS
            self._say(f"{child.spec.name} cannot be started: {error}")

    def _stop_all(self) -> None:
        for child in reversed(self._children):
            child.interrupt()
            deadline = time.monotonic() + child.spec.grace_seconds
            # A second Ctrl-C means: now.
            while not child.wait(POLL_SECONDS):
                if self._signals > 1 or time.monotonic() > deadline:
                    child.kill()
        self._children.clear()
        with suppress(FileNotFoundError):
            self._pid_file.unlink()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._signals += 1

    def _write_pids(self) -> None:
        pids = {child.spec.name: child.pid for child in self._children if child.pid is not None}
        temporary = self._pid_file.with_suffix(".new")
        temporary.write_text(json.dumps(pids, indent=1) + "\n")
        temporary.replace(self._pid_file)

    def _take_lock(self) -> None:
        try:
            self._pid_file.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
            self._lock = os.open(self._state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(
                f"the state folder {self._state} cannot be written ({error.strerror}); "
                "choose another one with --state DIR"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._lock, 20).decode().strip()
            os.close(self._lock)
            self._lock = None
            raise ConfigError(
                f"Casebook already runs on {self._state} (process {holder}); stop it first, or "
                "choose another folder with --state DIR and another --port"
            ) from None
        os.truncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def _end_leftovers(self) -> None:
        """Wait for processes of a killed supervisor, which the kernel told to end; then kill."""
        try:
            pids = list(json.loads(self._pid_file.read_text()).values())
        except (FileNotFoundError, ValueError):
            return
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while alive := [pid for pid in pids if is_marked(pid, str(self._state))]:
            if time.monotonic() > deadline:
                for pid in alive:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(POLL_SECONDS)


def say_to_stderr(message: str) -> None:
    """Print a line of progress for the person at the terminal, who may have closed it."""
    with suppress(OSError):
        print(f"casebook: {message}", file=sys.stderr, flush=True)  # noqa: T201 - a command's output
