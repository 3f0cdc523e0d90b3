"""A running Casebook, started by its own command."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.e2e.leaks import leaks_of

READY_SECONDS = 240
TEACHER = "201"
"""The demo LMS's teacher, as its cookie names her."""


def free_ports() -> int:
    """Return a port that is free together with the two after it (demo LMS, tool, runner).

    Below those that the system gives to whoever connects, lest one be taken before it is used.
    """
    while True:
        port = 12_000 + 3 * secrets.randbelow(6_000)
        try:
            for offset in range(3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port + offset))
        except OSError:
            continue
        return port


def wait_for(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Return as soon as the condition holds; fail with `what` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


@dataclass
class Stack:
    """`casebook up` with a state folder and ports of its own."""

    state: Path
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    process: subprocess.Popen[str] | None = None

    @property
    def log(self) -> Path:
        """What its processes have said."""
        return self.state.parent / f"{self.state.name}-up.log"

    def start(self) -> None:
        """Start everything and return when it says that it is ready."""
        log = self.log.open("a")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "lti_tool.cli",
                "up",
                "--state",
                str(self.state),
                "--port",
                str(self.port),
            ],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **self.environment},
        )
        assert self.process.stdout is not None
        timer = threading.Timer(READY_SECONDS, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                if line.startswith("Casebook: "):
                    self.url = line.removeprefix("Casebook: ").strip()
                    return
        finally:
            timer.cancel()
            log.close()
        raise AssertionError(f"casebook up did not get ready; see {log.name}")

    def stop(self) -> int:
        """Press Ctrl-C and return the exit code; no log may hold a secret or a name."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        found = leaks_of(self.state / "logs")
        assert not found, found
        return code

    def pid(self, name: str) -> int:
        """Return the process id of `web`, `worker`, `runner` …"""
        processes: dict[str, int] = json.loads((self.state / "run" / "processes.json").read_text())
        return processes[name]

    def kill(self, name: str) -> None:
        """Kill a process without warning."""
        os.kill(self.pid(name), signal.SIGKILL)

    def grades(self) -> list[dict[str, object]]:
        """Return the demo LMS's grade book as its teacher sees it."""
        answer = httpx.get(
            f"{self.url}grades.json", timeout=10, cookies={"demo_lms_person": TEACHER}
        )
        answer.raise_for_status()
        grades: list[dict[str, object]] = answer.json()["grades"]
        return grades

    def wait_for_score(self, score: float, name: str = "", *, seconds: float = 60) -> None:
        """Return once the grade book shows the score (of that person); fail with why it does not.

        By default as long as the slowest way takes: a minute's sweep finds a lost job.
        """
        try:
            wait_for(
                lambda: any(
                    grade["score"] == score and (not name or grade["name"] == name)
                    for grade in self.grades()
                ),
                seconds=seconds,
                what=f"a score of {score} in the grade book",
            )
        except AssertionError as error:
            said = [line for line in self.log.read_text().splitlines() if "score" in line]
            error.add_note("\n".join(said[-20:]))
            raise
