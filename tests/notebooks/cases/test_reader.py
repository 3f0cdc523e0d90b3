import gc
import json
from pathlib import Path

import pytest

import notebooks
from notebooks.cases.problems import Problem, Problems
from notebooks.cases.reader import CaseContent, read_case
from tests.notebooks.cases.builder import CELLS, FILES, PROFILE, Cells, folder, notebook, zipped


def good(path: Path) -> CaseContent:
    content = read_case(path)
    assert isinstance(content, CaseContent), str(content)
    return content


def bad(path: Path) -> list[Problem]:
    found = read_case(path)
    assert isinstance(found, Problems)
    return list(found.items)


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    content = good(folder(tmp_path))
    assert content.profile.title == "A small case"
    assert [cell.subtask for cell in content.solution] == [
        None, "load", "load", "mean", "mean", None,
    ]  # fmt: skip
    assert [cell.replay for cell in content.solution] == [True] * 5 + [False]
    assert content.requirements == "numpy\n"
    assert sorted(content.data) == ["more/x.txt", "rows.csv"]
    assert content.data["rows.csv"].read_text() == "1\n2\n"
    assert "README.md" not in content.files.paths


def test_a_zip_reads_as_its_folder_does_wrapped_or_not(tmp_path: Path) -> None:
    plain = good(folder(tmp_path / "folder"))
    junk = {"__MACOSX/._case.yaml": "x", "__MACOSX/small/._x": "x"}
    flat = good(zipped(tmp_path / "flat.zip"))
    wrapped = good(zipped(tmp_path / "wrapped.zip", FILES, "small/"))
    mac = {**{f"small/{name}": text for name, text in FILES.items()}, **junk}
    for other in (flat, wrapped, good(zipped(tmp_path / "mac.zip", mac))):
        assert (other.profile, other.solution) == (plain.profile, plain.solution)
        assert sorted(other.data) == sorted(plain.data)
        assert other.data["rows.csv"].read_text() == "1\n2\n"


FILE_PROBE = (
    "kind: file, file: out.csv, key: id, column: y, against: hidden/y.csv, metric: rmse, at_most: 1"
)
HIDDEN = {
    **FILES,
    "case.yaml": PROFILE.replace("kind: call, function: mean, args: [[1, 2]]", FILE_PROBE),
    "hidden/y.csv": "id,y\n1,2.5\n2,3\n",
}


def test_right_answers_are_read_with_the_case_but_are_none_of_its_data(tmp_path: Path) -> None:
    for content in (
        good(folder(tmp_path / "case", HIDDEN)),
        good(zipped(tmp_path / "a.zip", HIDDEN, "small/")),
    ):
        assert sorted(content.hidden) == ["hidden/y.csv"]
        assert sorted(content.data) == ["more/x.txt", "rows.csv"]
        assert "hidden/y.csv" in content.files.paths


@pytest.mark.parametrize(
    ("labels", "place", "message"),
    [
        (None, ("case.yaml", 13), "there is no file hidden/y.csv"),
        ("id,x\n1,2\n", ("hidden/y.csv", 1), "no column y; its columns: id, x"),
        ("id,y\n1,2\n1,3\n", ("hidden/y.csv", 3), "The key 1 is there twice"),
        ("id,y\n1,2\n2\n", ("hidden/y.csv", 3), "fewer fields than the header"),
        ("id,y\n1,two\n", ("hidden/y.csv", None), "two of 1 is no number"),
        ("id,y\n", ("hidden/y.csv", None), "holds no rows"),
        ("id,y\n" + "1" * 6_000_000, ("hidden/y.csv", None), "limit of 5 MiB"),
    ],
)
def test_each_fault_of_right_answers_is_named_with_its_place(
    tmp_path: Path, labels: str | None, place: tuple[str, int | None], message: str
) -> None:
    [problem] = bad(folder(tmp_path, HIDDEN, hidden__y_csv=labels))
    assert (problem.file, problem.line) == place
    assert message in problem.message


def test_unpacked_files_vanish_with_the_content(tmp_path: Path) -> None:
    content = good(zipped(tmp_path / "a.zip"))
    path = content.data["rows.csv"]
    assert path.exists()
    del content
    gc.collect()
    assert not path.exists()


def test_the_example_cases_are_read() -> None:
    examples = Path(notebooks.__path__[0]) / "examples"
    for case in examples.glob("*/case.yaml"):
        good(case.parent)


def test_a_notebook_alone_is_a_case(tmp_path: Path) -> None:
    path = tmp_path / "wine.ipynb"
    cells = [
        ("markdown", "# Wine\n\nTaste it."),
        ("code", "import math"),
        ("markdown", "## Part I"),
        ("markdown", "## Größe messen\n\nHow large?"),
        ("code", "size = 3"),
        ("code", "size"),
        ("markdown", "Then double it"),
        ("code", "def double(x):\n    return 2 * x\nresult = double(size)"),
        ("markdown", "The end"),
    ]
    path.write_text(notebook(cells))
    content = good(path)
    assert content.profile.title == "Wine"
    assert content.profile.description == "Taste it."
    assert [(one.id, one.title, one.points) for one in content.profile.subtasks] == [
        ("groe-messen", "Größe messen", 1),
        ("then-double-it", "Then double it", 1),
    ]
    first, second = "groe-messen", "then-double-it"
    assert [cell.subtask for cell in content.solution] == [
        None, None, None, first, first, first, second, second, None,
    ]  # fmt: skip
    assert content.solution_file == "wine.ipynb"
    assert content.template[4].source == "# Write your code here.\nsize = ..."


def test_a_folder_with_one_notebook_of_any_name_takes_it_for_the_solution(tmp_path: Path) -> None:
    files = {"case.yaml": PROFILE, "my work.ipynb": notebook()}
    assert good(folder(tmp_path, files)).solution_file == "my work.ipynb"


def test_several_unnamed_notebooks_are_asked_about(tmp_path: Path) -> None:
    (problem,) = bad(folder(tmp_path, {"a.ipynb": notebook(), "b.ipynb": notebook()}))
    assert problem.file == "solution.ipynb"
    assert "a.ipynb, b.ipynb" in problem.message


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        ({"solution_ipynb": None}, ("solution.ipynb", None, None), "ideal solution is missing"),
        ({"solution_ipynb": "{"}, ("solution.ipynb", None, 1), "not a notebook"),
        ({"solution_ipynb": "[]"}, ("solution.ipynb", None, None), "names no `nbformat`"),
        ({"solution_ipynb": "[" * 100_000}, ("solution.ipynb", None, None), "not a notebook"),
        ({"solution_ipynb": '{"nbformat": 3, "cells": []}'}, ("solution.ipynb", None, None),
         "save it again"),
        ({"solution_ipynb": notebook([("code", "x = 1\ny = = 2", ["subtask:load"])])},
         ("solution.ipynb", 1, 2), "does not compile"),
        ({"solution_ipynb": notebook([("code", "x", ["subtask:lod"])])},
         ("solution.ipynb", 1, None), "load, mean"),
        ({"solution_ipynb": notebook([("code", "x", ["subtask:load", "subtask:mean"])])},
         ("solution.ipynb", 1, None), "several subtasks"),
        ({"solution_ipynb": notebook([*CELLS[:3]])},
         ("solution.ipynb", None, None), "subtask mean"),
        ({"solution_ipynb": notebook(language_info={"name": "R"})},
         ("solution.ipynb", None, None), "language is r"),
        ({"template_ipynb": notebook([*CELLS[:3]])}, ("template.ipynb", None, None), "mean"),
        ({"template_ipynb": notebook([("code", "x", ["subtask:nope"])])},
         ("template.ipynb", 1, None), "nope"),
        ({"case_yaml": PROFILE.replace("title: A", "language: julia\ntitle: A")},
         ("case.yaml", None, 1), "only python"),
        ({"case_yaml": PROFILE.replace("[rows]", "[lines]")}, ("case.yaml", None, 7),
         "defines no lines"),
        ({"case_yaml": PROFILE.replace("id: mean", "id: load")}, ("case.yaml", None, 8),
         "second subtask load"),
        ({"case_yaml": PROFILE.replace("mean(rows)", "mean(rows")}, ("case.yaml", None, 14),
         "not a Python expression"),
        ({"case_yaml": PROFILE.replace("function: mean", "function: 'mean()'")},
         ("case.yaml", None, 13), "not the name of a function"),
        ({"case_yaml": PROFILE.replace("kind: call", "kind: raises, error: Exception")},
         ("case.yaml", None, 13), "any error"),
        ({"case_yaml": PROFILE.replace("args: [[1, 2]]", "given: [{xs: [1]}], holds: max(xs) < y")
          .replace("kind: call", "kind: property")}, ("case.yaml", None, 13),
         "`y` is not known here; known are result, xs"),
        ({"case_yaml": PROFILE.replace("args: [[1, 2]]", "holds: result.sum() > 0")
          .replace("kind: call", "kind: property")}, ("case.yaml", None, 13),
         "`result.sum` cannot be called"),
        ({"case_yaml": PROFILE.replace("args: [[1, 2]]", "holds: sorted, where: open(x)")
          .replace("kind: call", "kind: property")}, ("case.yaml", None, 13),
         "`open` cannot be called"),
        ({"case_yaml": PROFILE.replace("args: [[1, 2]]", "holds: sorted, given: [{'a b': 1}]")
          .replace("kind: call", "kind: property")}, ("case.yaml", None, 13),
         "not the name of an argument"),
        ({"case_yaml": PROFILE.replace("args: [[1, 2]]", "holds: sorted, given: [{a: 1}, {b: 1}]")
          .replace("kind: call", "kind: property")}, ("case.yaml", None, 13),
         "needs the same arguments"),
        ({"case_yaml": PROFILE.replace("kind: call, function: mean, args: [[1, 2]]",
          "kind: file, file: ../x, key: a, column: b, against: hidden/y, metric: r2, at_least: 0")},
         ("case.yaml", None, 13), "'../x' is no plain path"),
        ({"case_yaml": PROFILE.replace("kind: call, function: mean, args: [[1, 2]]",
          "kind: file, file: x, key: a, column: b, against: data/y, metric: r2, at_least: 0")},
         ("case.yaml", None, 13), "hidden/"),
        ({"case_yaml": PROFILE.replace("kind: call, function: mean, args: [[1, 2]]",
          "kind: file, file: x, key: a, column: b, against: hidden/y, metric: r2")},
         ("case.yaml", None, 13), "needs `at_least` or `at_most`"),
        ({"case_yaml": f"{PROFILE}    constraints:\n      - must_use: [sum(), numpy.mean]\n"},
         ("case.yaml", None, 17), "does not use `numpy.mean`"),
        ({"case_yaml": f"{PROFILE}    constraints:\n      - must_not_use: [len, for]\n"},
         ("case.yaml", None, 17), "itself uses `len`"),
        ({"case_yaml": f"{PROFILE}    constraints:\n      - must_not_use: a loop\n"},
         ("case.yaml", None, 17), "neither a name"),
        ({"case_yaml": f"{PROFILE}    constraints:\n      - message: hm\n"},
         ("case.yaml", None, 17), "either `must_use` or `must_not_use`"),
        ({"case_yaml": PROFILE.replace("points: 2", "points: .inf")}, ("case.yaml", None, 10),
         "finite"),
        ({"case_yaml": PROFILE.replace('["mean(values)"]', "[2 + 2]")}, ("case.yaml", None, 11),
         "neither a name"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_place(
    tmp_path: Path,
    change: dict[str, str | None],
    place: tuple[str, int | None, int | None],
    message: str,
) -> None:
    problems = bad(folder(tmp_path, {**FILES, "template.ipynb": notebook()}, **change))
    assert any(
        (one.file, one.cell, one.line) == place and message in one.message for one in problems
    ), [str(one) for one in problems]


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    cells: Cells = [("code", "x = ("), ("code", "y = )", ["subtask:none"])]
    yaml = PROFILE.replace("id: mean", "id: load").replace("mean(rows)", "mean(")
    problems = bad(folder(tmp_path, case_yaml=yaml, solution_ipynb=notebook(cells)))
    places = [(one.file, one.cell, one.line) for one in problems]
    assert {("solution.ipynb", 1, 1), ("solution.ipynb", 2, 1), ("solution.ipynb", 2, None),
            ("case.yaml", None, 8), ("case.yaml", None, 14)} <= set(places)  # fmt: skip
    assert str(problems[0]) == f"solution.ipynb, cell 1, line 1: {problems[0].message}"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    assert "no such" in bad(tmp_path / "nowhere")[0].message
    assert "no such" in bad(tmp_path / "case.tar")[0].message


def test_links_in_a_folder_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    case = folder(tmp_path / "case")
    (case / "data" / "link.csv").symlink_to(secret)
    (case / "data" / "up").symlink_to(tmp_path)
    problems = bad(case)
    assert {one.file for one in problems} == {"data/link.csv", "data/up"}


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    case = folder(tmp_path)
    (case / "requirements.txt").write_bytes(b"\xff\xfe")
    assert [one.file for one in bad(case)] == ["requirements.txt"]


def test_too_large_files_are_named(tmp_path: Path) -> None:
    case = folder(tmp_path)
    (case / "case.yaml").write_text("#" * 300_000)
    assert [one.file for one in bad(case)] == ["case.yaml"]


def test_cells_get_usable_ids_of_their_own(tmp_path: Path) -> None:
    data = json.loads(notebook())
    for index, given in enumerate(["same", "same", "not usable!", 7, "ok_1", "cell-2"]):
        data["cells"][index]["id"] = given
    content = good(folder(tmp_path, solution_ipynb=json.dumps(data)))
    ids = [cell.id for cell in content.solution]
    assert ids[0] == "same"
    assert ids[4] == "ok_1"
    assert len(set(ids)) == 6
    assert content.numbers["ok_1"] == 5


def test_requirements_are_read_with_the_case_and_each_fault_has_its_line(tmp_path: Path) -> None:
    found = read_case(folder(tmp_path, requirements_txt="\ufeffnumpy\n-r x\n\nfile:///y\n"))
    assert isinstance(found, Problems)
    assert [(one.file, one.line) for one in found.items] == [
        ("requirements.txt", 2),
        ("requirements.txt", 4),
    ]
    assert found.items[0].message.startswith("`-r x`: options are not allowed here")


def test_a_file_that_is_no_text_is_named_with_the_line_where_it_stops_to_be(tmp_path: Path) -> None:
    case = folder(tmp_path)
    (case / "requirements.txt").write_bytes(b"numpy\n# caf\xe9\n")
    found = read_case(case)
    assert isinstance(found, Problems)
    assert str(found) == "requirements.txt, line 2: This file is not UTF-8 text. Save it as UTF-8."
