import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from notebooks.cases.importers.otter_text import for_students
from notebooks.cases.problems import Problem, ProblemLog, Problems
from notebooks.cases.reader import CaseContent, read_case
from tests.notebooks.cases.importers import sources
from tests.notebooks.cases.importers.sources import code, notebook, raw, text


def read(tmp_path: Path, source: Any) -> CaseContent | Problems:
    path = tmp_path / "source.ipynb"
    path.write_text(json.dumps(source))
    return read_case(path)


def good(tmp_path: Path, source: Any) -> CaseContent:
    content = read(tmp_path, source)
    assert isinstance(content, CaseContent), str(content)
    return content


def bad(tmp_path: Path, cells: Sequence[Any]) -> list[Problem]:
    found = read(tmp_path, notebook(cells))
    assert isinstance(found, Problems)
    return list(found.items)


def question(*tests: Any, config: str = "name: q1", answer: str = "x = 1 # SOLUTION") -> list[Any]:
    return [
        text("# T"),
        raw(f"# BEGIN QUESTION\n{config}"),
        raw("# BEGIN SOLUTION"), code(answer), raw("# END SOLUTION"),
        raw("# BEGIN TESTS"), *tests, raw("# END TESTS"),
        raw("# END QUESTION"),
    ]  # fmt: skip


def test_questions_are_subtasks_with_their_tests(tmp_path: Path) -> None:
    profile = good(tmp_path, sources.OTTER).profile
    assert profile.title == "first-steps"
    assert [(one.id, one.points, len(one.tests)) for one in profile.subtasks] == [
        ("q1", 3, 3), ("q2", 1, 4), ("q3", 2, 0), ("q4", 2, 2),
    ]  # fmt: skip
    first = profile.subtasks[0].tests
    assert [(test.points, test.hidden) for test in first] == [(1, False), (1, False), (1, True)]
    assert first[1].message == "What is left when you halve it?"
    assert first[1].success == "Even indeed."
    assert (first[1].source, first[1].output) == ("x % 2", "0")
    assert profile.subtasks[3].partial_credit is False


def test_a_manual_question_is_a_criterion_with_the_ideal_answer(tmp_path: Path) -> None:
    [item] = good(tmp_path, sources.OTTER).profile.subtasks[2].rubric
    assert item.points == 2
    assert item.text.startswith("The product of two numbers")


def test_students_start_from_what_otter_would_hand_out(tmp_path: Path) -> None:
    template = good(tmp_path, sources.OTTER).template
    handed = ["".join(cell["source"]) for cell in sources.released("otter_student.ipynb")["cells"]]
    client = [one for one in handed if "grader" in one]
    ours = [one.split("QUESTION -->\n\n")[-1] for one in handed if one not in client]
    assert [cell.source for cell in template] == ours


def test_solutions_prompts_and_tests_are_no_part_of_each_other(tmp_path: Path) -> None:
    content = good(tmp_path, sources.OTTER)
    shown = "\n".join(cell.source for cell in content.template)
    for secret in ("42", "x * x", "same sign", "rows =", "6.25"):
        assert secret not in shown
    assert "data = ..." not in "\n".join(cell.source for cell in content.solution)


PROMPTED = '""" # BEGIN PROMPT\na = ...\n""" # END PROMPT'


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("x = 1 # SOLUTION", "x = ..."),
        ("a, b = 1, 2 # SOLUTION", "a, b = ..."),
        ("d['k'] = 1  # SOLUTION", "d['k'] = ..."),
        ("    return y # SOLUTION", "    ..."),
        ("if x == 1: y = 2 # SOLUTION", "..."),
        ("y = 2 # SOLUTION NO PROMPT\nz = 1", "z = 1"),
        ("# BEGIN SOLUTION\na = 1\nb = 2\n# END SOLUTION\nc = 3", "...\nc = 3"),
        ("if x:\n    # BEGIN SOLUTION\n    y = 1\n    # END SOLUTION", "if x:\n    ..."),
        (f"# BEGIN SOLUTION NO PROMPT\na = 1\n# END SOLUTION\n{PROMPTED}", "a = ..."),
        ("import random\nrng_seed = 42 # SEED", "import random"),
        ("secret = 1 # IGNORE\nx = 2", "x = 2"),
        ("# BEGIN IGNORE\nsecret = 1\n# END IGNORE\nx = 2", "x = 2"),
    ],
)  # fmt: skip
def test_lines_marked_as_solution_are_taken_out(source: str, left: str) -> None:
    log = ProblemLog()
    assert for_students(source, "f", 1, log) == left
    assert not log


T = code("x == 1", "True")


@pytest.mark.parametrize(
    ("config", "tests", "points"),
    [
        ("name: q", [T, T], [0.5, 0.5]),
        ("name: q\npoints: 3", [T, T, T], [1, 1, 1]),
        ("name: q\npoints: [1, 4]", [T, T], [1, 4]),
        ("name: q\npoints: {each: 2}", [T, T], [2, 2]),
        ("name: q\npoints: 5", [T, code('""" # BEGIN TEST CONFIG\npoints: 3\n'
                                        '""" # END TEST CONFIG\nx == 1', "True")], [2, 3]),
        ("name: q", [T, code('""" # BEGIN TEST CONFIG\npoints: 3\n'
                             '""" # END TEST CONFIG\nx == 1', "True")], [0, 3]),
    ],
)  # fmt: skip
def test_points_are_shared_as_otter_shares_them(
    config: str, tests: list[Any], points: list[float], tmp_path: Path
) -> None:
    [subtask] = good(tmp_path, notebook(question(*tests, config=config))).profile.subtasks
    assert [test.points for test in subtask.tests] == points
    assert subtask.points == sum(points)


def test_texts_fenced_as_otter_count_as_raw_cells(tmp_path: Path) -> None:
    cells = [
        text(f"```otter\n{cell['source']}\n```") if cell["cell_type"] == "raw" else cell
        for cell in question(T)
    ]
    assert good(tmp_path, notebook(cells)).profile.subtasks[0].id == "q1"


def test_a_test_that_fails_by_an_exception_is_its_functions_body(tmp_path: Path) -> None:
    config = raw("# ASSIGNMENT CONFIG\ntests:\n  ok_format: false")
    test = code(
        "def test_x(x, env):\n    assert x == 1\n    assert 'x' in env\n\ntest_x(x, globals())"
    )
    [made] = good(tmp_path, notebook([config, *question(test)])).profile.subtasks[0].tests
    assert made.source == "env = globals()\nassert x == 1\nassert 'x' in env"
    assert made.output is None


BEGIN, END = raw("# BEGIN QUESTION\nname: q"), raw("# END QUESTION")


@pytest.mark.parametrize(
    ("cells", "cell", "message"),
    [
        ([BEGIN], 1, "has no `# END QUESTION`"),
        ([BEGIN, END, END], 3, "no block is open"),
        ([BEGIN, raw("# BEGIN SOLUTION"), END], 3, "SOLUTION block is open"),
        ([BEGIN, BEGIN, END], 2, "begins within the QUESTION block of cell 1"),
        ([BEGIN, raw("# BEGIN TESTS"), raw("# BEGIN PROMPT")], 3, "End that one first"),
        ([BEGIN, END, raw("# BEGIN TESTS")], 3, "outside a question"),
        ([raw("# BEGIN QUESTION\npoints: 1"), END], 1, "no `name`"),
        ([raw("# BEGIN QUESTION\nname: [q"), END], 1, "not readable as YAML"),
        ([raw("# BEGIN QUESTION\n- q"), END], 1, "lines like"),
        ([BEGIN, END, BEGIN, END], 3, "A second question is called q"),
        ([raw("# ASSIGNMENT CONFIG\nlang: r"), BEGIN, END], 1, "language is r"),
        (question(text("x")), 7, "Only code cells"),
        (question(code("# HIDDEN")), 7, "The test is empty"),
        (question(code('""" # BEGIN TEST CONFIG\npoints: 1\n"""\nx')), 7, "no `END TEST CONFIG`"),
        (question(T, config="name: q\npoints: [1, 2]"), 2, "2 numbers for 1 tests"),
        (question(T, config="name: q\npoints: -1"), 2, "no number of points"),
        (question(T, answer="# BEGIN SOLUTION\nx = 1"), 4, "has no end"),
        ([raw("# ASSIGNMENT CONFIG\nname: x")], None, "no questions"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_cell(
    cells: list[Any], cell: int | None, message: str, tmp_path: Path
) -> None:
    found = bad(tmp_path, cells)
    assert any(message in one.message and one.cell == cell for one in found), found
