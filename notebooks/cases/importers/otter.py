"""Otter Assign's source notebooks, of the raw-cell format: blocks of cells, questions by name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from notebooks.attempts.document import Cell
from notebooks.cases.importers import otter_text
from notebooks.cases.importers.contract import (
    MAX_SUBTASKS,
    Imported,
    heading,
    identity,
    title_and_description,
)
from notebooks.cases.importers.otter_tests import OtterTest, points_of, read_test
from notebooks.cases.notebook import RawCell, document_cell
from notebooks.cases.problems import ProblemLog
from notebooks.cases.profile import MAX_TESTS, AuthorTest, Profile, RubricItem, Subtask

ANSWER = "_Type your answer here, replacing this text._"
_BOUNDARY = re.compile(r"^\s*#\s*(BEGIN|END)\s+(QUESTION|PROMPT|SOLUTION|TESTS)\s*$", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"^\s*#\s*ASSIGNMENT\s+CONFIG\s*$", re.IGNORECASE)
_IGNORED = re.compile(r"^\s*##\s*IGNORE\s*##\s*$", re.IGNORECASE)
_FENCE = re.compile(r"\A\s*```otter[ \t]*\n(.*?)\n?```\s*\Z", re.DOTALL)


@dataclass(slots=True)
class _Question:
    """One question while its cells are read."""

    id: str
    name: str
    number: int
    settings: Mapping[str, Any]
    title: str = ""
    tests: list[OtterTest] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    prompted: bool = False

    @property
    def manual(self) -> bool:
        """Return whether a person grades it."""
        return self.settings.get("manual") is True


@dataclass(slots=True)
class _Made:
    """What the cells made so far."""

    solution: list[Cell] = field(default_factory=list)
    template: list[Cell] = field(default_factory=list)


class OtterImporter:
    """Reads source notebooks of Otter Assign, version 1 and later."""

    def recognises(self, cells: Sequence[RawCell]) -> bool:
        """Return whether a raw cell, or a fenced text, is a configuration of Otter's."""
        lines = [config.split("\n")[0] for cell in cells if (config := _config(cell)) is not None]
        return any(
            _ASSIGNMENT.match(line) or ((found := _BOUNDARY.match(line)) and found[2] == "QUESTION")
            for line in lines
        )

    def read(self, cells: Sequence[RawCell], file: str, log: ProblemLog) -> Imported | None:
        """Return the case; see `Importer`."""
        reading = _Reading(file, log)
        for cell in cells:
            reading.take(cell)
        reading.end(cells[-1].number)
        questions = reading.questions
        if not questions or len(questions) > MAX_SUBTASKS:
            count = "no" if not questions else f"more than {MAX_SUBTASKS}"
            log.add(file, f"The notebook has {count} questions (`# BEGIN QUESTION`).")
            return None
        subtasks = tuple(_subtask(one, file, log) for one in questions)
        if log:
            return None
        title, description = title_and_description(cells)
        name = reading.settings.get("name")
        return Imported(
            profile=Profile(
                title=str(name)[:120] if isinstance(name, str) and name else title,
                description=description,
                subtasks=subtasks,
            ),
            solution=tuple(reading.made.solution),
            template=tuple(reading.made.template),
        )


class _Reading:
    """Goes through the cells of one notebook, block by block."""

    def __init__(self, file: str, log: ProblemLog) -> None:
        self._file, self._log = file, log
        self._blocks: list[tuple[str, int]] = []
        self._question: _Question | None = None
        self.questions: list[_Question] = []
        self.settings: Mapping[str, Any] = {}
        self._by_exception = False
        self.made = _Made()

    def take(self, cell: RawCell) -> None:
        """Read one cell."""
        config = _config(cell)
        first, _, rest = (config or "").partition("\n")
        found = _BOUNDARY.match(first)
        if _IGNORED.match(cell.source.split("\n")[0]):
            return
        if config is not None and _ASSIGNMENT.match(first):
            self._assignment(rest, cell)
        elif found and found[1].upper() == "BEGIN":
            self._begin(found[2].upper(), rest, cell)
        elif found:
            self._end(found[2].upper(), cell)
        elif cell.kind != "raw":
            self._cell(cell)

    def end(self, number: int) -> None:
        """Say which blocks have no end."""
        for block, begun in self._blocks:
            message = f"The block `# BEGIN {block}` of cell {begun} has no `# END {block}`."
            self._log.add(self._file, message, cell=number)

    def _problem(self, cell: RawCell, message: str) -> None:
        self._log.add(self._file, message, cell=cell.number)

    def _yaml(self, text: str, cell: RawCell) -> Mapping[str, Any]:
        try:
            found = yaml.safe_load(text) if text.strip() else {}
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 2 if mark is not None else None
            message = f"The configuration is not readable as YAML: {error}."
            self._log.add(self._file, message, cell=cell.number, line=line)
            return {}
        if isinstance(found, dict) and all(isinstance(key, str) for key in found):
            return found
        self._problem(cell, "The configuration has to hold lines like `name: q1`.")
        return {}

    def _assignment(self, text: str, cell: RawCell) -> None:
        self.settings = self._yaml(text, cell)
        language = str(self.settings.get("lang") or "python").lower()
        if language != "python":
            self._problem(cell, f"The assignment's language is {language}: only Python is judged.")
        tests = self.settings.get("tests")
        self._by_exception = isinstance(tests, dict) and tests.get("ok_format") is False

    def _begin(self, block: str, text: str, cell: RawCell) -> None:
        around = self._blocks[-1] if self._blocks else None
        if block == "QUESTION" and around is not None:
            self._problem(
                cell, f"A question begins within the {around[0]} block of cell {around[1]}."
            )
        elif block != "QUESTION" and around is None:
            self._problem(cell, f"The block `# BEGIN {block}` stands outside a question.")
        elif around is not None and around[0] != "QUESTION":
            message = f"The block `# BEGIN {block}` stands within the {around[0]} block of cell "
            self._problem(cell, f"{message}{around[1]}. End that one first.")
        self._blocks.append((block, cell.number))
        if block == "QUESTION":
            self._begin_question(self._yaml(text, cell), cell)

    def _begin_question(self, settings: Mapping[str, Any], cell: RawCell) -> None:
        name = settings.get("name")
        if not isinstance(name, str | int | float) or isinstance(name, bool) or not str(name):
            self._problem(cell, "The question has no `name`.")
            name = f"question {len(self.questions) + 1}"
        if any(one.name == str(name) for one in self.questions):
            self._problem(cell, f"A second question is called {name}: rename one.")
        number = len(self.questions) + 1
        taken = {one.id for one in self.questions}
        self._question = _Question(
            id=identity(str(name), number, taken),
            name=str(name),
            number=cell.number,
            settings=settings,
        )
        self.questions.append(self._question)

    def _end(self, block: str, cell: RawCell) -> None:
        if not self._blocks or self._blocks[-1][0] != block:
            open_ = (
                f"the {self._blocks[-1][0]} block is open" if self._blocks else "no block is open"
            )
            self._problem(cell, f"`# END {block}` stands here, but {open_}.")
            return
        self._blocks.pop()
        if block == "SOLUTION" and self._question is not None:
            self._answer_place(self._question, cell)
        if block == "QUESTION":
            self._question = None

    def _answer_place(self, question: _Question, cell: RawCell) -> None:
        """Give a place for prose where the solution was prose and nothing prompts for it."""
        if question.manual and question.answers and not question.prompted:
            question.prompted = True
            made = Cell(
                id=f"{question.id}-answer-{cell.number}",
                kind="markdown",
                source=ANSWER,
                subtask=question.id,
            )
            self.made.template.append(made)

    def _cell(self, cell: RawCell) -> None:
        block = self._blocks[-1][0] if self._blocks else None
        question = self._question
        made = document_cell(cell, question.id if question else None)
        if question is not None and cell.kind == "markdown" and block == "QUESTION":
            question.title = question.title or heading(cell.source, "")
        if block == "TESTS" and question is not None:
            test = read_test(cell, self._file, self._log, by_exception=self._by_exception)
            if test is not None:
                question.tests.append(test)
        elif block == "PROMPT" and question is not None:
            question.prompted = True
            self.made.template.append(made)
        elif block == "SOLUTION" and question is not None:
            self._solution(question, cell, made)
        else:
            kept = otter_text.without_ignored(cell.source, self._file, cell.number, self._log)
            self.made.solution.append(made)
            self.made.template.append(made.model_copy(update={"source": kept}))

    def _solution(self, question: _Question, cell: RawCell, made: Cell) -> None:
        self.made.solution.append(made)
        if cell.kind == "markdown":
            question.answers.append(cell.source)
            return
        kept = otter_text.for_students(cell.source, self._file, cell.number, self._log)
        self.made.template.append(made.model_copy(update={"source": kept}))


def _config(cell: RawCell) -> str | None:
    """Return the text of a configuring cell: a raw one, or a text fenced as `otter`."""
    if cell.kind == "raw":
        return cell.source.strip("\n")
    fenced = _FENCE.match(cell.source) if cell.kind == "markdown" else None
    return fenced[1] if fenced else None


def _subtask(question: _Question, file: str, log: ProblemLog) -> Subtask:
    if len(question.tests) > MAX_TESTS:
        message = f"The question {question.name} has more than {MAX_TESTS} tests."
        log.add(file, message, cell=question.number)
    given = question.settings.get("points")
    each = points_of(given, question.tests, file=file, cell=question.number, log=log)
    total = sum(each)
    rubric: tuple[RubricItem, ...] = ()
    if question.manual:
        worth = given if isinstance(given, int | float) and not isinstance(given, bool) else 1
        text = "\n\n".join(question.answers).strip()[:10_000] or question.name
        left = max(0.0, worth - total)
        rubric = (RubricItem(text=text, points=left),)
        total += left
    tests = tuple(
        AuthorTest(
            id=f"{question.id}-{number}",
            source=test.source,
            output=test.output,
            points=points,
            hidden=test.hidden,
            message=test.failure,
            success=test.success,
        )
        for number, (test, points) in enumerate(
            zip(question.tests[:MAX_TESTS], each, strict=False), start=1
        )
    )
    return Subtask(
        id=question.id,
        title=question.title or question.name,
        points=total,
        tests=tests,
        partial_credit=question.settings.get("all_or_nothing") is not True,
        rubric=rubric,
        alias=question.name,
    )
