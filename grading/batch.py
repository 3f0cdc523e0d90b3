"""Many notebooks at once: which ones, what was judged before, and the marks as a table."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from grading.errors import BatchError
from grading.offline import GradeReport

MAX_NOTEBOOKS = 100_000
_CHECKPOINTS = ".ipynb_checkpoints"


def notebooks_in(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the notebooks that these paths name: files as they are, folders with all below them.

    In their order, each once; what does not exist is kept, to be reported where it is judged.

    Raises:
        BatchError: a folder holds no notebook, or there are too many.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            found.setdefault(path)
            continue
        below = [one for one in sorted(path.rglob("*.ipynb")) if _CHECKPOINTS not in one.parts]
        if not below:
            raise BatchError(f"There is no notebook (*.ipynb) in {path} or below it.")
        found |= dict.fromkeys(below)
    if len(found) > MAX_NOTEBOOKS:
        raise BatchError(f"More than {MAX_NOTEBOOKS} notebooks: judge them in parts.")
    return tuple(found)


def earlier_reports(file: Path) -> Mapping[str, GradeReport]:
    """Return the reports that a file of JSON lines holds, by notebook, without those with errors.

    A last line that was cut off, as by a crash, is left out: its notebook is judged again.

    Raises:
        BatchError: the file cannot be read, or another line is no report.
    """
    try:
        lines = file.read_text(encoding="utf-8").split("\n") if file.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise BatchError(f"{file} cannot be read: {error}") from error
    found: dict[str, GradeReport] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            report = GradeReport.model_validate_json(line)
        except ValidationError as error:
            if number == len(lines):
                break
            raise BatchError(
                f"{file}, line {number}: this is no report of `casebook grade`. "
                "Name another file, or remove the line."
            ) from error
        if report.error is None:
            found[report.notebook] = report
    return found


def table(reports: Iterable[GradeReport]) -> str:
    """Return reports as CSV: a row per notebook, a column per subtask, for a spreadsheet."""
    rows = list(reports)
    subtasks = dict.fromkeys(subtask.id for report in rows for subtask in report.subtasks)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["notebook", "score", "max_score", *_columns(subtasks), "error"])
    for report in rows:
        writer.writerow([_inert(cell) for cell in _row(report, list(subtasks))])
    return text.getvalue()


def _columns(subtasks: Iterable[str]) -> Iterator[str]:
    for subtask in subtasks:
        yield subtask
        yield f"{subtask} verdict"


def _row(report: GradeReport, subtasks: Sequence[str]) -> Iterator[object]:
    yield report.notebook
    yield "" if report.score is None else report.score
    yield "" if report.max_score is None else report.max_score
    judged = {subtask.id: subtask for subtask in report.subtasks}
    for name in subtasks:
        subtask = judged.get(name)
        yield subtask.points if subtask else ""
        yield subtask.verdict.value if subtask else ""
    yield report.error or ""


def _inert(cell: object) -> object:
    """Keep a spreadsheet from taking a text for a formula: file names are students'."""
    if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{cell}"
    return cell
