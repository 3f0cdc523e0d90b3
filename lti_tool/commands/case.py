"""`casebook case`."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import click
import yaml

from config.settings import Settings
from grading.offline import CaseReport, check_case
from notebooks.cases.problems import Problems
from notebooks.cases.reader import read_case
from notebooks.environments.build import lock_requirements
from notebooks.environments.errors import ImageError
from notebooks.environments.images import build_image, generate_dockerfile
from notebooks.errors import CaseError
from notebooks.kernels.replay.local import LocalReplayer


@click.group(name="case")
def command() -> None:
    """Look after cases."""


@command.command(name="check")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--mistakes",
    type=click.IntRange(0, 1000),
    default=50,
    show_default=True,
    help="How many mistakes to plant in the solution, to see whether the probes notice them.",
)
@click.pass_context
def check(
    context: click.Context,
    path: Path,
    as_json: bool,  # noqa: FBT001 - a flag
    mistakes: int,
) -> None:
    """Build the case at PATH, run its ideal solution, and print its probes and problems."""
    report = asyncio.run(_check(path, mistakes))
    if as_json:
        click.echo(report.model_dump_json())
    else:
        _print(report)
    context.exit(1 if report.problems else 0)


@command.command(name="image")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--dockerfile", is_flag=True, help="Print the Dockerfile and build nothing.")
def image(path: Path, dockerfile: bool) -> None:  # noqa: FBT001 - a flag
    """Build the environment of the case at PATH as an image, push it, and print its name.

    The image goes to the registry that CASEBOOK_IMAGE_REGISTRY names.
    """
    content = read_case(path)
    if isinstance(content, Problems):
        raise CaseError(content.items)
    click.echo(asyncio.run(_image(content.requirements, dockerfile=dockerfile)).rstrip())


async def _image(requirements: str, *, dockerfile: bool) -> str:
    settings = Settings()
    if not dockerfile and settings.image_registry is None:
        raise ImageError(
            "no registry is set: put its address into CASEBOOK_IMAGE_REGISTRY, "
            "or ask for --dockerfile."
        )
    lock = await lock_requirements(requirements, log=_to_stderr)
    if dockerfile or settings.image_registry is None:
        return await generate_dockerfile(lock)
    return await build_image(
        lock,
        registry=settings.image_registry,
        seconds=settings.environment_build_seconds,
        log=_to_stderr,
    )


def _to_stderr(line: str) -> None:
    click.echo(line, err=True)


async def _check(path: Path, mistakes: int) -> CaseReport:
    settings = Settings()
    replayer = LocalReplayer(settings)
    try:
        return await check_case(
            path,
            replayer,
            settings=settings,
            log=_to_stderr,
            mistakes=mistakes,
        )
    finally:
        await replayer.close()


def _print(report: CaseReport) -> None:
    for problem in report.problems:
        place = [problem.file]
        place += [f"cell {problem.cell}"] if problem.cell is not None else []
        place += [f"line {problem.line}"] if problem.line is not None else []
        click.echo(f"{', '.join(place)}: {problem.message}")
    for probe in report.probes:
        click.echo(f"{probe.subtask:12} {probe.id:16} {probe.asked} → {probe.expected}")
    for question in report.questions:
        click.echo(f"Question: {question.text}")
        if question.answer is not None:
            click.echo(f"          answers: [{_flow(question.answer)}]  # {question.subtask}")
    if report.strength is not None:
        for sentence in report.strength.summary:
            click.echo(sentence)
    for note in report.notes:
        click.echo(f"Note: {note}")
    if not report.problems:
        click.echo(f"“{report.title}” can be used: {len(report.probes)} probes.")


def _flow(answer: Mapping[str, object]) -> str:
    """Return an entry of `answers` as one line of YAML."""
    return yaml.safe_dump(dict(answer), default_flow_style=True, sort_keys=False, width=500).strip()
