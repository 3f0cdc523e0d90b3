"""Labelled submissions judged by the product's own offline code, and what became of them."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from config.settings import Settings
from grading.offline import GradeReport, grade_all, ready_case
from grading.verdict import Verdict
from notebooks.kernels.replay.local import LocalReplayer
from tests.grading.submissions import EXAMPLES, Submission, write_notebook

Mode = Literal["author", "derived"]
MODES: tuple[Mode, ...] = ("author", "derived")
"""With the author's probes, or with those that are derived from the solved notebook alone."""

Outcome = Literal["approved", "uncertain", "rejected", "error"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A submission and what the product made of it."""

    case: str
    mode: Mode
    submission: Submission
    outcome: Outcome
    why: str

    @property
    def right(self) -> bool:
        """Whether the submission is right."""
        return self.submission.wrong is None

    @property
    def told(self) -> str:
        """Everything about it in a line."""
        why = " ".join(self.why.split())[:300]
        return f"{self.case}, {self.mode}: {self.submission.label}: {self.outcome} {why}"


async def judge_all(
    case: str, mode: Mode, chosen: Sequence[Submission], *, settings: Settings, folder: Path
) -> tuple[Judged, ...]:
    """Judge submissions to an example case, two at a time; `folder` takes their notebooks."""
    files = {folder / f"{number:03}.ipynb": one for number, one in enumerate(chosen)}
    for file, submission in files.items():
        write_notebook(case, submission, file)
    reports: dict[str, GradeReport] = {}
    replayer = LocalReplayer(settings)
    try:
        ready = await ready_case(
            _case_folder(case, mode, folder), replayer, settings=settings, log=lambda _: None
        )
        await grade_all(
            ready,
            tuple(files),
            replayer,
            settings=settings,
            jobs=2,
            report=lambda report: reports.update({report.notebook: report}),
        )
        cells = {cell.id: cell.subtask or "" for cell in ready.content.solution}
    finally:
        await replayer.close()
    return tuple(
        Judged(case, mode, one, *_outcome(reports[str(file)], one, cells))
        for file, one in files.items()
    )


def _case_folder(case: str, mode: Mode, folder: Path) -> Path:
    """Return the case itself, or a copy with nothing but notebook, data and requirements."""
    if mode == "author":
        return EXAMPLES / case
    bare = folder / "case"
    shutil.copytree(EXAMPLES / case / "data", bare / "data")
    for name in ("solution.ipynb", "requirements.txt"):
        shutil.copy(EXAMPLES / case / name, bare / name)
    return bare


def _outcome(
    report: GradeReport, submission: Submission, cells: dict[str, str]
) -> tuple[Outcome, str]:
    """Return what became of a submission; of a wrong one, of the subtask that is wrong."""
    if report.error is not None:
        return "error", report.error
    looked_at = [
        subtask
        for subtask in report.subtasks
        if submission.wrong is None or subtask.id == cells[submission.place]
    ]
    why = "; ".join(
        str(item["message"])
        for subtask in looked_at
        for item in subtask.evidence
        if item["outcome"] == "fail"
    )
    verdicts = {subtask.verdict for subtask in looked_at}
    if verdicts & {Verdict.NEEDS_WORK, Verdict.BLOCKED}:
        # What is only blocked waits for something uncertain, and is not counted against it.
        only_waits = Verdict.NEEDS_WORK not in verdicts and Verdict.UNCERTAIN in verdicts
        return ("uncertain" if only_waits else "rejected"), why
    return ("uncertain" if Verdict.UNCERTAIN in verdicts else "approved"), why


def confusion(judged: Sequence[Judged]) -> Counter[tuple[bool, Outcome]]:
    """Count outcomes, of right and of wrong submissions."""
    return Counter((one.right, one.outcome) for one in judged)
