from pathlib import Path

import pytest

from notebooks.cases.problems import Problems
from notebooks.cases.reader import CaseContent, read_case
from tests.notebooks.cases.builder import PROFILE, folder, notebook, zipped

MEAN = (
    "def mean(values):\n    ### BEGIN SOLUTION\n"
    "    return sum(values) / len(values)\n    ### END SOLUTION"
)
SOLVED = notebook(
    [
        ("markdown", "# A small case"),
        ("code", "### BEGIN SOLUTION\nrows = [1, 2, 3]\n### END SOLUTION", ["subtask:load"]),
        ("code", MEAN, ["subtask:mean"]),
    ]
)  # fmt: skip
FOUR = {
    "profile.yaml": PROFILE,
    "template.ipynb": SOLVED,
    "rows.csv": "1\n2\n",
    "requirements.txt": "numpy\n",
}


@pytest.mark.parametrize("packed", [False, True])
def test_four_files_are_a_case(packed: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
    path = zipped(tmp_path / "up.zip", FOUR) if packed else folder(tmp_path / "up", FOUR)
    content = read_case(path)
    assert isinstance(content, CaseContent), str(content)
    assert content.data["rows.csv"].read_text() == "1\n2\n"
    assert content.requirements == "numpy\n"
    assert "rows = [1, 2, 3]" in content.solution[1].source
    assert "[1, 2, 3]" not in content.template[1].source
    assert content.solution_file == "template.ipynb"


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("profile.yaml", "The profile is missing"),
        ("template.ipynb", "The template is missing"),
        ("rows.csv", "The data set is missing"),
        ("requirements.txt", "The requirements are missing"),
    ],
)
def test_what_is_missing_is_named(missing: str, message: str, tmp_path: Path) -> None:
    found = read_case(folder(tmp_path, {k: v for k, v in FOUR.items() if k != missing}))
    assert isinstance(found, Problems)
    assert any(message in one.message for one in found.items), found


def test_an_ideal_solution_that_is_nowhere_is_named(tmp_path: Path) -> None:
    bare = notebook([("markdown", "# A"), ("code", "rows = ...", ["subtask:load"])])
    found = read_case(folder(tmp_path, {**FOUR, "template.ipynb": bare}))
    assert isinstance(found, Problems)
    [problem] = found.items
    assert problem.file == "solution.ipynb"
    assert "BEGIN SOLUTION" in problem.message


def test_files_beside_a_case_of_the_format_are_still_ignored(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "notes.csv").write_text("private")
    content = read_case(tmp_path)
    assert isinstance(content, CaseContent)
    assert "notes.csv" not in content.data
