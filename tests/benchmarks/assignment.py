"""Five questions with numpy and pandas: one assignment for nbgrader, for Otter and as a case.

Each question has a visible and a hidden test, of one point each.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.environments import TABLES
from tests.notebooks.cases.importers.sources import (
    Json,
    code,
    graded,
    notebook,
    raw,
    solution,
    text,
)

SETUP = """import numpy as np
import pandas as pd

sales = pd.DataFrame({
    "shop": ["a", "b", "a", "c", "b", "a"],
    "day": [1, 1, 2, 2, 3, 3],
    "items": [4, 7, 1, 9, 3, 6],
    "price": [2.5, 1.0, 4.0, 0.5, np.nan, 2.0],
})"""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its ideal answer."""

    id: str
    text: str
    ideal: str
    visible: str
    hidden: str


QUESTIONS = (
    Question(
        "q1",
        "## Revenue\n\nStore in `tidy` the rows of `sales` with a price, "
        "and in its column `revenue` items times price.",
        'tidy = sales.dropna().copy()\ntidy["revenue"] = tidy["items"] * tidy["price"]',
        "assert tidy.shape == (5, 5)",
        'assert round(float(tidy["revenue"].sum()), 6) == 37.5',
    ),
    Question(
        "q2",
        "## Shops\n\nStore in `per_shop` the revenue of each shop.",
        'per_shop = tidy.groupby("shop")["revenue"].sum()',
        'assert list(per_shop.index) == ["a", "b", "c"]',
        'assert round(float(per_shop["a"]), 6) == 26.0',
    ),
    Question(
        "q3",
        "## Standard scores\n\n`standardise(values)` brings an array to mean 0 and deviation 1.",
        "def standardise(values):\n    return (values - values.mean()) / values.std()",
        "assert np.allclose(standardise(np.array([1.0, 3.0])), [-1.0, 1.0])",
        "assert np.allclose(standardise(np.array([0.0, 0.0, 4.0, 4.0])), [-1.0, -1.0, 1.0, 1.0])",
    ),
    Question(
        "q4",
        "## Moving averages\n\n`moving(values, width)` averages each `width` neighbours.",
        "def moving(values, width):\n"
        '    return np.convolve(values, np.ones(width) / width, mode="valid")',
        "assert np.allclose(moving(np.array([1.0, 2.0, 3.0]), 2), [1.5, 2.5])",
        "assert np.allclose(moving(np.array([3.0, 0.0, 3.0, 6.0]), 3), [2.0, 3.0])",
    ),
    Question(
        "q5",
        "## The best day\n\n`best_day(table)` returns the day with the greatest revenue, a number.",
        "def best_day(table):\n"
        '    return int(table.groupby("day")["revenue"].sum().idxmax())\n\n'
        "best = best_day(tidy)",
        "assert best_day(tidy) == 1",
        'other = pd.DataFrame({"day": [5, 6, 6], "revenue": [3.0, 2.0, 2.0]})\n'
        "assert best_day(other) == 6",
    ),
)
MAX_SCORE = 2.0 * len(QUESTIONS)


def nbgrader_source() -> Json:
    """Return the assignment as a teacher writes it for nbgrader."""
    cells = [text("# Sales"), code(SETUP)]
    for one in QUESTIONS:
        ideal = f"### BEGIN SOLUTION\n{one.ideal}\n### END SOLUTION"
        hidden = f"### BEGIN HIDDEN TESTS\n{one.hidden}\n### END HIDDEN TESTS"
        cells += [
            text(one.text),
            solution(one.id, ideal),
            graded(f"{one.id}_visible", 1, one.visible),
            graded(f"{one.id}_hidden", 1, hidden),
        ]
    return notebook(cells)


def otter_source() -> Json:
    """Return the assignment as a teacher writes it for Otter Assign."""
    each = '""" # BEGIN TEST CONFIG\npoints: 1\nhidden: {}\n""" # END TEST CONFIG\n'
    cells = [
        raw("# ASSIGNMENT CONFIG\ninit_cell: false\nexport_cell: false"),
        text("# Sales"),
        code(SETUP),
    ]
    for one in QUESTIONS:
        cells += [
            raw(f"# BEGIN QUESTION\nname: {one.id}\npoints: 2"),
            text(one.text),
            raw("# BEGIN SOLUTION"),
            code(f"# BEGIN SOLUTION\n{one.ideal}\n# END SOLUTION"),
            raw("# END SOLUTION"),
            raw("# BEGIN TESTS"),
            code(each.format("false") + one.visible),
            code(each.format("true") + one.hidden),
            raw("# END TESTS"),
            raw("# END QUESTION"),
        ]
    return notebook(cells)


def write_case(folder: Path) -> None:
    """Write the assignment as a case, with the same tests; all else is derived as ever."""
    subtasks = [
        {
            "id": one.id,
            "title": one.text.split("\n")[0].removeprefix("## "),
            "points": 2,
            "tests": [
                {"source": one.visible, "points": 1},
                {"source": one.hidden, "points": 1, "hidden": True},
            ],
        }
        for one in QUESTIONS
    ]
    profile = {"title": "Sales", "language": "python", "subtasks": subtasks}
    cells = [text("# Sales"), code(SETUP)]
    for one in QUESTIONS:
        tags = [f"subtask:{one.id}"]
        cells += [
            text(one.text, tags=tags),
            {**code(one.ideal, tags=tags), "id": one.id},
            {**code(one.visible, tags=[*tags, "no-replay"]), "id": f"{one.id}_visible"},
        ]
    folder.mkdir(parents=True)
    (folder / "case.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    (folder / "solution.ipynb").write_text(json.dumps(notebook(cells)), encoding="utf-8")
    (folder / "requirements.txt").write_text(TABLES, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Submission:
    """Answers by question, all others being ideal, and the points that each question deserves."""

    label: str
    answers: Mapping[str, str | None]
    """None: the cell is as it was handed out."""
    points: tuple[int, int, int, int, int]

    def notebook(self, release: Mapping[str, Any]) -> Json:
        """Return a student's copy of what nbgrader hands out."""
        ideal = {one.id: one.ideal for one in QUESTIONS}
        made: Json = json.loads(json.dumps(release))
        for cell in made["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            answer = {**ideal, **self.answers}.get(name)
            if answer is not None:
                cell["source"] = answer
        return made


_NO_TABLE = 'per_shop = pd.Series({"a": 26.0, "b": 7.0, "c": 4.5})'
_LOOP = (
    "def moving(values, width):\n    found = []\n"
    "    for end in range(width, len(values) + 1):\n"
    "        found.append(sum(values[end - width:end]) / width)\n"
    "    return np.array(found)"
)
_ROLLING = (
    "def moving(values, width):\n"
    "    return pd.Series(values).rolling(width).mean().dropna().to_numpy()"
)
_MASK = "tidy = sales[sales.price.notna()].assign(revenue=lambda t: t.price * t['items'])"
_DICTIONARY = "per_shop = pd.Series({s: t.revenue.sum() for s, t in tidy.groupby('shop')})"
_PRICES = "tidy = sales.dropna().copy()\ntidy['revenue'] = tidy['price']"
_MEANS = "per_shop = tidy.groupby('shop')['revenue'].mean()"
_CENTRED = "def standardise(values):\n    return values - values.mean()"
_PAIRS = "def moving(values, width):\n    return (values[1:] + values[:-1]) / 2"
_FIRST = "def best_day(table):\n    return int(table['day'].iloc[0])"
_SHOP = "def best_day(table):\n    return table.groupby('shop').revenue.sum().idxmax()"
_SYNTAX = "def standardise(values)\n    return values"
_PRINTED = "def standardise(values):\n    print(values)"
_ENDLESS = "def best_day(table):\n    return best_day(table)"
_BLANK = dict.fromkeys(one.id for one in QUESTIONS)

SUBMISSIONS = (
    Submission("ideal", {}, (2, 2, 2, 2, 2)),
    Submission("by loops", {"q4": _LOOP}, (2, 2, 2, 2, 2)),
    Submission("by rolling windows", {"q4": _ROLLING}, (2, 2, 2, 2, 2)),
    Submission("by a mask", {"q1": _MASK}, (2, 2, 2, 2, 2)),
    Submission("by a dictionary", {"q2": _DICTIONARY}, (2, 2, 2, 2, 2)),
    Submission("empty", _BLANK, (0, 0, 0, 0, 0)),
    Submission("only the first", {**_BLANK, "q1": QUESTIONS[0].ideal}, (2, 0, 0, 0, 0)),
    Submission("without the last", {"q5": None}, (2, 2, 2, 2, 0)),
    Submission("a syntax error", {"q3": _SYNTAX}, (2, 2, 0, 2, 2)),
    Submission("only centred", {"q3": _CENTRED}, (2, 2, 1, 2, 2)),
    Submission("only pairs", {"q4": _PAIRS}, (2, 2, 2, 1, 2)),
    Submission("the first day", {"q5": _FIRST}, (2, 2, 2, 2, 1)),
    Submission("three halves", {"q3": _CENTRED, "q4": _PAIRS, "q5": _FIRST}, (2, 2, 1, 1, 1)),
    Submission("prices for revenues", {"q1": _PRICES, "q2": _NO_TABLE}, (1, 2, 2, 2, 1)),
    Submission("an exception", {"q4": "moving = 1 / 0"}, (2, 2, 2, 0, 2)),
    Submission("a misspelt name", {"q2": "per_shop = tydy.shop"}, (2, 0, 2, 2, 2)),
    Submission("means", {"q2": _MEANS}, (2, 1, 2, 2, 2)),
    Submission("printed only", {"q3": _PRINTED}, (2, 2, 0, 2, 2)),
    Submission("a recursion", {"q5": _ENDLESS}, (2, 2, 2, 2, 0)),
    Submission("the shop for the day", {"q5": _SHOP}, (2, 2, 2, 2, 0)),
)
"""Twenty of them, as a course hands them in."""
