import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.replays import cells_for
from notebooks.attempts.document import Cell
from notebooks.cases.matching import match, without_client
from notebooks.cases.notebook import RawCell, read_notebook
from notebooks.cases.problems import ProblemLog
from notebooks.cases.reader import CaseContent, read_case
from tests.notebooks.cases.importers import sources
from tests.notebooks.cases.importers.sources import Json


def case(folder: Path, source: Json) -> CaseContent:
    path = folder / "source.ipynb"
    path.write_text(json.dumps(source))
    content = read_case(path)
    assert isinstance(content, CaseContent), str(content)
    return content


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory: pytest.TempPathFactory) -> CaseContent:
    return case(tmp_path_factory.mktemp("nbgrader"), sources.NBGRADER)


@pytest.fixture(scope="module")
def otter(tmp_path_factory: pytest.TempPathFactory) -> CaseContent:
    return case(tmp_path_factory.mktemp("otter"), sources.OTTER)


def raw(notebook: Json) -> tuple[RawCell, ...]:
    return read_notebook(json.dumps(notebook), "copy.ipynb", ProblemLog())


def matched(content: CaseContent, notebook: Json) -> tuple[Cell, ...]:
    return match(
        raw(notebook),
        profile=content.profile,
        solution=content.solution,
        template=content.template,
    )


def released(name: str) -> Json:
    return copy.deepcopy(sources.released(name))


def by_source(cells: tuple[Cell, ...], begin: str) -> Cell:
    [found] = [cell for cell in cells if cell.source.startswith(begin)]
    return found


def test_cells_of_nbgraders_copy_are_known_by_their_grade_ids(nbgrader: CaseContent) -> None:
    cells = matched(nbgrader, released("nbgrader_release.ipynb"))
    assert by_source(cells, "def squares").subtask == "squares"
    assert by_source(cells, "def sum_of").subtask == "sum_of_squares"
    assert by_source(cells, "import math").subtask is None
    assert not by_source(cells, '"""squares gives').replay


def test_cells_of_otters_copy_are_known_without_ids_by_the_checks_below_them(
    otter: CaseContent,
) -> None:
    notebook = released("otter_student.ipynb")
    for cell in notebook["cells"]:
        cell.pop("id", None)
    notebook["cells"][4]["source"] = "answer = 6 * 7\nthe_x = answer"
    cells = matched(otter, notebook)
    assert by_source(cells, "answer").subtask == "q1"
    assert by_source(cells, "def square").subtask == "q2"
    assert by_source(cells, "import numpy").subtask is None


def test_otters_client_is_not_called_and_lines_stay_in_place() -> None:
    source = 'import otter\ngrader = otter.Notebook("a")\nx = 1\ngrader.check(\n    "q1")\ny = (2'
    assert without_client(source) == source  # does not compile: the student is told so
    assert without_client(source.replace("(2", "2")) == "pass\npass\nx = 1\npass\n\ny = 2"
    assert without_client("grader = 5; x = 2") == "grader = 5; x = 2"


def test_a_retyped_cell_is_what_the_case_has_it_for(nbgrader: CaseContent) -> None:
    notebook = released("nbgrader_release.ipynb")
    notebook["cells"][3]["cell_type"] = "markdown"
    notebook["cells"][2]["cell_type"] = "code"
    cells = matched(nbgrader, notebook)
    assert by_source(cells, "def squares").kind == "code"
    assert by_source(cells, "## Part A").kind == "markdown"


def test_a_text_of_the_case_that_became_code_is_a_text_again(otter: CaseContent) -> None:
    notebook = released("otter_student.ipynb")
    [cell] = [c for c in notebook["cells"] if "Question 2" in c["source"]]
    cell["cell_type"] = "code"
    assert by_source(matched(otter, notebook), "**Question 2").kind == "markdown"
    cell["source"] = "def square(x): return x * x"
    assert by_source(matched(otter, notebook), "def square(x): r").kind == "code"


def test_an_answer_in_a_new_cell_is_known_by_the_name_it_binds(nbgrader: CaseContent) -> None:
    notebook = released("nbgrader_release.ipynb")
    del notebook["cells"][8]
    new = sources.code("def sum_of_squares(n):\n    return 0")
    notebook["cells"].insert(2, new | {"id": "new"})
    assert by_source(matched(nbgrader, notebook), "def sum_of").subtask == "sum_of_squares"


def test_a_copy_of_a_test_cell_is_not_run(nbgrader: CaseContent) -> None:
    notebook = released("nbgrader_release.ipynb")
    again = copy.deepcopy(notebook["cells"][5])
    again["metadata"] = {}
    notebook["cells"].append(again)
    cells = matched(nbgrader, notebook)
    assert [cell.replay for cell in cells if cell.source.startswith('"""squares')] == [False] * 2


def _disturbed(notebook: Json, seed: int) -> Json:
    """Copy, delete, retype, empty, rename and shuffle cells."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    cells: list[dict[str, Any]] = []
    for cell in notebook["cells"]:
        for _ in range(draw.choice([0, 1, 1, 1, 2])):
            made = copy.deepcopy(cell)
            if draw.random() < 0.2:
                made["cell_type"] = draw.choice(["markdown", "code", "raw"])
            if draw.random() < 0.2:
                made["metadata"] = draw.choice([{}, {"tags": "x"}, {"nbgrader": {"grade_id": 3}}])
            if draw.random() < 0.2:
                made["id"] = draw.choice(["c1", "", "x" * 80, "squares"])
            if draw.random() < 0.1:
                made["source"] = draw.choice(["", "x = (", "\x00", "é = 1"])
            cells.append(made)
    draw.shuffle(cells)
    return {**notebook, "cells": cells}


@given(seed=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_whatever_is_done_to_the_cells_a_document_comes_of_it(
    seed: int, nbgrader: CaseContent, otter: CaseContent
) -> None:
    for content, name in ((nbgrader, "nbgrader_release.ipynb"), (otter, "otter_student.ipynb")):
        cells = matched(content, _disturbed(sources.released(name), seed))
        order = [subtask.id for subtask in content.profile.subtasks]
        assert len({cell.id for cell in cells}) == len(cells)
        assert {cell.subtask for cell in cells} <= {None, *order}
        for subtask in order:
            assert all(cell.kind == "code" for cell in cells_for(subtask, cells, order))


@given(order=st.permutations(range(15)))
@settings(max_examples=30, deadline=None)
def test_the_order_of_cells_does_not_change_whose_they_are(
    order: list[int], nbgrader: CaseContent
) -> None:
    notebook = sources.released("nbgrader_release.ipynb")
    known = {
        cell.source: cell.subtask for cell in matched(nbgrader, notebook) if cell.kind == "code"
    }
    notebook["cells"] = [notebook["cells"][place] for place in order]
    for cell in matched(nbgrader, notebook):
        if cell.kind == "code":
            assert cell.subtask == known[cell.source]
