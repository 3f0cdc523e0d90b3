"""Reading a case, whatever it comes as, into typed records or into everything wrong with it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.cases.author_tests import check_tests
from notebooks.cases.constraints import constraint_faults
from notebooks.cases.data_entries import entry_faults
from notebooks.cases.files import (
    DATA,
    HIDDEN,
    PROFILE,
    REQUIREMENTS,
    SOLUTION,
    TEMPLATE,
    CaseFiles,
    open_files,
)
from notebooks.cases.hidden import hidden_faults
from notebooks.cases.importers.choose import importer_for
from notebooks.cases.interface import entry_name
from notebooks.cases.notebook import RawCell, read_notebook, tagged
from notebooks.cases.probe_faults import probe_faults
from notebooks.cases.problems import ProblemLog, Problems, requirement_problem
from notebooks.cases.profile import Profile
from notebooks.cases.profile_reader import Places, read_profile
from notebooks.cases.settled import answer_faults
from notebooks.cases.template import derive_template
from notebooks.environments.errors import EnvironmentBuildError
from notebooks.environments.requirements import parse_requirements


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseContent:
    """A case that was read whole."""

    profile: Profile
    solution: tuple[Cell, ...]
    template: tuple[Cell, ...]
    requirements: str
    """The text of requirements.txt; empty when there is none."""
    data: Mapping[str, Path]
    """Data files by their path below `data/`. Those of an unpacked zip vanish with this map."""
    hidden: Mapping[str, Path]
    """Right answers that `file` probes name, by their path; no sandbox ever has them."""
    files: CaseFiles
    """Every file that makes the case, by its name in the format."""
    data_lines: tuple[int, ...] = ()
    """The line of each `data:` entry in case.yaml."""
    numbers: Mapping[str, int]
    """Which cell of the solution file each cell id is, from 1, for problems found later."""

    @property
    def solution_file(self) -> str:
        """Return what the author calls the file with the ideal solution."""
        return self.files.name(SOLUTION)


def read_case(path: Path) -> CaseContent | Problems:
    """Read the case in a folder, a zip or a single notebook.

    Returns every problem that can be found without running anything, each with file, cell and
    line; a case with problems is not returned at all. Nothing is changed on disk.
    """
    log = ProblemLog()
    files = open_files(path, log)
    if log:
        return log.result()
    content = _read(files, log)
    return log.result() if log or content is None else content


def _read(files: CaseFiles, log: ProblemLog) -> CaseContent | None:
    name = files.name(SOLUTION)
    every = read_notebook(files.text(SOLUTION, log) or "", name, log, raw_cells=True)
    raw = [cell for cell in every if cell.kind != "raw"]
    requirements = _requirements(files, log)
    text = files.text(PROFILE, log)
    data = files.paths.below(DATA)
    data_lines: tuple[int, ...] = ()
    template: tuple[Cell, ...] | None = None
    if text is None:
        imported = None if log else importer_for(every).read(every, name, log)
        if imported is None:
            return None
        profile, solution, template = imported.profile, imported.solution, imported.template
        check_tests(profile, name, lambda _: None, log)
    else:
        found = read_profile(text, PROFILE, log)
        if found is None:
            return None
        profile, places = found
        _check_profile(profile, places, log)
        check_tests(profile, PROFILE, places.line, log)
        for index, field, message in entry_faults(profile.data, data):
            log.add(PROFILE, message, line=places.line(("data", index, field)))
        for subtask, number, fault in hidden_faults(profile, files.paths):
            path = ("subtasks", subtask, "probes", number)
            line = fault.line if fault.file != PROFILE else places.line(path)
            log.add(fault.file, fault.message, line=line)
        data_lines = tuple(places.line(("data", index)) for index in range(len(profile.data)))
        solution = tagged(raw, _ids(profile), name, log)
        if not log:
            _check_solution(profile, solution, places, name, log)
    if log:
        return None
    return CaseContent(
        profile=profile,
        solution=solution,
        template=template or _template(files, profile, solution, raw, log),
        requirements=requirements,
        data=data,
        hidden={name: path for name, path in files.paths.items() if name.startswith(HIDDEN)},
        data_lines=data_lines,
        files=files,
        numbers=_numbers(solution, raw),
    )


def _requirements(files: CaseFiles, log: ProblemLog) -> str:
    text = files.text(REQUIREMENTS, log) or ""
    try:
        parse_requirements(text)
    except EnvironmentBuildError as error:
        for fault in error.faults:
            problem = requirement_problem(fault)
            log.add(problem.file, problem.message, line=problem.line)
    return text


def _template(
    files: CaseFiles,
    profile: Profile,
    solution: Sequence[Cell],
    raw: Sequence[RawCell],
    log: ProblemLog,
) -> tuple[Cell, ...]:
    text = files.text(TEMPLATE, log)
    if text is None:
        numbers = {cell.id: cell.number for cell in raw}
        name = files.name(SOLUTION)
        return derive_template(profile, solution, file=name, numbers=numbers, log=log)
    cells = tagged(read_notebook(text, TEMPLATE, log), _ids(profile), TEMPLATE, log)
    if not log:
        _check_covered(profile, cells, TEMPLATE, log)
    return cells


def _numbers(solution: Sequence[Cell], raw: Sequence[RawCell]) -> dict[str, int]:
    """Return which cell of the file each cell is; an importer may have renamed or left out some."""
    numbers = {cell.id: cell.number for cell in raw}
    names = {cell.nbgrader.get("grade_id"): cell.number for cell in raw if cell.nbgrader}
    return {cell.id: numbers.get(cell.id) or names.get(cell.id) or 0 for cell in solution}


def _ids(profile: Profile) -> tuple[str, ...]:
    return tuple(subtask.id for subtask in profile.subtasks)


def _check_profile(profile: Profile, places: Places, log: ProblemLog) -> None:
    if profile.language.lower() != "python":
        message = f"The language {profile.language} is not supported: only python is."
        log.add(PROFILE, message, line=places.line(("language",)))
    if not sum(subtask.points for subtask in profile.subtasks) > 0:
        log.add(PROFILE, "No subtask has points.", line=places.line(("subtasks",)))
    for index, number, message in probe_faults(profile):
        line = places.line(("subtasks", index, "probes", number))
        log.add(PROFILE, message, line=line)
    subtasks: set[str] = set()
    for index, subtask in enumerate(profile.subtasks):
        at = ("subtasks", index)
        if subtask.id in subtasks:
            log.add(PROFILE, f"A second subtask {subtask.id}.", line=places.line((*at, "id")))
        subtasks.add(subtask.id)
        if not math.isfinite(subtask.points):
            log.add(PROFILE, "Points must be finite.", line=places.line((*at, "points")))
        for number, entry in enumerate(subtask.interface):
            if entry_name(entry) is None:
                message = f"{entry!r} is neither a name nor a signature."
                log.add(PROFILE, message, line=places.line((*at, "interface", number)))


def _check_solution(
    profile: Profile, solution: Sequence[Cell], places: Places, name: str, log: ProblemLog
) -> None:
    _check_covered(profile, solution, name, log)
    bound: set[str] = set()
    known = {cell.subtask for cell in solution}
    for cell in solution:
        if cell.kind == "code":
            bound |= set(code.bound_names(code.parse(cell.source).body))
    for subtask_index, number, message in constraint_faults(profile, solution):
        path = ("subtasks", subtask_index, "constraints", number)
        log.add(PROFILE, message, line=places.line(path))
    for index, subtask in enumerate(profile.subtasks):
        for number, entry in enumerate(subtask.interface):
            if subtask.id in known and entry_name(entry) not in bound:
                message = f"The ideal solution defines no {entry_name(entry)}."
                path = ("subtasks", index, "interface", number)
                log.add(PROFILE, message, line=places.line(path))
        for number, message in answer_faults(subtask.answers, solution):
            place = ("subtasks", index, "answers", number, "of")
            log.add(PROFILE, message, line=places.line(place))


def _check_covered(profile: Profile, cells: Sequence[Cell], file: str, log: ProblemLog) -> None:
    covered = {cell.subtask for cell in cells if cell.kind == "code" and cell.replay}
    for subtask in profile.subtasks:
        if subtask.id not in covered and not subtask.rubric:
            message = f"No code cell belongs to the subtask {subtask.id}."
            log.add(file, f"{message} Tag one `subtask:{subtask.id}`.")
