import json
from pathlib import Path
from typing import Any

import pytest

from notebooks.cases.problems import Problem, Problems
from notebooks.cases.reader import CaseContent, read_case
from tests.notebooks.cases.importers import sources
from tests.notebooks.cases.importers.sources import code, graded, meta, notebook, solution, text


def read(tmp_path: Path, source: Any) -> CaseContent | Problems:
    path = tmp_path / "source.ipynb"
    path.write_text(json.dumps(source))
    return read_case(path)


def good(tmp_path: Path, source: Any) -> CaseContent:
    content = read(tmp_path, source)
    assert isinstance(content, CaseContent), str(content)
    return content


def bad(tmp_path: Path, *cells: Any) -> list[Problem]:
    found = read(tmp_path, notebook(cells))
    assert isinstance(found, Problems)
    return list(found.items)


def test_solutions_and_the_tests_after_them_are_a_subtask(tmp_path: Path) -> None:
    profile = good(tmp_path, sources.NBGRADER).profile
    assert profile.title == "Squares"
    assert [(one.id, one.title, one.points) for one in profile.subtasks] == [
        ("squares", "Part A", 2),
        ("sum_of_squares", "Part B", 1),
        ("sum_equation", "Part C", 1),
        ("sum_application", "Use it: what is the sum of the first 24 squares?", 2),
    ]
    assert [test.points for test in profile.subtasks[0].tests] == [1, 1]
    assert profile.subtasks[2].tests == ()


def test_a_manually_graded_cell_is_a_criterion_with_the_ideal_answer(tmp_path: Path) -> None:
    profile = good(tmp_path, sources.NBGRADER).profile
    [item] = profile.subtasks[2].rubric
    assert (item.points, item.text) == (1, "$\\sum_{i=1}^n i^2$")


def test_students_start_from_what_nbgrader_would_hand_out(tmp_path: Path) -> None:
    template = good(tmp_path, sources.NBGRADER).template
    release = sources.released("nbgrader_release.ipynb")
    assert [cell.source for cell in template] == ["".join(c["source"]) for c in release["cells"]]


def test_test_cells_are_no_part_of_a_replay(tmp_path: Path) -> None:
    content = good(tmp_path, sources.NBGRADER)
    assert {cell.id for cell in content.solution if not cell.replay} == {
        "correct_squares", "squares_invalid_input",
        "correct_sum_of_squares", "sum_of_squares_uses_squares",
    }  # fmt: skip


def test_a_test_carries_the_helpers_that_an_earlier_one_made(tmp_path: Path) -> None:
    tests = good(tmp_path, sources.NBGRADER).profile.subtasks[1].tests
    assert tests[0].source.startswith("def refuses(")
    assert "refuses" not in tests[1].source


def test_a_solution_without_marks_is_handed_out_as_a_stub(tmp_path: Path) -> None:
    source = notebook([text("# T"), solution("a", "x = 1"), graded("t", 1, "assert x == 1")])
    assert good(tmp_path, source).template[1].source == (
        "# YOUR CODE HERE\nraise NotImplementedError()"
    )


def test_a_task_shows_its_text_and_keeps_the_mark_scheme(tmp_path: Path) -> None:
    task = text(
        "Plot it.\n=== BEGIN MARK SCHEME ===\nLabels: 1\n=== END MARK SCHEME ===",
        **meta("plot", task=True, points=4),
    )
    content = good(tmp_path, notebook([text("# T"), task]))
    [subtask] = content.profile.subtasks
    assert (subtask.points, subtask.rubric[0].text) == (4, "Labels: 1")
    assert content.template[1].source == "Plot it."


@pytest.mark.parametrize("version", [1, 2, 3])
def test_metadata_of_each_version_are_read(version: int, tmp_path: Path) -> None:
    given: dict[str, Any] = {"grade_id": "a", "solution": True, "grade": False, "locked": False}
    tested: dict[str, Any] = {
        "grade_id": "t",
        "solution": False,
        "grade": True,
        "locked": True,
        "points": 2,
    }
    extra: dict[str, Any] = {"cell_type": "code"} if version > 1 else {}
    extra |= {"task": False} if version > 2 else {}
    source = notebook(
        [
            text("# T"),
            code("x = 1", nbgrader=given | extra | {"schema_version": version}),
            code("assert x == 1", nbgrader=tested | extra | {"schema_version": version}),
        ]
    )
    assert good(tmp_path, source).profile.subtasks[0].points == 2


MARKED = "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"
TEST = graded("t", 1, "assert x == 1")


@pytest.mark.parametrize(
    ("cell", "line", "message"),
    [
        (solution("a", f"### BEGIN SOLUTION\n{MARKED}"), 2, "begins within the one of line 1"),
        (solution("a", "x = 1\n### END SOLUTION"), 2, "did not begin"),
        (solution("a", "### BEGIN SOLUTION\nx = 1"), 1, "has no end"),
        (code(MARKED), None, "no solution"),
        (graded("u", 1, MARKED), None, "no solution"),
        (solution("a", "### BEGIN HIDDEN TESTS\nx = 1\n### END HIDDEN TESTS"), None, "autograded"),
        (graded("u", 1, "### BEGIN HIDDEN TESTS\nassert x"), 1, "has no end"),
        (graded("u", 1, "x\n### END HIDDEN TESTS"), 2, "did not begin"),
        (graded("t", 1, "assert x"), None, "that of cell 2 too"),
        (graded("u", "many", "assert x"), None, "no number of points"),  # type: ignore[arg-type] # wrong on purpose
        (graded("u", -1, "assert x"), None, "no number of points"),
        (graded("", 1, "assert x"), None, "no `grade_id`"),
        (graded("u", 1, "### AUTOTEST x"), 1, "AUTOTEST"),
        (graded("u", 1, "# nothing"), None, "holds no code"),
        (text("x", **meta("m", grade=True, points=1)), None, "asks for no answer"),
        (code("x", **meta("m", solution=True, schema_version=9)), None, "version 9"),
        (code("assert (", **meta("u", grade=True, points=1)), 1, "does not compile"),
        (graded("u", 1, "assert x  # " + "x" * 20_000), None, "longer than"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_cell_and_line(
    cell: Any, line: int | None, message: str, tmp_path: Path
) -> None:
    found = bad(tmp_path, text("# T"), TEST, cell)
    assert any(message in one.message and one.line == line for one in found), found
    assert all(one.cell in (3, None) for one in found)


def test_a_notebook_of_another_language_is_refused_in_words(tmp_path: Path) -> None:
    source = sources.NBGRADER | {"metadata": {"kernelspec": {"name": "ir"}}}
    found = read(tmp_path, source)
    assert isinstance(found, Problems)
    assert "The notebook's language is r" in found.items[0].message
