"""The whole way from a stored case to a verdict, through real sandboxes."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from config.database import Database
from config.settings import Settings
from grading.building import Builder
from grading.comparison import DifferenceKind, compare
from grading.models import PreparedCase, Validation, ValidationState
from grading.offline import check_case, grade_notebook, ready_case
from grading.ready import ReadyCase
from grading.validating import Validator
from grading.validations import request
from grading.verdict import Verdict
from notebooks.attempts.documents import load, save
from notebooks.attempts.service import open_attempt
from notebooks.cases.models import BuildState, CaseVersion
from notebooks.cases.service import store_case
from notebooks.journal.log import read
from notebooks.kernels.records import AskValue, KernelSpec, Question, ReplayCell, ReplayRequest
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from notebooks.objects import FileSystemStore
from tests.grading.test_validations import OneRunner
from tests.sandboxes import environment, launcher, sandbox_settings

__all__ = ["environment", "launcher", "sandbox_settings"]

pytestmark = pytest.mark.sandbox

PROFILE = """
title: Sums
subtasks:
  - id: total
    title: Add up
    points: 4
    probes:
      - {kind: value, expression: total}
      - {kind: value, expression: lines}
  - id: scale
    title: Scale
    points: 6
    interface: ["scaled(factor)"]
    probes:
      - {kind: call, function: scaled, args: [3]}
      - {kind: call, function: scaled, args: [-2.5]}
"""
TOTAL = "from pathlib import Path\nlines = Path('data/n.txt').read_text().split()\n"
IDEAL = {
    "total": TOTAL + "total = sum(map(int, lines))",
    "scale": "def scaled(factor):\n    return [total * factor]",
}


def notebook(sources: dict[str, str]) -> dict[str, Any]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {
                "cell_type": "code",
                "id": name,
                "metadata": {"tags": [f"subtask:{name}"]},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for name, source in sources.items()
        ],
    }


def write_case(folder: Path, **changes: str) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "case.yaml").write_text(PROFILE)
    (folder / "data" / "n.txt").write_text("1 2 39")
    (folder / "solution.ipynb").write_text(json.dumps(notebook(IDEAL | changes)))
    return folder


@pytest.fixture
async def replayer(launcher: BwrapLauncher) -> AsyncIterator[SandboxReplayer]:
    made = SandboxReplayer(launcher, servers=2)
    yield made
    await made.close()


async def ready(tmp_path: Path, replayer: SandboxReplayer, settings: Settings) -> ReadyCase:
    case = write_case(tmp_path / "case")
    return await ready_case(case, replayer, settings=settings, log=lambda _: None)


async def test_a_case_is_built_and_attempts_at_it_are_judged(
    database: Database, tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    objects = FileSystemStore(tmp_path / "objects")
    with database.transaction() as session:
        path = write_case(tmp_path / "case")
        version_id = store_case(session, objects, slug="sums", path=path).id
    runners = OneRunner(replayer)
    builder = Builder(
        database=database, runners=runners, objects=objects, settings=sandbox_settings
    )
    await builder.build(version_id)
    with database.transaction() as session:
        version = session.get_one(CaseVersion, version_id)
        assert version.state is BuildState.READY, version.problems
        assert len(session.get_one(PreparedCase, version_id).probes) == 4
        kinds = [event.kind for event in read(session, version.stream_id, 0, 100)]
    assert kinds[0] == "build.changed"
    assert "build.log" in kinds
    assert kinds[-1] == "build.finished"

    validator = Validator(database=database, runners=runners, settings=sandbox_settings)
    with database.transaction() as session:
        attempt = open_attempt(
            session, assignment_key="a", learner_key="l", case_version_id=version_id, graded=True
        )

    async def judged(subtask: str, **sources: str) -> Validation:
        with database.transaction() as session:
            now = load(session, attempt.id)
            after = save(session, attempt.id, base_revision=now.revision, sources=sources)
            made = request(session, attempt_id=attempt.id, subtask=subtask, document=after).id
        await validator.validate(made)
        with database.transaction() as session:
            found = session.get_one(Validation, made)
            assert found.state is ValidationState.DONE
            return found

    stub = await judged("total")
    assert stub.verdict is Verdict.NEEDS_WORK
    assert "placeholder" in stub.feedback
    wrong = await judged("total", total=TOTAL + "total = len(lines)")
    assert wrong.verdict is Verdict.NEEDS_WORK
    assert wrong.feedback.startswith("`total` is `3`, which is not the answer.")
    assert "42" not in wrong.feedback
    assert (await judged("total", total=IDEAL["total"])).verdict is Verdict.APPROVED
    right = "import numbers\ndef scaled(factor):\n    return (float(total) * factor,)"
    assert (await judged("scale", scale=right)).verdict is Verdict.APPROVED


async def test_a_case_whose_ideal_solution_fails_is_refused_with_cell_line_and_traceback(
    database: Database, tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    objects = FileSystemStore(tmp_path / "objects")
    with database.transaction() as session:
        path = write_case(tmp_path / "case", scale="x = 1\nraise KeyError('gone')\nscaled = 1")
        version_id = store_case(session, objects, slug="sums", path=path).id
    builder = Builder(
        database=database,
        runners=OneRunner(replayer),
        objects=objects,
        settings=sandbox_settings,
    )
    await builder.build(version_id)
    with database.transaction() as session:
        version = session.get_one(CaseVersion, version_id)
        assert version.state is BuildState.FAILED
        [problem] = version.problems
        assert session.get(PreparedCase, version_id) is None
        last = read(session, version.stream_id, 0, 100)[-1]
    assert (problem["file"], problem["cell"], problem["line"]) == ("solution.ipynb", 2, 2)
    assert "KeyError" in problem["message"]
    assert (last.kind, last.payload["state"]) == ("build.finished", "failed")


async def test_a_check_prints_probes_and_a_bad_one_its_problems(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    case = write_case(tmp_path / "good")
    report = await check_case(case, replayer, settings=sandbox_settings, log=lambda _: None)
    assert report.problems == ()
    assert [(p.id, p.asked, p.expected) for p in report.probes][2] == (
        "scale-1",
        "scaled(3)",
        "[126]",
    )
    bad = write_case(tmp_path / "bad", total="total = object()\nlines = []")
    report = await check_case(bad, replayer, settings=sandbox_settings, log=lambda _: None)
    assert {problem.file for problem in report.problems} == {"case.yaml"}
    assert "Probe `total-1`" in report.problems[0].message


TRUSTED = """
title: Sums
subtasks:
  - id: total
    title: Add up
    points: 4
    tests:
      - source: "assert total == 42"
      - source: "for line in lines:\\n    assert int(line) > 0"
"""


async def test_a_check_names_the_test_that_a_students_process_could_lie_about(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    case = write_case(tmp_path / "case")
    (case / "case.yaml").write_text(TRUSTED)
    (case / "solution.ipynb").write_text(json.dumps(notebook({"total": IDEAL["total"]})))
    report = await check_case(case, replayer, settings=sandbox_settings, log=lambda _: None)
    assert report.problems == ()
    [note] = report.notes
    assert note.startswith("Test `total-test-2` runs `for line in lines: …` beside the student's")


async def test_notebooks_are_graded_by_the_same_judgement(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    case = await ready(tmp_path, replayer, sandbox_settings)

    async def graded(name: str, content: str) -> dict[str, Any]:
        path = tmp_path / name
        path.write_text(content)
        report = await grade_notebook(case, path, replayer, settings=sandbox_settings)
        told: dict[str, Any] = json.loads(report.model_dump_json())
        return told

    right = await graded("right.ipynb", json.dumps(notebook(IDEAL)))
    assert (right["score"], right["max_score"], right["error"]) == (10, 10, None)
    broken = json.dumps(notebook(IDEAL | {"scale": "def scaled(factor:\n    return"}))
    syntax = await graded("syntax.ipynb", broken)
    assert syntax["score"] == 4
    scale = syntax["subtasks"][1]
    assert scale["verdict"] == "needs_work"
    assert scale["evidence"][0]["locus"] == {"cell": "scale", "line": 1}
    dead = json.dumps(notebook(IDEAL | {"scale": "import os\nos._exit(0)"}))
    assert (await graded("dead.ipynb", dead))["score"] == 4
    assert (await graded("garbage.ipynb", "no json"))["error"] is not None


async def test_a_student_who_forges_answers_gets_no_points(
    tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings
) -> None:
    case = await ready(tmp_path, replayer, sandbox_settings)
    evil = (
        "class Liar(int):\n"
        "    def __eq__(self, other): return True\n"
        "    def __hash__(self): return 0\n"
        "total = Liar(7)\nlines = [Liar(1)] * 3\n"
    )
    path = tmp_path / "evil.ipynb"
    path.write_text(json.dumps(notebook(IDEAL | {"total": evil})))
    report = await grade_notebook(case, path, replayer, settings=sandbox_settings)
    assert report.subtasks[0].verdict is Verdict.NEEDS_WORK
    assert report.score == 0


PAIRS: list[tuple[str, str, DifferenceKind | None]] = [
    ("pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})",
     "pd.DataFrame({'b': ['x', 'y'], 'a': [1.0, 2.0]})", None),
    ("df.groupby('k')['n'].mean()", "df.groupby('k').n.agg('mean').rename('m')", None),
    ("df.k", "df.k.astype('category')", None),
    ("df.k.tolist()", "np.array(df.k)", None),
    ("df.t", "pd.to_datetime(['2024-01-01', None, '2024-01-03']).to_series(index=[0, 1, 2])", None),
    ("df.t[0]", "__import__('datetime').datetime(2024, 1, 1)", None),
    ("pd.Timedelta(hours=1)", "__import__('datetime').timedelta(minutes=60)", None),
    ("pd.Series([1, None])", "pd.Series([1, None], dtype='Int64')", None),
    ("df.pivot_table(index='k', columns='f', values='n')",
     "df.groupby(['k', 'f'])['n'].mean().unstack()", None),
    ("df.groupby(['k', 'f']).n.sum()", "df.groupby(['k', 'f']).n.agg(sum)", None),
    ("np.mean(df.n)", "float(df.n.sum() / len(df))", None),
    ("df.n > 1", "(df.n > 1).astype(int)", DifferenceKind.TYPE),
    ("df.dropna()", "df", DifferenceKind.ROWS),
    ("df.fillna({'t': pd.Timestamp(0)})", "df", DifferenceKind.MISSING),
    ("df.sort_values('n')", "df.sort_values('n', ascending=False)", DifferenceKind.ROW_ORDER),
    ("df[df.n > 1]", "df[df.n > 1].reset_index(drop=True)", DifferenceKind.INDEX),
    ("df", "df.rename(columns={'n': 'N'})", DifferenceKind.COLUMN_NAMES),
]  # fmt: skip
SETUP = """
import warnings; warnings.simplefilter("ignore")
import numpy as np, pandas as pd
df = pd.DataFrame({"k": ["u", "v", "u"], "f": ["p", "p", "q"], "n": [3, 1, 2]})
df["t"] = pd.to_datetime(["2024-01-01", None, "2024-01-03"])
"""


async def test_what_pandas_makes_is_compared_as_the_table_of_leniencies_says(
    replayer: SandboxReplayer, environment: str
) -> None:
    questions = tuple(
        Question(id=f"{number}-{side}", ask=AskValue(expression=text))
        for number, pair in enumerate(PAIRS)
        for side, text in enumerate(pair[:2])
    )
    cells = (ReplayCell(id="setup", source=SETUP),)
    asked = ReplayRequest(
        replay_id="pairs", spec=KernelSpec(environment=environment), cells=cells,
        questions=questions,
    )  # fmt: skip
    result = await replayer.replay(asked)
    answers = {answer.question_id: answer for answer in result.answers}
    found = []
    for number in range(len(PAIRS)):
        ours, theirs = answers[f"{number}-0"], answers[f"{number}-1"]
        assert ours.value is not None, ours.failure
        assert theirs.value is not None, theirs.failure
        assert compare(ours.value, ours.value) is None, PAIRS[number]
        difference = compare(ours.value, theirs.value)
        found.append(difference.kind if difference is not None else None)
    assert [(p[1], kind) for p, kind in zip(PAIRS, found, strict=True)] == [
        (p[1], p[2]) for p in PAIRS
    ]
