import ast
import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.cases import code
from notebooks.cases.reader import CaseContent, read_case
from notebooks.cases.template import HERE, stub
from tests.notebooks.cases.builder import FILES, Cells, folder, notebook

SOURCE = '''\
import numpy as np
from math import sqrt, tau
from os import path
SECRET = 42

def area(radius: float, *, scale: float = 1.0) -> float:
    """Area of a circle."""
    return scale * tau * radius ** 2 / 2

class Circle:
    """A circle."""
    kind = "round"
    def grow(self, by):
        """Make it larger."""
        self.r += by

circle, other = Circle(), None
total: float = area(1)
'''


def test_a_stub_keeps_the_interface_and_no_answer() -> None:
    names = ("area", "Circle", "circle", "total", "absent")
    assert (
        stub(SOURCE, names, {"sqrt"})
        == f'''\
import numpy as np
from math import sqrt

{HERE}
def area(radius: float, *, scale: float=1.0) -> float:
    """Area of a circle."""
    ...


class Circle:
    """A circle."""

    def grow(self, by):
        """Make it larger."""
        ...

circle = ...
total = ...'''
    )


@pytest.mark.parametrize(
    ("source", "bound"),
    [
        ("a = b = 1", ["a", "b"]),
        ("(a, [b, *c]) = x", ["a", "b", "c"]),
        ("for i in x:\n    y = i", ["i", "y"]),
        ("with open(f) as g: h = g.read()", ["g", "h"]),
        ("def f():\n    inner = 1", ["f"]),
        ("[i for i in x]", []),
        ("[w := i for i in x]", ["w"]),
        ("f = lambda q: (z := q)", ["f"]),
        ("import os.path, numpy as np\nfrom a import b as c", ["os", "np", "c"]),
        ("df['x'] = 1\nself.y = 2", []),
        ("%matplotlib inline\n!ls\nfiles = !ls\ndf?\nx = 1", ["files", "x"]),
        ("%%bash\nx=1", []),
        ("try:\n    a = 1\nexcept E:\n    b = 2", ["a", "b"]),
    ],
)
def test_the_names_that_a_cell_binds(source: str, bound: list[str]) -> None:
    assert list(code.bound_names(code.parse(source).body)) == bound


@given(st.text(alphabet="abx=()[]:%!?.,'\"#\n \\\0λ1", max_size=40))
def test_any_text_parses_or_is_a_syntax_error(source: str) -> None:
    with contextlib.suppress(SyntaxError):
        assert isinstance(code.parse(source), ast.Module)


def template(tmp_path: Path, cells: Cells) -> dict[int, str]:
    content = read_case(folder(tmp_path, solution_ipynb=notebook(cells)))
    assert isinstance(content, CaseContent), str(content)
    return {content.numbers[cell.id]: cell.source for cell in content.template}


def test_marked_blocks_are_replaced_and_the_rest_is_given(tmp_path: Path) -> None:
    load = (
        "import csv\n### BEGIN SOLUTION\nhidden = 1\nrows = [hidden]\n### END SOLUTION\nprint(rows)"
    )
    mean = (
        "def mean(values):\n    n = len(values)\n    ### BEGIN SOLUTION\n"
        "    return sum(values) / n\n    ### END SOLUTION"
    )
    made = template(
        tmp_path,
        [
            ("code", load, ["subtask:load"]),
            ("code", "given = 1", ["subtask:load"]),
            ("code", mean, ["subtask:mean"]),
        ],
    )
    assert made[1] == f"import csv\n{HERE}\nrows = ...\nprint(rows)"
    assert made[2] == "given = 1"
    assert made[3] == f"def mean(values):\n    n = len(values)\n    {HERE}\n    ..."


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("rows = 1\n### BEGIN SOLUTION\nx = 1", 2, "no `### END SOLUTION`"),
        ("rows = 1\n### END SOLUTION", 2, "did not begin"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\nrows = 1\n### END SOLUTION", 2, "no end before"),
        ("rows = (\n### BEGIN SOLUTION\n1)\n### END SOLUTION", None, "does not compile"),
    ],
)
def test_broken_markers_are_named(
    tmp_path: Path, source: str, line: int | None, message: str
) -> None:
    cells: Cells = [
        ("markdown", "# Hi"),
        ("code", source, ["subtask:load"]),
        ("code", "def mean(x): pass", ["subtask:mean"]),
    ]
    found = read_case(folder(tmp_path, solution_ipynb=notebook(cells)))
    assert not isinstance(found, CaseContent)
    (problem,) = found.items
    assert (problem.file, problem.cell, problem.line) == ("solution.ipynb", 2, line)
    assert message in problem.message


def test_cells_outside_the_subtasks_are_given(tmp_path: Path) -> None:
    made = template(
        tmp_path,
        [
            ("code", "setup = 1"),
            ("code", "rows = [setup]", ["subtask:load"]),
            ("code", "rows[0]", ["subtask:load", "no-replay"]),
            ("code", "def mean(values):\n    return 1", ["subtask:mean"]),
        ],
    )
    assert [made[1], made[3]] == ["setup = 1", "rows[0]"]
    assert made[2] == f"{HERE}\nrows = ..."


def test_a_template_of_the_authors_own_is_taken_as_it_is(tmp_path: Path) -> None:
    own: Cells = [
        ("code", "rows = None", ["subtask:load"]),
        ("code", "def mean(values): ...", ["subtask:mean"]),
    ]
    content = read_case(folder(tmp_path, {**FILES, "template.ipynb": notebook(own)}))
    assert isinstance(content, CaseContent)
    assert [cell.source for cell in content.template] == [cell[1] for cell in own]
