"""`casebook grade`."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from config.settings import Settings
from grading.batch import earlier_reports, notebooks_in, table
from grading.errors import BatchError
from grading.offline import GradeReport, grade_all, ready_case
from notebooks.kernels.replay.local import LocalReplayer

NOT_ALL_JUDGED = 3
"""Exit code when some notebooks could not be judged; 1: the case cannot be used, 2: usage."""

MAX_JOBS = 64

Report = Callable[[GradeReport], None]


@click.command(name="grade")
@click.argument("case", type=click.Path(exists=True, path_type=Path))
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MAX_JOBS),
    default=lambda: min(os.cpu_count() or 1, MAX_JOBS),
    show_default="one for each core",
    help="Notebooks at a time.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append each result to this file, a JSON object a line, as soon as it is known.",
)
@click.option("--resume", is_flag=True, help="Leave out notebooks that --output holds already.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the marks into this file, as a table for a spreadsheet.",
)
@click.pass_context
def command(  # noqa: PLR0913 - one for each option
    context: click.Context,
    case: Path,
    notebooks: tuple[Path, ...],
    *,
    as_json: bool,
    jobs: int,
    output: Path | None,
    resume: bool,
    csv_file: Path | None,
) -> None:
    """Judge NOTEBOOKS, files or folders, by CASE; no LMS, database or running Casebook is needed.

    Exits with 0 when all were judged, 3 when some could not be, and 1 when the case is unfit.
    """
    if resume and output is None:
        raise click.UsageError("--resume needs --output: the file that an earlier run has written.")
    wanted = notebooks_in(notebooks)
    known = earlier_reports(output) if resume and output is not None else {}
    done = {name: known[name] for name in map(str, wanted) if name in known}
    left = [notebook for notebook in wanted if str(notebook) not in done]
    with _file(output, resume=resume) as file, _progress(len(left)) as step:

        def report(found: GradeReport) -> None:
            done[found.notebook] = found
            step(found)
            click.echo(found.model_dump_json() if as_json else _text(found))
            if file is not None:
                file.write(found.model_dump_json() + "\n")
                file.flush()

        if left:
            asyncio.run(_grade(case, left, jobs=jobs, report=report))
    results = [done[str(notebook)] for notebook in wanted if str(notebook) in done]
    if csv_file is not None:
        _write(csv_file, table(results))
    context.exit(NOT_ALL_JUDGED if any(one.error is not None for one in results) else 0)


async def _grade(case: Path, notebooks: list[Path], *, jobs: int, report: Report) -> None:
    settings = Settings()
    replayer = LocalReplayer(settings)
    try:
        ready = await ready_case(
            case, replayer, settings=settings, log=lambda line: click.echo(line, err=True)
        )
        await grade_all(ready, notebooks, replayer, settings=settings, jobs=jobs, report=report)
    finally:
        await replayer.close()


@contextmanager
def _progress(total: int) -> Iterator[Report]:
    """Show a bar on a terminal's error stream, where results on standard output do not tear it."""
    if total < 2 or not sys.stderr.isatty() or sys.stdout.isatty():  # noqa: PLR2004 - one is no batch
        yield lambda _: None
        return
    with click.progressbar(length=total, label="Judging", file=sys.stderr) as bar:

        def step(found: GradeReport) -> None:
            bar.label = Path(found.notebook).name[:40]
            bar.update(1)

        yield step


@contextmanager
def _file(path: Path | None, *, resume: bool) -> Iterator[IO[str] | None]:
    if path is None:
        yield None
        return
    try:
        if resume:
            _drop_torn_line(path)
        file = path.open("a" if resume else "w", encoding="utf-8")
    except OSError as error:
        raise BatchError(f"{path} cannot be written: {error}") from error
    with file:
        yield file


def _drop_torn_line(path: Path) -> None:
    """Cut off what a crash left of a last line, so that the next one begins on its own."""
    with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
        kept = file.read().rfind(b"\n") + 1
        file.truncate(kept)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BatchError(f"{path} cannot be written: {error}") from error


def _text(report: GradeReport) -> str:
    if report.error is not None:
        return f"{report.notebook}: {report.error}"
    lines = [f"{report.notebook}: {report.score:g} of {report.max_score:g}"]
    for subtask in report.subtasks:
        lines.append(f"  {subtask.id}: {subtask.verdict.value} ({subtask.points:g})")
        lines += [
            f"    {item['message']}" for item in subtask.evidence if item["outcome"] == "fail"
        ]
    return "\n".join(lines)
