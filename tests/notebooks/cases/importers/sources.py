"""Source notebooks as teachers write them for nbgrader and Otter, and students' copies of them.

Both are the assignments of the tools' own introductions, rebuilt in other words: squares and their
sums with a written answer; a first notebook with numbers, text and a table.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def notebook(cells: Sequence[Json], **metadata: Any) -> Json:
    """Make a notebook; cells get ids by their place."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            **metadata,
        },
        "cells": [
            {"id": f"c{number}", **cell} if "id" not in cell else cell
            for number, cell in enumerate(cells, start=1)
        ],
    }


def text(source: str, **metadata: Any) -> Json:
    return {"cell_type": "markdown", "metadata": metadata, "source": source}


def raw(source: str) -> Json:
    return {"cell_type": "raw", "metadata": {}, "source": source}


def code(source: str, shown: str | None = None, **metadata: Any) -> Json:
    outputs = []
    if shown is not None:
        data = {"text/plain": shown}
        outputs.append(
            {"output_type": "execute_result", "execution_count": 1, "data": data, "metadata": {}}
        )
    return {
        "cell_type": "code", "metadata": metadata, "source": source,
        "outputs": outputs, "execution_count": 1 if outputs else None,
    }  # fmt: skip


def printing(source: str, printed: str) -> Json:
    made = code(source)
    made["outputs"] = [{"output_type": "stream", "name": "stdout", "text": printed}]
    return made


def meta(grade_id: str, **flags: Any) -> Json:
    """Return nbgrader's metadata of a cell."""
    given = {"grade": False, "solution": False, "locked": False, "schema_version": 3, "task": False}
    return {"nbgrader": given | {"grade_id": grade_id} | flags}


def solution(grade_id: str, source: str) -> Json:
    return code(source, **meta(grade_id, solution=True))


def graded(grade_id: str, points: float, source: str) -> Json:
    return code(source, **meta(grade_id, grade=True, locked=True, points=points))


NBGRADER = notebook(
    [
        text("# Squares\n\nWrite two functions, and say what they compute."),
        code("import math", **meta("jupyter", locked=True)),
        text("## Part A\n\n`squares(n)` lists the squares of 1 to n; n below 1 is a `ValueError`."),
        solution(
            "squares",
            'def squares(n):\n    """List the first n squares."""\n'
            "    ### BEGIN SOLUTION\n"
            "    if n < 1:\n        raise ValueError('n has to be 1 or more')\n"
            "    return [i ** 2 for i in range(1, n + 1)]\n"
            "    ### END SOLUTION",
        ),
        code("squares(10)"),
        graded(
            "correct_squares", 1,
            '"""squares gives the right lists"""\n'
            "assert squares(1) == [1]\nassert squares(2) == [1, 4]\n"
            "### BEGIN HIDDEN TESTS\n"
            "assert squares(11) == [1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121]\n"
            "### END HIDDEN TESTS",
        ),
        graded(
            "squares_invalid_input", 1,
            "def refuses(function, argument):\n    try:\n        function(argument)\n"
            "    except ValueError:\n        return True\n    return False\n\n"
            "for n in [0, -4]:\n    try:\n        squares(n)\n"
            "    except ValueError:\n        pass\n"
            "    else:\n        raise AssertionError('no ValueError')\n"
            "assert refuses(squares, -1)",
        ),
        text("## Part B\n\n`sum_of_squares(n)` adds them up, by `squares`."),
        solution(
            "sum_of_squares",
            "def sum_of_squares(n):\n"
            "    ### BEGIN SOLUTION\n    return sum(squares(n))\n    ### END SOLUTION",
        ),
        graded(
            "correct_sum_of_squares", 0.5,
            "assert sum_of_squares(1) == 1\nassert sum_of_squares(10) == 385\n"
            "assert math.isclose(sum_of_squares(11), 506.0)\nassert refuses(sum_of_squares, 0)",
        ),
        graded(
            "sum_of_squares_uses_squares", 0.5,
            "kept = squares\ndel squares\ntry:\n    sum_of_squares(1)\n"
            "except NameError:\n    pass\n"
            "else:\n    raise AssertionError('squares is not used')\nfinally:\n    squares = kept",
        ),
        text("## Part C\n\nWrite the sum as a formula."),
        text(
            "$\\sum_{i=1}^n i^2$",
            **meta("sum_equation", grade=True, solution=True, points=1),
        ),
        text("Use it: what is the sum of the first 24 squares?"),
        code(
            "sum_of_squares(24)",
            **meta("sum_application", grade=True, solution=True, points=2),
        ),
    ]
)  # fmt: skip

OTTER = notebook(
    [
        raw("# ASSIGNMENT CONFIG\nname: first-steps\ninit_cell: true\nexport_cell: false"),
        text("# First steps\n\nA few small questions."),
        code("import numpy as np\nimport pandas as pd"),
        raw("# BEGIN QUESTION\nname: q1\npoints: 3"),
        text("**Question 1.** Let `x` be the answer to everything."),
        raw("# BEGIN SOLUTION"),
        code("x = 42 # SOLUTION"),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        code("isinstance(x, int)", "True"),
        code(
            '""" # BEGIN TEST CONFIG\npoints: 1\nsuccess_message: Even indeed.\n'
            'failure_message: What is left when you halve it?\n""" # END TEST CONFIG\nx % 2',
            "0",
        ),
        code("# HIDDEN\nx", "42"),
        raw("# END TESTS"),
        raw("# END QUESTION"),
        raw("# BEGIN QUESTION\nname: q2"),
        text("**Question 2.** Write `square`."),
        raw("# BEGIN SOLUTION"),
        code(
            "def square(x):\n    y = x * x # SOLUTION NO PROMPT\n    return y # SOLUTION\n\n"
            "nine = square(3)"
        ),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        code("square(1) == 1", "True"),
        printing("print(square(5))", "25\n"),
        code("# HIDDEN\nnp.isclose(square(2.5), 6.25)", "np.True_"),
        code("# HIDDEN\nsquare(np.array([1, 2]))", "array([1, 4])"),
        raw("# END TESTS"),
        raw("# END QUESTION"),
        raw("# BEGIN QUESTION\nname: q3\nmanual: true\npoints: 2"),
        text("**Question 3.** Why is the square of a number never negative?"),
        raw("# BEGIN SOLUTION"),
        text("The product of two numbers of the same sign is not negative."),
        raw("# END SOLUTION"),
        raw("# END QUESTION"),
        raw("# BEGIN QUESTION\nname: q4\nall_or_nothing: true\npoints:\n  each: 1"),
        text("**Question 4.** Make `data`, a table of two rows."),
        raw("# BEGIN PROMPT"),
        code("data = ..."),
        raw("# END PROMPT"),
        raw("# BEGIN SOLUTION"),
        code(
            "# BEGIN SOLUTION\nrows = {'a': [1, 2], 'b': [3, 4]}\ndata = pd.DataFrame(rows)\n"
            "# END SOLUTION"
        ),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        code("data.shape", "(2, 2)"),
        code("# HIDDEN\nint(data['b'].sum())", "7"),
        raw("# END TESTS"),
        raw("# END QUESTION"),
    ]
)  # fmt: skip


def students(source: Json, changes: Mapping[str, str]) -> Json:
    """Return a student's copy of a source: by grade_id, or by the place of a code cell."""
    made = json.loads(json.dumps(source))
    for cell in made["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"])
        if name in changes:
            cell["source"] = changes[name]
    return made  # type: ignore[no-any-return] # JSON


RIGHT_SQUARES = (
    "def squares(n):\n    if n <= 0:\n        raise ValueError('too small')\n"
    "    found = []\n    for i in range(n):\n        found.append((i + 1) * (i + 1))\n"
    "    return found"
)
RIGHT_SUM = (
    "def sum_of_squares(n):\n    total = 0\n    for one in squares(n):\n"
    "        total += one\n    return total"
)
NBGRADER_STUDENTS: Mapping[str, Mapping[str, str]] = {
    "right": {"squares": RIGHT_SQUARES, "sum_of_squares": RIGHT_SUM},
    "empty": {},
    "unchecked": {
        "squares": "def squares(n):\n    return [i ** 2 for i in range(1, n + 1)]",
        "sum_of_squares": RIGHT_SUM,
    },
    "learnt-by-heart": {
        "squares": "def squares(n):\n    if n < 1:\n        raise ValueError\n"
        "    return {1: [1], 2: [1, 4]}.get(n)",
        "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
    },
    "formula": {
        "squares": RIGHT_SQUARES,
        "sum_of_squares": "def sum_of_squares(n):\n    if n < 1:\n        raise ValueError\n"
        "    return n * (n + 1) * (2 * n + 1) // 6",
    },
    "one-part": {"sum_of_squares": RIGHT_SUM},
}
"""Answers by grade_id; the other cells are as nbgrader hands them out."""

NBGRADER_POINTS: Mapping[str, tuple[float, float, float, float]] = {
    "right": (1, 1, 0.5, 0.5),
    "empty": (0, 0, 0, 0),
    "unchecked": (1, 0, 0, 0.5),
    "learnt-by-heart": (0, 1, 0, 0.5),
    "formula": (1, 1, 0.5, 0),
    "one-part": (0, 0, 0, 0.5),
}
"""What nbgrader 0.9.6 gave each of them by `nbgrader autograde`, test by test."""

OTTER_STUDENTS: Mapping[str, Mapping[str, str]] = {
    "right": {
        "c7": "x = 40 + 2",
        "c18": "def square(x):\n    return x ** 2",
        "c36": "data = pd.DataFrame({'b': [4, 3], 'a': [0, 0]})",
    },
    "empty": {},
    "odd": {
        "c7": "x = 43",
        "c18": "def square(x):\n    return x * 5 if x == 5 else abs(x) and 1",
        "c36": "data = pd.DataFrame({'a': [1, 2], 'b': [3, 5]})",
    },
    "even": {
        "c7": "x = 44",
        "c18": "def square(x):\n    return int(x) * int(x)",
        "c36": "data = pd.DataFrame({'a': [1], 'b': [7]})",
    },
}
"""Answers by the ids that Otter's copy for students keeps."""

OTTER_POINTS: Mapping[str, tuple[float, float, float, float]] = {
    "right": (3, 1, 0, 2),
    "empty": (0, 0, 0, 0),
    "odd": (1, 0.5, 0, 0),
    "even": (2, 0.5, 0, 0),
}
"""What Otter 7.0.0 gave each of them by `otter run`, question by question; q3 is for a person."""


def released(name: str) -> Json:
    """Return what the tool itself made of the source for students, as it was written to disk."""
    found: Json = json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    for cell in found["cells"]:
        cell["source"] = "".join(cell["source"])
    return found
