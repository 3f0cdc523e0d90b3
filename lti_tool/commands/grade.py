"""`casebook grade`."""

import asyncio
from pathlib import Path

import click

from config.settings import Settings
from grading.offline import GradeReport, grade_all, ready_case
from notebooks.kernels.replay.local import LocalReplayer


@click.command(name="grade")
@click.argument("case", type=click.Path(exists=True, path_type=Path))
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, help="Notebooks at a time.")
def command(
    case: Path,
    notebooks: tuple[Path, ...],
    as_json: bool,  # noqa: FBT001 - a flag of the command line
    jobs: int,
) -> None:
    """Judge NOTEBOOKS by CASE, without an LMS, a database or a running Casebook."""
    asyncio.run(_grade(case, notebooks, as_json=as_json, jobs=jobs))


async def _grade(case: Path, notebooks: tuple[Path, ...], *, as_json: bool, jobs: int) -> None:
    settings = Settings()
    replayer = LocalReplayer(settings)

    def report(found: GradeReport) -> None:
        click.echo(found.model_dump_json() if as_json else _text(found))

    try:
        ready = await ready_case(
            case, replayer, settings=settings, log=lambda line: click.echo(line, err=True)
        )
        await grade_all(ready, notebooks, replayer, settings=settings, jobs=jobs, report=report)
    finally:
        replayer.close()


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
