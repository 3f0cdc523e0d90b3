"""A whole notebook judged: which replays that takes, and that sharing one changes no judgement."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from config.settings import Settings
from grading.offline import read_student, ready_case
from grading.points import earned
from grading.ready import ReadyCase
from grading.whole import judge_notebook, judge_subtask
from notebooks.attempts.document import Cell
from notebooks.kernels.records import ReplayRequest, ReplayResult
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from tests.benchmarks.assignment import SUBMISSIONS, Submission, nbgrader_source, write_case
from tests.sandboxes import environment, launcher, sandbox_settings

if TYPE_CHECKING:
    from grading.verdict import Verdict

__all__ = ["environment", "launcher", "sandbox_settings"]

pytestmark = pytest.mark.sandbox

[HALF_RIGHT] = [one for one in SUBMISSIONS if one.label == "prices for revenues"]
ENDS_EARLY = Submission(
    "ends early", {"q4": "import os\ndef moving(values, width):\n    os._exit(0)"}, (2, 2, 2, 0, 2)
)


class Counted:
    """A replayer that remembers what it was asked."""

    def __init__(self, launcher: BwrapLauncher) -> None:
        self._replayer = SandboxReplayer(launcher, servers=1)
        self.requests: list[ReplayRequest] = []

    async def replay(self, request: ReplayRequest) -> ReplayResult:
        self.requests.append(request)
        return await self._replayer.replay(request)

    async def close(self) -> None:
        await self._replayer.close()


class Desk:
    """A case that is ready, with a replayer."""

    def __init__(self, case: ReadyCase, replayer: Counted, folder: Path) -> None:
        self.case, self.replayer, self._folder = case, replayer, folder

    def cells(self, submission: Submission) -> tuple[Cell, ...]:
        file = self._folder / "copy.ipynb"
        copy = submission.notebook(nbgrader_source())
        for cell in copy["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id", "").endswith("_hidden"):
                cell["source"] = ""
        file.write_text(json.dumps(copy))
        found = read_student(self.case.content, file)
        assert not isinstance(found, str), found
        return found

    async def points(self, submission: Submission) -> tuple[float, ...]:
        self.replayer.requests.clear()
        found = await judge_notebook(
            self.case, self.cells(submission), self.replayer, wall_seconds=60
        )
        return tuple(
            earned(one.subtask, one.judgement.verdict, one.judgement.passed) for one in found
        )


async def test_whole_notebooks_are_judged_as_subtask_by_subtask(
    tmp_path: Path, launcher: BwrapLauncher, sandbox_settings: Settings
) -> None:
    write_case(tmp_path / "case")
    replayer = Counted(launcher)
    try:
        case = await ready_case(
            tmp_path / "case", replayer, settings=sandbox_settings, log=lambda _: None
        )
        desk = Desk(case, replayer, tmp_path)
        assert await desk.points(HALF_RIGHT) == HALF_RIGHT.points
        assert len(replayer.requests) == 1
        await _the_same_alone(desk, HALF_RIGHT)
        assert await desk.points(ENDS_EARLY) == ENDS_EARLY.points
        assert len(replayer.requests) == 6, "one for all, which died, and one for each"
    finally:
        await replayer.close()


async def _the_same_alone(desk: Desk, submission: Submission) -> None:
    """Compare evidence, verdicts and feedback with those of replays that end with the subtask."""
    cells = desk.cells(submission)
    verdicts: dict[str, Verdict] = {}
    for shared in await judge_notebook(desk.case, cells, desk.replayer, wall_seconds=60):
        alone = await judge_subtask(
            desk.case, shared.subtask, cells, desk.replayer,
            verdicts=verdicts, wall_seconds=60, reuse_key="alone",
        )  # fmt: skip
        verdicts[shared.subtask.id] = alone.verdict
        assert shared.judgement == alone
