"""nbgrader's source notebooks: cells by their metadata, blocks by their markers.

Solution cells with the autograded cells that follow them are one subtask, whose tests these are;
each manually graded cell is a subtask that a person decides.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.cases.importers.contract import (
    MAX_SUBTASKS,
    Imported,
    heading,
    identity,
    title_and_description,
)
from notebooks.cases.importers.helpers import with_helpers
from notebooks.cases.importers.markers import (
    has_block,
    indented,
    marked,
    marker,
    parts,
    unmarked,
)
from notebooks.cases.notebook import RawCell, document_cell
from notebooks.cases.problems import ProblemLog
from notebooks.cases.profile import (
    MAX_TEST_SOURCE,
    MAX_TESTS,
    AuthorTest,
    Profile,
    RubricItem,
    Subtask,
)

NEWEST_SCHEMA = 3
_MAX_CELL_ID = 64
CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB = "YOUR ANSWER HERE"
_SOLUTION = marker("solution", r"BEGIN SOLUTION", r"END SOLUTION")
_HIDDEN = marker("hidden test", r"BEGIN HIDDEN TESTS", r"END HIDDEN TESTS")
_SCHEME = marker("mark scheme", r"BEGIN MARK SCHEME", r"END MARK SCHEME")
_AUTOTEST = ("### AUTOTEST", "### HASHED AUTOTEST")

_Role = Literal["given", "solution", "test", "manual"]


@dataclass(frozen=True, slots=True)
class _Graded:
    """A cell with its part in the assignment."""

    cell: RawCell
    role: _Role
    grade_id: str
    points: float
    task: bool


@dataclass(slots=True)
class _Group:
    """What becomes one subtask."""

    id: str
    title: str
    alias: str
    manual: bool
    members: list[_Graded] = field(default_factory=list)
    texts: list[int] = field(default_factory=list)

    @property
    def tests(self) -> list[_Graded]:
        """Return the autograded cells."""
        return [one for one in self.members if one.role == "test"]


class NbgraderImporter:
    """Reads nbgrader's source notebooks, metadata of the schema versions 1 to 3."""

    def recognises(self, cells: Sequence[RawCell]) -> bool:
        """Return whether a cell has nbgrader's metadata with a part in grading."""
        return any(
            cell.nbgrader.get(flag) is True
            for cell in cells
            if cell.nbgrader is not None
            for flag in ("grade", "solution", "task")
        )

    def read(self, cells: Sequence[RawCell], file: str, log: ProblemLog) -> Imported | None:
        """Return the case; see `Importer`."""
        graded = [_graded(cell, file, log) for cell in cells if cell.kind != "raw"]
        _check_ids(graded, file, log)
        groups = _grouped(graded)
        if not groups or len(groups) > MAX_SUBTASKS:
            count = "no" if not groups else f"more than {MAX_SUBTASKS}"
            log.add(file, f"The notebook has {count} graded cells.")
            return None
        for one in graded:
            _check_code(one, file, log)
        subtasks = tuple(_subtask(group, graded, file, log) for group in groups)
        title, description = title_and_description([one.cell for one in graded])
        if log:
            return None
        owners = {
            number: group.id
            for group in groups
            for number in (*group.texts, *(one.cell.number for one in group.members))
        }
        made = [(one, _document(one, owners.get(one.cell.number))) for one in graded]
        return Imported(
            profile=Profile(title=title, description=description, subtasks=subtasks),
            solution=tuple(cell for _, cell in made),
            template=tuple(
                cell.model_copy(update={"source": _for_students(one, file, log)})
                for one, cell in made
            ),
        )


def _graded(cell: RawCell, file: str, log: ProblemLog) -> _Graded:
    meta = cell.nbgrader or {}
    version = meta.get("schema_version", 1)
    if not isinstance(version, int) or not 0 <= version <= NEWEST_SCHEMA:
        message = f"nbgrader's metadata are of version {version!r}: 1 to {NEWEST_SCHEMA} are read."
        log.add(file, message, cell=cell.number)
    grade, solution, task = (meta.get(flag) is True for flag in ("grade", "solution", "task"))
    role: _Role = "given"
    if task or (grade and solution):
        role = "manual"
    elif grade:
        role = "test"
    elif solution:
        role = "solution"
    if role == "test" and cell.kind != "code":
        message = (
            "A text cell is graded but asks for no answer: make it `solution` too, or no grade."
        )
        log.add(file, message, cell=cell.number)
    grade_id = meta.get("grade_id")
    if role != "given" and (not isinstance(grade_id, str) or not grade_id):
        log.add(file, "The cell is graded but has no `grade_id`.", cell=cell.number)
    points = _points(meta.get("points", 0), cell, file, log) if role in ("manual", "test") else 0.0
    return _Graded(cell, role, str(grade_id or f"cell-{cell.number}"), points, task)


def _points(given: object, cell: RawCell, file: str, log: ProblemLog) -> float:
    try:
        points = float(given) if isinstance(given, str | int | float) else math.nan
    except ValueError:
        points = math.nan
    if math.isfinite(points) and points >= 0:
        return points
    log.add(file, f"{given!r} is no number of points.", cell=cell.number)
    return 0.0


def _check_ids(graded: Sequence[_Graded], file: str, log: ProblemLog) -> None:
    seen: dict[str, int] = {}
    for one in graded:
        if one.role == "given":
            continue
        if one.grade_id in seen:
            message = f"The grade_id {one.grade_id!r} is that of cell {seen[one.grade_id]} too."
            log.add(file, f"{message} Give each cell its own.", cell=one.cell.number)
        seen.setdefault(one.grade_id, one.cell.number)


def _grouped(graded: Sequence[_Graded]) -> list[_Group]:
    groups: list[_Group] = []
    texts: list[RawCell] = []
    for one in graded:
        if one.role == "given":
            texts = [*texts, one.cell] if one.cell.kind == "markdown" else []
            continue
        last = groups[-1] if groups else None
        begins = last is None or (
            one.role == "manual" or (one.role == "solution" and (last.manual or bool(last.tests)))
        )
        if begins or last is None:
            title = next((heading(text.source, "") for text in texts), "") or one.grade_id
            taken = {group.id for group in groups}
            last = _Group(
                id=identity(one.grade_id, len(groups) + 1, taken),
                title=title,
                alias=one.grade_id,
                manual=one.role == "manual",
                texts=[text.number for text in texts if text.number != 1],
            )
            groups.append(last)
        last.members.append(one)
        texts = []
    return groups


def _check_code(one: _Graded, file: str, log: ProblemLog) -> None:
    cell = one.cell
    if one.role in ("given", "test") and has_block(cell.source, _SOLUTION):
        message = "A solution block stands in a cell that is no solution."
        log.add(file, f"{message} Make the cell a solution cell, or remove it.", cell=cell.number)
    if one.role != "test" and has_block(cell.source, _HIDDEN):
        message = "Hidden tests stand in a cell that is no autograded one."
        log.add(file, f"{message} Move them to an autograded cell.", cell=cell.number)
    if has_block(cell.source, _SCHEME) and not one.task:
        message = "A mark scheme stands in a cell that is no task."
        log.add(file, f"{message} Make the cell a manually graded task.", cell=cell.number)
    for number, line in enumerate(cell.source.splitlines(), start=1):
        if one.role == "test" and line.strip().startswith(_AUTOTEST):
            message = "AUTOTEST lines are not read. Write the assertion that it stands for."
            log.add(file, message, cell=cell.number, line=number)


def _subtask(group: _Group, graded: Sequence[_Graded], file: str, log: ProblemLog) -> Subtask:
    tests: list[AuthorTest] = []
    earlier = [one.cell.source for one in graded if one.role == "test"]
    known = {
        name
        for one in graded
        if one.cell.kind == "code" and one.role != "test"
        for name in _bound(one.cell)
    }
    if len(group.tests) > MAX_TESTS:
        log.add(file, f"The task {group.alias} has more than {MAX_TESTS} autograded cells.")
    for one in group.tests[:MAX_TESTS]:
        parts(one.cell.source, _HIDDEN, file=file, cell=one.cell.number, log=log)
        before = earlier[: earlier.index(one.cell.source)]
        source = with_helpers(one.cell.source, before, known)
        if not source.strip():
            log.add(file, "The autograded cell is empty.", cell=one.cell.number)
        elif len(source) > MAX_TEST_SOURCE:
            message = f"The test is longer than {MAX_TEST_SOURCE} characters."
            log.add(file, message, cell=one.cell.number)
        else:
            taken = {test.id for test in tests if test.id}
            name_of_test = identity(f"{group.id}-{one.grade_id}", len(tests) + 1, taken)
            tests.append(AuthorTest(id=name_of_test, source=source, points=one.points))
    rubric = tuple(
        RubricItem(text=_criterion(one, file, log), points=one.points)
        for one in group.members
        if one.role == "manual"
    )
    return Subtask(
        id=group.id,
        title=group.title,
        points=sum(one.points for one in group.members),
        tests=tuple(tests),
        rubric=rubric,
        alias=group.alias,
    )


def _bound(cell: RawCell) -> set[str]:
    try:
        return set(code.bound_names(code.parse(cell.source).body))
    except SyntaxError:  # reported when the notebook was read
        return set()


def _criterion(one: _Graded, file: str, log: ProblemLog) -> str:
    """Return what a person goes by: the mark scheme, or else the ideal answer."""
    source, number = one.cell.source, one.cell.number
    scheme = marked(parts(source, _SCHEME, file=file, cell=number, log=log))
    found = parts(source, _SOLUTION, file=file, cell=number, log=log)
    answer = marked(found) if has_block(source, _SOLUTION) else source
    return (scheme or answer).strip()[:10_000] or one.grade_id


def _document(one: _Graded, subtask: str | None) -> Cell:
    """Return the cell as a document's: its id is the grade_id, and tests are not replayed."""
    made = document_cell(one.cell, subtask)
    update: dict[str, object] = {}
    if one.role != "given":
        update["id"] = _cell_id(one.grade_id) or made.id
    if one.role == "test":
        update |= {"replay": False, "source": one.cell.source}
    return made.model_copy(update=update)


def _cell_id(grade_id: str) -> str | None:
    fits = len(grade_id) <= _MAX_CELL_ID and all(
        one.isascii() and (one.isalnum() or one in "-_") for one in grade_id
    )
    return grade_id if fits else None


def _for_students(one: _Graded, file: str, log: ProblemLog) -> str:
    """Return a cell's source as nbgrader would hand it out."""
    source, number = one.cell.source, one.cell.number
    if one.role == "test":
        return unmarked(parts(source, _HIDDEN, file=file, cell=number, log=log))
    if one.task:
        return unmarked(parts(source, _SCHEME, file=file, cell=number, log=log))
    if one.role == "given":
        return source
    stub = CODE_STUB if one.cell.kind == "code" else TEXT_STUB
    if not has_block(source, _SOLUTION):
        return stub
    found = parts(source, _SOLUTION, file=file, cell=number, log=log)
    return "\n".join(indented(stub, part.indent) if part.marked else part.text for part in found)
