"""Making a case ready to judge by: its environment, then the answers of its ideal solution."""

from collections.abc import Callable
from dataclasses import dataclass

from config.settings import Settings
from grading.derivation.derive import choose, derive
from grading.errors import CasePreparationError
from grading.preparation import prepare
from grading.prepared import Prepared
from notebooks.attempts.limits import limits_of
from notebooks.cases.imports import imported_modules
from notebooks.cases.problems import requirement_problem
from notebooks.cases.profile import Subtask
from notebooks.cases.reader import CaseContent
from notebooks.environments.build import build_environment
from notebooks.environments.errors import EnvironmentBuildError
from notebooks.environments.limits import BuildLimits
from notebooks.environments.progress import Report
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.replayer import Replayer


@dataclass(frozen=True, slots=True)
class ReadyCase:
    """A case that notebooks can be judged by."""

    content: CaseContent
    spec: KernelSpec
    probes: tuple[Prepared, ...]
    notes: tuple[str, ...] = ()
    """What is no fault, but good for its author to know."""


async def make_ready(  # noqa: PLR0913 - one keyword for each thing a build needs
    content: CaseContent,
    replayer: Replayer,
    *,
    data: str | None,
    settings: Settings,
    log: Callable[[str], None],
    report: Report | None = None,
) -> ReadyCase:
    """Build a case's environment and compute its expected answers; `data` lies unpacked already.

    `report` hears of each step of building the environment.

    Raises:
        CasePreparationError: with the faults of the case, of whichever step.
        KernelError: no sandbox can be had.
    """
    log("Building the environment.")
    try:
        environment = await build_environment(
            content.requirements,
            root=settings.environments_dir,
            log=log,
            report=report,
            limits=_limits(settings),
        )
    except EnvironmentBuildError as error:
        raise CasePreparationError(tuple(map(requirement_problem, error.faults))) from error
    log("Running the ideal solution.")
    limits = limits_of(settings, content.profile.policy)
    imports = imported_modules((*content.solution, *content.template))
    spec = KernelSpec(environment=environment, data=data, imports=imports, limits=limits)
    unasked = [subtask for subtask in content.profile.subtasks if derives(subtask)]
    drafts = await derive(content, replayer, spec=spec, subtasks=unasked) if unasked else ()
    opened = [draft.probe for draft in drafts]
    notes: list[str] = []
    answered = await prepare(content, replayer, spec=spec, derived=opened, note=notes.append)
    probes = choose(drafts, answered)
    for line in (*notes, f"{len(probes)} answers are known."):
        log(line)
    return ReadyCase(content, spec, probes, tuple(notes))


def derives(subtask: Subtask) -> bool:
    """Tell whether probes of a subtask are derived: its author wrote none, and no person decides.

    Beside an author's tests they tell what these leave open; alone they do not decide then.
    """
    return not subtask.probes and not subtask.rubric


def _limits(settings: Settings) -> BuildLimits:
    return BuildLimits(
        seconds=settings.environment_build_seconds,
        installed_bytes=settings.environment_bytes,
        packages=settings.environment_packages,
    )
