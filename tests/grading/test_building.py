"""What a build writes into its journal, and how it fails."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from config.database import Database
from config.settings import Settings
from grading.build_log import MAX_LOG_LINE, MAX_LOG_LINES, BuildLog, writing
from grading.building import Builder
from notebooks.cases.models import BuildState, CaseVersion
from notebooks.cases.service import store_case
from notebooks.environments.progress import Progress, Step
from notebooks.journal.log import Entry, Event, read
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from notebooks.objects import FileSystemStore
from tests.grading.test_validations import OneRunner
from tests.notebooks.downloads.server import serving
from tests.sandboxes import launcher, sandbox_settings

__all__ = ["launcher", "sandbox_settings"]

pytestmark = pytest.mark.sandbox

PROFILE = "title: One\nsubtasks:\n  - {id: one, title: One, points: 1, interface: [one]}\n"
SOLUTION = {
    "cells": [
        {
            "cell_type": "code",
            "id": "one",
            "source": "one = 1",
            "metadata": {"tags": ["subtask:one"]},
            "outputs": [],
            "execution_count": None,
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def write_case(folder: Path, *, profile: str = PROFILE, requirements: str = "") -> Path:
    folder.mkdir()
    (folder / "case.yaml").write_text(profile)
    (folder / "solution.ipynb").write_text(json.dumps(SOLUTION))
    (folder / "requirements.txt").write_text(requirements)
    return folder


class Built:
    """A version after its build."""

    def __init__(self, version: CaseVersion, events: list[Event]) -> None:
        self.state = version.state
        self.problems: list[dict[str, Any]] = version.problems
        self.events = events

    @property
    def lines(self) -> list[str]:
        """The build's log."""
        return [event.payload["line"] for event in self.events if event.kind == "build.log"]

    @property
    def steps(self) -> list[str]:
        """How far the environment came."""
        return [event.payload["step"] for event in self.events if event.kind == "build.progress"]


async def build(
    case: Path, database: Database, launcher: BwrapLauncher, settings: Settings
) -> Built:
    objects = FileSystemStore(settings.objects_dir)
    with database.transaction() as session:
        version_id = store_case(session, objects, slug="one", path=case).id
    runners = OneRunner(SandboxReplayer(launcher))
    builder = Builder(database=database, runners=runners, objects=objects, settings=settings)
    await builder.build(version_id)
    with database.transaction() as session:
        version = session.get_one(CaseVersion, version_id)
        return Built(version, read(session, version.stream_id, 0, 1000))


async def test_a_build_tells_each_step_and_its_log(
    database: Database, tmp_path: Path, settings: Settings
) -> None:
    fresh = settings.model_copy(update={"environments_dir_override": tmp_path / "environments"})
    own = BwrapLauncher(fresh, tmp_path / "runtime")
    try:
        built = await build(write_case(tmp_path / "case"), database, own, fresh)
    finally:
        own.sweep()
        own.close()
    assert built.state is BuildState.READY, built.problems
    assert built.steps == ["resolving", "installing", "compiling", "ready"]
    assert any(line.startswith(" + ipykernel==") for line in built.lines)
    assert built.events[-1].kind == "build.finished"


async def test_requirements_that_cannot_be_met_fail_with_their_line_and_keep_the_log(
    database: Database, tmp_path: Path, launcher: BwrapLauncher, sandbox_settings: Settings
) -> None:
    case = write_case(tmp_path / "case", requirements="six\n\nnumpy==99\n")
    built = await build(case, database, launcher, sandbox_settings)
    assert built.state is BuildState.FAILED
    [problem] = built.problems
    assert (problem["file"], problem["line"]) == ("requirements.txt", 3)
    assert problem["message"].startswith("`numpy==99`: Because there is no version of numpy==99")
    assert built.steps == ["resolving"]
    assert any("No solution found" in line for line in built.lines)
    assert built.events[-1].payload["state"] == "failed"


async def test_data_that_cannot_be_fetched_fail_with_their_line(
    database: Database, tmp_path: Path, launcher: BwrapLauncher, sandbox_settings: Settings
) -> None:
    settings = sandbox_settings.model_copy(update={"data_private_addresses": True})
    with serving() as server:
        server.routes["/x.csv"] = lambda handler: handler.answer(410)
        entry = f"  - {{file: x.csv, url: '{server.url}/x.csv', sha256: '{'0' * 64}'}}\n"
        case = write_case(tmp_path / "case", profile=f"{PROFILE}data:\n{entry}")
        built = await build(case, database, launcher, settings)
    assert built.state is BuildState.FAILED
    [problem] = built.problems
    assert (problem["file"], problem["line"]) == ("case.yaml", 5)
    assert "answers 410" in problem["message"]
    assert built.lines == ["Fetching data/x.csv."]


def test_a_log_is_bounded_and_fit_for_storing() -> None:
    log = BuildLog()
    log.line("x" * (MAX_LOG_LINE + 1))
    log.line("a\0b\ud800")
    for number in range(2 * MAX_LOG_LINES):
        log.line(str(number))
    log.progress(Progress(Step.INSTALLING, 3))
    entries = log.take()
    lines = [entry.payload["line"] for entry in entries if entry.kind == "build.log"]
    assert len(lines) == MAX_LOG_LINES
    assert len(lines[0]) == MAX_LOG_LINE
    assert lines[1] == "a\ufffdb\ufffd"
    assert lines[-1] == "The log is longer than this; the rest is left out."
    assert entries[-1].payload == {"step": "installing", "packages": 3}
    assert log.take() == []


async def test_what_a_failed_build_said_last_is_written_too() -> None:
    written: list[Entry] = []

    def write(entries: Sequence[Entry]) -> None:
        written.extend(entries)

    async def fail() -> None:
        async with writing(write) as log:
            log.line("the last words")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert [entry.payload["line"] for entry in written] == ["the last words"]
