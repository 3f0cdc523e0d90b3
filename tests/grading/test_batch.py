import csv
from pathlib import Path

import pytest

from grading.batch import earlier_reports, notebooks_in, table
from grading.errors import BatchError
from grading.offline import GradeReport, SubtaskReport
from grading.verdict import Verdict


def judged(notebook: str, points: float = 1.0) -> GradeReport:
    subtask = SubtaskReport(
        id="one", verdict=Verdict.APPROVED, points=points, evidence=(), seconds=0.1
    )
    return GradeReport(notebook=notebook, score=points, max_score=2, subtasks=(subtask,))


def test_a_folder_stands_for_all_notebooks_below_it_without_checkpoints(tmp_path: Path) -> None:
    for name in ("b.ipynb", "a/c.ipynb", "a/.ipynb_checkpoints/c-checkpoint.ipynb", "d.txt"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    alone = tmp_path / "b.ipynb"
    assert notebooks_in([alone, tmp_path]) == (alone, tmp_path / "a/c.ipynb")


def test_a_folder_without_notebooks_is_named(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="no notebook"):
        notebooks_in([tmp_path])


def test_earlier_reports_are_those_without_errors_and_a_torn_last_line_is_none(
    tmp_path: Path,
) -> None:
    file = tmp_path / "results.jsonl"
    failed = GradeReport(notebook="b", error="It cannot be read.")
    lines = [judged("a").model_dump_json(), failed.model_dump_json(), '{"notebook": "c", "sco']
    file.write_text("\n".join(lines))
    assert earlier_reports(file) == {"a": judged("a")}
    assert earlier_reports(tmp_path / "none.jsonl") == {}


def test_a_file_of_something_else_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    file.write_text(f"{judged('a').model_dump_json()}\nnot a report\n")
    with pytest.raises(BatchError, match="line 2"):
        earlier_reports(file)


def test_the_table_has_a_row_per_notebook_and_a_column_per_subtask() -> None:
    text = table([judged("a", 1.5), GradeReport(notebook="b", error="It cannot be read.")])
    assert list(csv.reader(text.splitlines())) == [
        ["notebook", "score", "max_score", "one", "one verdict", "error"],
        ["a", "1.5", "2.0", "1.5", "approved", ""],
        ["b", "", "", "", "", "It cannot be read."],
    ]


def test_a_file_name_is_never_a_formula() -> None:
    assert "'=HYPERLINK" in table([judged("=HYPERLINK(1)")])
