"""The points written down for imported cases are what nbgrader and Otter give today, run here."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.notebooks.cases.importers import sources
from tests.peers import NBGRADER, OTTER, Peer, PeerUnavailableError, peer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PACKAGES = ("numpy", "pandas")


def tool(requirements: tuple[str, ...]) -> Peer:
    try:
        return peer(*requirements, *PACKAGES)
    except PeerUnavailableError as error:
        pytest.skip(f"the tool cannot be installed here: {error}")


def test_nbgrader_gives_the_points_that_are_written_down(tmp_path: Path) -> None:
    nbgrader = tool(NBGRADER)
    source = tmp_path / "source" / "ps1" / "squares.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(json.dumps(sources.NBGRADER))
    nbgrader.run("nbgrader", "generate_assignment", "ps1", folder=tmp_path)
    release = json.loads((tmp_path / "release" / "ps1" / source.name).read_text())
    for student, answers in sources.NBGRADER_STUDENTS.items():
        file = tmp_path / "submitted" / student / "ps1" / source.name
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(sources.students(release, answers)))
    nbgrader.run("nbgrader", "autograde", "ps1", folder=tmp_path)
    nbgrader.run("nbgrader", "export", "--to", "grades.csv", folder=tmp_path)
    with (tmp_path / "grades.csv").open() as grades:
        found = {row["student_id"]: float(row["score"]) for row in csv.DictReader(grades)}
    assert found == {name: sum(points) for name, points in sources.NBGRADER_POINTS.items()}


def test_otter_gives_the_points_that_are_written_down(tmp_path: Path) -> None:
    otter = tool(OTTER)
    (tmp_path / "first-steps.ipynb").write_text(json.dumps(sources.OTTER))
    otter.run("otter", "assign", "first-steps.ipynb", "dist", "--no-pdfs", folder=tmp_path)
    [tests] = (tmp_path / "dist" / "autograder").glob("*.zip")
    release = json.loads((tmp_path / "dist" / "student" / "first-steps.ipynb").read_text())
    for student, answers in sources.OTTER_STUDENTS.items():
        place = tmp_path / student
        place.mkdir()
        shutil.copy(tests, place)
        (place / "copy.ipynb").write_text(json.dumps(sources.students(release, answers)))
        command = ("otter", "run", "-a", tests.name, "-o", ".", "--no-logo", "copy.ipynb")
        otter.run(*command, folder=place)
        results = json.loads((place / "results.json").read_text())["tests"]
        found = {test["name"]: test.get("score", 0) for test in results}
        points = tuple(float(found.get(name, 0)) for name in ("q1", "q2", "q3", "q4"))
        assert points == sources.OTTER_POINTS[student], student
