"""Judgement without database, web or queue: the same code as in the service, called in process."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from config.settings import Settings
from grading.author_tests.records import PreparedTest
from grading.comparison import render
from grading.derivation.coverage import gaps
from grading.derivation.names import answerable
from grading.errors import CasePreparationError
from grading.evidence import Evidence
from grading.mutation.mutants import mutants, sample
from grading.mutation.report import sentences, strength
from grading.mutation.trial import Trial
from grading.points import earned
from grading.prepared import Prepared
from grading.probes import PreparedProbe
from grading.ready import ReadyCase, derives, make_ready
from grading.verdict import Verdict
from grading.whole import judge_notebook
from notebooks.attempts.document import Cell
from notebooks.cases.data import place_data
from notebooks.cases.matching import match
from notebooks.cases.notebook import read_notebook
from notebooks.cases.problems import ProblemLog, Problems
from notebooks.cases.reader import CaseContent, read_case
from notebooks.errors import CaseError, KernelError
from notebooks.kernels.replayer import Replayer

_MAX_ASKED = 200
MAX_NOTEBOOK_BYTES = 64 * 1024 * 1024


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProblemReport(_Report):
    """One fault of a case; `cell` and `line` count from 1."""

    file: str
    cell: int | None
    line: int | None
    message: str


class ProbeReport(_Report):
    """One probe with what the ideal solution answers."""

    id: str
    subtask: str
    asked: str
    expected: str
    origin: str


class MissedReport(_Report):
    """One planted mistake that the probes approve of; `line` counts from 1 within the cell."""

    subtask: str
    line: int
    was: str
    becomes: str


class StrengthReport(_Report):
    """How many planted mistakes the probes notice; those that change nothing are not counted."""

    planted: int
    caught: int
    doubted: int
    """Of the caught: those that a person would have to look at."""
    missed: tuple[MissedReport, ...] = ()
    summary: tuple[str, ...] = ()
    """The same in sentences for the author."""


class QuestionReport(_Report):
    """What only the author knows; `answer` is the entry of `answers` that holds so far."""

    subtask: str
    text: str
    answer: dict[str, object] | None = None


class CaseReport(_Report):
    """What `casebook case check` prints: `problems` is empty if the case can be used."""

    case: str
    title: str | None = None
    probes: tuple[ProbeReport, ...] = ()
    problems: tuple[ProblemReport, ...] = ()
    questions: tuple[QuestionReport, ...] = ()
    """What no probe covers or only the author knows, and what they can do about it."""
    strength: StrengthReport | None = None
    """None where no mistakes were planted."""
    notes: tuple[str, ...] = ()
    """What is no fault, but good to know."""
    seconds: float = 0.0


class SubtaskReport(_Report):
    """The judgement of one subtask of one notebook."""

    id: str
    verdict: Verdict
    points: float
    evidence: tuple[dict[str, object], ...]
    seconds: float


class GradeReport(_Report):
    """The judgement of one notebook; with an `error`, nothing of it could be judged."""

    notebook: str
    score: float | None = None
    max_score: float | None = None
    subtasks: tuple[SubtaskReport, ...] = ()
    error: str | None = None


async def check_case(
    path: Path,
    replayer: Replayer,
    *,
    settings: Settings,
    log: Callable[[str], None],
    mistakes: int = 0,
) -> CaseReport:
    """Build a case and run its ideal solution; every fault becomes a problem of the report.

    Then plant up to `mistakes` mistakes and report which of them the probes miss.
    """
    began = time.monotonic()
    try:
        ready = await ready_case(path, replayer, settings=settings, log=log)
    except CasePreparationError as error:
        problems = tuple(
            ProblemReport(file=p.file, cell=p.cell, line=p.line, message=p.message)
            for p in error.problems
        )
        seconds = round(time.monotonic() - began, 2)
        return CaseReport(case=str(path), problems=problems, seconds=seconds)
    probes = tuple(_report(item) for item in ready.probes)
    profile, solution = ready.content.profile, ready.content.solution
    answers = [answerable(subtask, solution) for subtask in profile.subtasks if derives(subtask)]
    asked = [item for item in ready.probes if isinstance(item, PreparedProbe)]
    found = await _strength(ready, replayer, mistakes, log) if mistakes else None
    return CaseReport(
        case=str(path),
        title=profile.title,
        probes=probes,
        questions=tuple(
            QuestionReport(
                subtask=one.subtask,
                text=gap.text,
                answer=None if gap.answer is None else dict(gap.answer),
            )
            for one in answers
            for gap in gaps(one, asked)
        ),
        strength=found,
        notes=ready.notes,
        seconds=round(time.monotonic() - began, 2),
    )


async def _strength(
    ready: ReadyCase, replayer: Replayer, mistakes: int, log: Callable[[str], None]
) -> StrengthReport:
    planted = sample(mutants(ready.content.solution), mistakes)
    log(f"Planting {len(planted)} mistakes.")
    trial = Trial(ready.content, ready.probes, replayer, ready.spec)
    found = strength(await trial.run(planted, jobs=os.cpu_count() or 1))
    missed = (one.mutant for one in found.missed)
    return StrengthReport(
        planted=found.planted,
        caught=found.caught,
        doubted=found.doubted,
        missed=tuple(
            MissedReport(subtask=one.subtask or "", line=one.line, was=one.was, becomes=one.becomes)
            for one in missed
        ),
        summary=tuple(sentences(found)),
    )


def _report(item: Prepared) -> ProbeReport:
    if isinstance(item, PreparedTest):
        return ProbeReport(
            id=item.id,
            subtask=item.subtask,
            asked=" ".join(step.statement for step in item.steps)[:_MAX_ASKED],
            expected=f"passes, {item.points:g} points",
            origin="author",
        )
    return ProbeReport(
        id=item.id,
        subtask=item.subtask,
        asked=item.asked,
        expected=render(item.expected),
        origin=item.origin,
    )


async def ready_case(
    path: Path, replayer: Replayer, *, settings: Settings, log: Callable[[str], None]
) -> ReadyCase:
    """Read a case, build its environment and compute its expected answers.

    Raises:
        CasePreparationError: with every problem, of whatever step.
        KernelError: no sandbox can be had.
    """
    content = await asyncio.to_thread(read_case, path)
    if isinstance(content, Problems):
        raise CasePreparationError(content.items)
    try:
        data = await asyncio.to_thread(place_data, content, settings=settings, log=log)
    except CaseError as error:
        raise CasePreparationError(error.problems) from error
    return await make_ready(content, replayer, data=data, settings=settings, log=log)


async def grade_notebook(
    case: ReadyCase, notebook: Path, replayer: Replayer, *, settings: Settings
) -> GradeReport:
    """Judge every subtask of one notebook, in order; a notebook that cannot be read is told so."""
    cells = await asyncio.to_thread(read_student, case.content, notebook)
    if isinstance(cells, str):
        return GradeReport(notebook=str(notebook), error=cells)
    try:
        found = await judge_notebook(case, cells, replayer, wall_seconds=settings.replay_seconds)
    except KernelError as error:
        return GradeReport(notebook=str(notebook), error=f"It could not be run: {error}")
    reports = [
        SubtaskReport(
            id=one.subtask.id,
            verdict=one.judgement.verdict,
            points=earned(one.subtask, one.judgement.verdict, one.judgement.passed),
            evidence=tuple(_told(item) for item in one.judgement.evidence),
            seconds=round(one.seconds, 3),
        )
        for one in found
    ]
    return GradeReport(
        notebook=str(notebook),
        score=sum(report.points for report in reports),
        max_score=sum(subtask.points for subtask in case.content.profile.subtasks),
        subtasks=tuple(reports),
    )


def _told(item: Evidence) -> dict[str, object]:
    fields = {"id", "kind", "locus", "observed", "expected", "message", "outcome"}
    return item.model_dump(mode="json", include=fields)


def read_student(content: CaseContent, notebook: Path) -> tuple[Cell, ...] | str:
    """Return a notebook's cells as the case's document, or why it cannot be read.

    Code that does not compile is the student's to be told of.
    """
    try:
        if notebook.stat().st_size > MAX_NOTEBOOK_BYTES:
            return "The file is too large for a notebook."
        text = notebook.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return f"The file cannot be read: {error}"
    log = ProblemLog()
    raw = read_notebook(text, notebook.name, log)
    if not raw:
        problems = log.result().items
        return problems[0].message if problems else "The notebook has no cells."
    return match(raw, profile=content.profile, solution=content.solution, template=content.template)


async def grade_all(  # noqa: PLR0913 - one keyword for each thing a batch needs
    case: ReadyCase,
    notebooks: Sequence[Path],
    replayer: Replayer,
    *,
    settings: Settings,
    jobs: int,
    report: Callable[[GradeReport], None],
) -> None:
    """Judge several notebooks, `jobs` at a time; each is reported as soon as it is judged."""
    places = asyncio.Semaphore(jobs)

    async def one(notebook: Path) -> None:
        async with places:
            report(await grade_notebook(case, notebook, replayer, settings=settings))

    judging = [asyncio.create_task(one(notebook)) for notebook in notebooks]
    try:
        await asyncio.gather(*judging)
    finally:  # after a fault of our own, too, every sandbox is closed before the loop ends
        for task in judging:
            task.cancel()
        await asyncio.gather(*judging, return_exceptions=True)
