"""Cases made with nbgrader and Otter: the points are those that the tools themselves gave.

The expected points were written down from one run of nbgrader 0.9.6 and Otter 7.0.0 on these very
notebooks; see `tests.notebooks.cases.importers.sources`.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from grading.offline import GradeReport, check_case, grade_notebook, ready_case
from grading.ready import ReadyCase
from grading.verdict import Verdict
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from tests.environments import TABLES
from tests.notebooks.cases.importers import sources
from tests.notebooks.cases.importers.sources import Json
from tests.sandboxes import environment, launcher, sandbox_settings

__all__ = ["environment", "launcher", "sandbox_settings"]

pytestmark = pytest.mark.sandbox


@pytest.fixture
def replayer(launcher: BwrapLauncher) -> SandboxReplayer:
    return SandboxReplayer(launcher)


class Desk:
    """Grades copies of notebooks by one case."""

    def __init__(
        self, case: ReadyCase, folder: Path, replayer: SandboxReplayer, settings: Settings
    ) -> None:
        self.case = case
        self._folder, self._replayer, self._settings = folder, replayer, settings

    async def grade(self, copy: Json) -> GradeReport:
        path = self._folder / "copy.ipynb"
        path.write_text(json.dumps(copy))
        report = await grade_notebook(self.case, path, self._replayer, settings=self._settings)
        assert report.error is None
        return report


async def desk(source: Json, tmp_path: Path, replayer: SandboxReplayer, settings: Settings) -> Desk:
    case = tmp_path / "case"
    case.mkdir()
    (case / "source.ipynb").write_text(json.dumps(source))
    (case / "requirements.txt").write_text(TABLES)
    ready = await ready_case(case, replayer, settings=settings, log=lambda _: None)
    return Desk(ready, tmp_path, replayer, settings)


def passed_tests(report: GradeReport) -> set[str]:
    return {
        str(item["id"])
        for subtask in report.subtasks
        for item in subtask.evidence
        if item["kind"] == "test" and item["outcome"] == "pass"
    }


async def test_nbgraders_example_is_graded_with_nbgraders_points(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    at = await desk(sources.NBGRADER, tmp_path, replayer, sandbox_settings)
    worth = {
        str(test.id): float(test.points or 0) for subtask in at.case.content.profile.subtasks
        for test in subtask.tests
    }  # fmt: skip
    release = sources.released("nbgrader_release.ipynb")
    found: dict[str, tuple[float, ...]] = {}
    for name, answers in sources.NBGRADER_STUDENTS.items():
        report = await at.grade(sources.students(release, answers))
        passed = passed_tests(report)
        found[name] = tuple(points if test in passed else 0 for test, points in worth.items())
        assert report.score == sum(found[name])
        assert report.max_score == 6
    assert found == sources.NBGRADER_POINTS


async def test_otters_example_is_graded_with_otters_points(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    at = await desk(sources.OTTER, tmp_path, replayer, sandbox_settings)
    release = sources.released("otter_student.ipynb")
    found = {}
    for name, answers in sources.OTTER_STUDENTS.items():
        report = await at.grade(sources.students(release, answers))
        found[name] = tuple(subtask.points for subtask in report.subtasks)
        assert report.max_score == 8
    assert found == sources.OTTER_POINTS


async def test_an_empty_copy_earns_nothing_and_a_right_one_is_approved(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    at = await desk(sources.NBGRADER, tmp_path, replayer, sandbox_settings)
    release = sources.released("nbgrader_release.ipynb")
    empty = await at.grade(release)
    assert empty.score == 0
    assert empty.subtasks[0].verdict is Verdict.NEEDS_WORK
    answers = {**sources.NBGRADER_STUDENTS["right"], "sum_application": "sum_of_squares(24)"}
    right = await at.grade(sources.students(release, answers))
    assert [subtask.verdict for subtask in right.subtasks] == [
        Verdict.APPROVED, Verdict.APPROVED, Verdict.UNCERTAIN, Verdict.UNCERTAIN,
    ]  # fmt: skip


ATTACKS = {
    "assertions are cut out of the syntax tree": (
        "import ast\n"
        "class Drop(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "get_ipython().ast_transformers.append(Drop())"
    ),
    "functions show a number before they fail": (
        "import sys\ndef squares(n):\n    sys.displayhook(2)\n    return 0\n"
        "sum_of_squares = squares"
    ),
    "a value is equal to everything": (
        "class Yes:\n"
        "    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
        "    def __hash__(self): return 0\n    def __float__(self): return 1.0\n"
        "    def __index__(self): return 1\n    def __getattr__(self, name): return Yes()\n"
        "    def __call__(self, *a, **k): return Yes()\n    def __iter__(self): return iter([])\n"
        "    def __bool__(self): return True\n"
        "def squares(n): return Yes()\nsum_of_squares = squares"
    ),
    "a list is equal to everything": (
        "class Any(list):\n    def __eq__(self, other): return True\n"
        "def squares(n): return Any()\ndef sum_of_squares(n): return Any()"
    ),
    "comparisons of the libraries are patched": (
        "import math, builtins\nmath.isclose = lambda *a, **k: True\n"
        "builtins.all = builtins.any = lambda *a: True\nbuiltins.isinstance = lambda *a: True\n"
        "def squares(n): return 0\ndef sum_of_squares(n): return 0"
    ),
    "tracebacks are not shown": (
        "get_ipython().showtraceback = lambda *a, **k: None\n"
        "def squares(n): return 0\ndef sum_of_squares(n): return 0"
    ),
    "assertion errors are another class": (
        "import builtins\nclass Quiet(Exception):\n"
        "    def __init__(self, *a): pass\n"
        "builtins.AssertionError = Quiet\ndef squares(n): return []\n"
        "def sum_of_squares(n): return 0"
    ),
    "the process ends well at once": (
        "import os\ndef squares(n): os._exit(0)\ndef sum_of_squares(n): os._exit(0)"
    ),
    "the interpreter is asked to exit": (
        "import sys\ndef squares(n): sys.exit(0)\ndef sum_of_squares(n): sys.exit(0)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_on_nbgraders_tests_earns_nothing_by_what_is_compared(
    attack: str, tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    at = await desk(sources.NBGRADER, tmp_path, replayer, sandbox_settings)
    copy = sources.students(sources.released("nbgrader_release.ipynb"), {"squares": attack})
    report = await at.grade(copy)
    gained = passed_tests(report)
    assert gained & {"squares-correct_squares", "sum_of_squares-correct_sum_of_squares"} == set()
    assert all(subtask.verdict is not Verdict.APPROVED for subtask in report.subtasks)


async def test_hidden_tests_are_told_only_as_failed(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    at = await desk(sources.NBGRADER, tmp_path, replayer, sandbox_settings)
    release = sources.released("nbgrader_release.ipynb")
    answers = sources.NBGRADER_STUDENTS["learnt-by-heart"]
    report = await at.grade(sources.students(release, answers))
    failed = [one for one in report.subtasks[0].evidence if one["outcome"] == "fail"]
    [item] = [one for one in failed if one["kind"] == "test"]
    assert item["message"] == "A hidden test of this step does not pass."
    assert item["observed"] is None


async def test_hidden_tests_cannot_be_seen_by_cells(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    at = await desk(sources.NBGRADER, tmp_path, replayer, sandbox_settings)
    spy = (
        "import os, sys\nseen = []\n"
        "get_ipython().events.register('pre_run_cell', lambda info: seen.append(info.raw_cell))\n"
        "def squares(n):\n"
        "    if n == 1: return [1]\n"
        "    raise RuntimeError(' '.join(seen))"
    )
    copy = sources.students(sources.released("nbgrader_release.ipynb"), {"squares": spy})
    told = (await at.grade(copy)).model_dump_json()
    assert "121" not in told


async def test_an_ideal_solution_that_fails_its_own_test_is_a_problem(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    wrong = "assert squares(2) == [1, 4], 'no'\nassert squares(3) == [1]"
    source = sources.students(sources.NBGRADER, {"correct_squares": wrong})
    case = tmp_path / "case"
    case.mkdir()
    (case / "source.ipynb").write_text(json.dumps(source))
    (case / "requirements.txt").write_text(TABLES)
    report = await check_case(case, replayer, settings=sandbox_settings, log=lambda _: None)
    [problem] = report.problems
    assert "squares-correct_squares" in problem.message
    assert "AssertionError" in problem.message


def _shuffled(copy: Json) -> dict[str, Any]:
    """Return a copy whose cells were duplicated, retyped and stripped of ids and metadata."""
    cells = [dict(cell) for cell in copy["cells"]]
    for cell in cells:
        cell["metadata"] = {}
        cell.pop("id", None)
    again = [dict(cell) for cell in cells if "correct_squares" not in str(cell)]
    return {**copy, "cells": [*cells[:2], dict(cells[0]), *cells[2:], *again[-1:]]}


async def test_a_copy_without_ids_and_metadata_is_graded_all_the_same(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    at = await desk(sources.NBGRADER, tmp_path, replayer, sandbox_settings)
    release = sources.released("nbgrader_release.ipynb")
    right = sources.students(release, sources.NBGRADER_STUDENTS["right"])
    report = await at.grade(_shuffled(right))
    assert report.score == 3
