"""Judges of the attacked case: started as another process, asked, watched from outside, ended."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from config.paths import runtime_dir
from config.settings import Settings
from grading.offline import ready_case
from grading.prepared import PreparedItems
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from tests.attacks.judgement import PROFILE, RIGHT, notebook, write_case
from tests.attacks.targets import CHECKOUT, Host, _as_ordinary_user
from tests.environments import PLOTS, shared_environments_dir

REPLAY_SECONDS = 40.0
"""No exploit needs them; a busy machine might."""
_ANSWER_SECONDS = 240.0
_START_SECONDS = 120.0
_READABLE = 0o755


@dataclass(frozen=True, slots=True)
class Place:
    """Where replays are run."""

    user: Literal["root", "ordinary"]
    kind: Literal["jail", "replay", "podman", "docker"]

    @property
    def name(self) -> str:
        what = {"jail": "forked jails", "replay": "fresh sandboxes"}
        who = {"root": "root", "ordinary": "an ordinary user"}[self.user]
        return f"{what.get(self.kind, self.kind)} of {who}"


@dataclass(frozen=True, slots=True)
class Known:
    """The case's folder, and the file with its environment and expected answers."""

    case: Path
    answers: Path


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one notebook."""

    points: float
    verdict: str
    passed: tuple[str, ...]
    """What it got right, as ids of probes and tests."""


class Judge:
    """A running judge."""

    def __init__(self, host: Host, place: Place, process: int) -> None:
        self.process = process
        self._host = host
        self._place = place

    @property
    def mark(self) -> Path:
        """Return a file that everybody may make; it is there if code ran where it should not."""
        return self._host.world / "open" / "mark"

    def grade(self, *sources: str) -> list[Judged]:
        """Judge notebooks, each of one cell."""
        orders = [self.begin(source, "grade") for source in sources]
        return [_judged(order.result(_ANSWER_SECONDS)) for order in orders]

    def replay(self, source: str) -> dict[str, Any]:
        """Replay as for a judgement and return what was claimed."""
        answer = self.begin(source, "replay").result(_ANSWER_SECONDS)
        result: dict[str, Any] = answer["result"]
        return result

    def begin(self, source: str, op: Literal["grade", "replay"]) -> Future[dict[str, Any]]:
        """Begin to judge or to replay, and return the future of the answer."""
        text = f"MARK = {str(self.mark)!r}\n{source}"
        return self._host.order(op=op, place=self._place.kind, source=text)


def _judged(answer: dict[str, Any]) -> Judged:
    if "report" not in answer:
        raise AssertionError(f"the judge itself was stopped: {answer}")
    report = answer["report"]
    if report["error"] is not None:
        raise AssertionError(f"nothing could be judged: {report['error']}")
    [work] = report["subtasks"]
    passed = (str(item["id"]) for item in work["evidence"] if item["outcome"] == "pass")
    return Judged(work["points"], work["verdict"], tuple(passed))


@contextmanager
def known_case(profile: str = PROFILE) -> Iterator[Known]:
    """Build the attacked case: its environment, then the expected answers, in sandboxes."""
    with _world() as world:
        case = write_case(world / "case", profile)
        (case / "requirements.txt").write_text(PLOTS, encoding="utf-8")
        solution = json.dumps(notebook(RIGHT))
        (case / "solution.ipynb").write_text(solution, encoding="utf-8")
        settings = _settings(world / "state")
        launcher = BwrapLauncher(settings, runtime_dir(settings))

        async def build() -> dict[str, Any]:
            replayer = SandboxReplayer(launcher)
            ready = await ready_case(case, replayer, settings=settings, log=_quiet)
            probes = PreparedItems.dump_python(ready.probes, mode="json")
            return {"spec": ready.spec.model_dump(mode="json"), "probes": probes}

        try:
            known = asyncio.run(build())
        finally:
            launcher.sweep()
            launcher.close()
        answers = world / "known.json"
        answers.write_text(json.dumps(known), encoding="utf-8")
        yield Known(case, answers)


@contextmanager
def started(known: Known, place: Place, engine: Any = None) -> Iterator[Judge]:
    """Start a judge whose replays run in a place, and end it."""
    with _world() as world:
        (world / "open").mkdir()
        (world / "open").chmod(0o777)
        settings = _settings(world / "state")
        if engine is not None:
            settings = engine.settings(settings)
        command = [sys.executable, "-m", "tests.attacks.judging_host", settings.model_dump_json()]
        command += [str(known.case), str(known.answers)]
        if place.user == "ordinary" and os.geteuid() == 0:
            command = _as_ordinary_user(world, world / "state", command)
        with (world / "complaints").open("wb") as stderr:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=CHECKOUT,
                env={"HOME": str(world / "state"), "PATH": os.environ["PATH"]},
            )
        try:
            yield Judge(Host(process, world), place, process.pid)
        finally:
            try:
                if process.stdin is not None:
                    process.stdin.close()
                process.wait(_START_SECONDS)
            finally:
                process.kill()


@contextmanager
def _world() -> Iterator[Path]:
    """Make a folder that every user may enter."""
    with tempfile.TemporaryDirectory(prefix="judged-", dir="/tmp") as name:
        world = Path(name)
        world.chmod(_READABLE)
        (world / "state").mkdir()
        yield world


def _settings(state: Path) -> Settings:
    return Settings(
        state_dir=state,
        environments_dir_override=shared_environments_dir(),
        kernel_pool_limit=0,
        replay_seconds=REPLAY_SECONDS,
    )


def _quiet(_message: str) -> None:
    """Say nothing."""
