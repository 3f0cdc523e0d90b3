"""A real worker process that may be killed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from config.settings import Settings
from lti_tool.operation.lanes import ready_file
from tests.e2e.stack import wait_for

START_SECONDS = 120


class Worker:
    """`casebook worker` with the given settings, for the length of a block."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()

    def kill_and_restart(self) -> None:
        """Kill the process as a power cut would, and start another."""
        self._kill()
        self.kills += 1
        self._start()

    def _start(self) -> None:
        ready = ready_file(self._settings)
        ready.unlink(missing_ok=True)
        self._settings.state_dir.joinpath("logs").mkdir(exist_ok=True)
        with (self._settings.state_dir / "logs" / "worker.log").open("ab") as log:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("casebook"), "worker"],
                env={**os.environ, **self._settings.as_environment()},
                stdout=log,
                stderr=log,
            )
        process = self._process
        wait_for(
            lambda: ready.exists() or process.poll() is not None,
            seconds=START_SECONDS,
            what="the worker is ready",
        )
        if process.poll() is not None:
            raise RuntimeError("the worker ended by itself; see logs/worker.log")

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
