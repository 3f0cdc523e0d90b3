import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.settings import Settings
from lti_tool.cli import main
from tests.environments import shared_environments_dir
from tests.notebooks.cases.builder import folder


@pytest.fixture
def broken(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """A case without an ideal solution."""
    monkeypatch.setenv("CASEBOOK_STATE_DIR", str(settings.state_dir))
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "case.yaml").write_text("title: T\n")
    return str(folder)


def test_a_check_of_a_broken_case_names_the_file_and_fails(broken: str) -> None:
    result = CliRunner().invoke(main, ["case", "check", broken])
    assert result.exit_code == 1
    assert "solution.ipynb" in result.stdout


def test_as_json_a_check_is_one_object(broken: str) -> None:
    result = CliRunner().invoke(main, ["case", "check", broken, "--json"])
    report = json.loads(result.stdout)
    assert "solution.ipynb" in {problem["file"] for problem in report["problems"]}
    assert report["probes"] == []


def test_grading_by_a_broken_case_says_why_in_words(broken: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["grade", broken, str(tmp_path / "n.ipynb")])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "solution.ipynb" in result.stderr


SOLUTION = {
    "cells": [
        {"cell_type": "markdown", "id": "t", "metadata": {}, "source": "# Sums"},
        {
            "cell_type": "markdown",
            "id": "s",
            "metadata": {},
            "source": "## Add\nStore 2 + 3 in `total`.",
        },
        {
            "cell_type": "code",
            "id": "c",
            "metadata": {},
            "source": "total = 2 + 3",
            "outputs": [],
            "execution_count": None,
        },
    ],
    "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "P"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def batch(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A solved notebook beside a folder with a right, a wrong and an unreadable one."""
    monkeypatch.setenv("CASEBOOK_STATE_DIR", str(settings.state_dir))
    monkeypatch.setenv("CASEBOOK_ENVIRONMENTS_DIR_OVERRIDE", str(shared_environments_dir()))
    text = json.dumps(SOLUTION)
    (tmp_path / "solved.ipynb").write_text(text)
    students = tmp_path / "students"
    students.mkdir()
    (students / "right.ipynb").write_text(text.replace('2 + 3"', '5"'))
    (students / "wrong.ipynb").write_text(text.replace('2 + 3"', '6"'))
    (students / "broken.ipynb").write_text("{")
    return tmp_path


@pytest.mark.sandbox
def test_a_solved_notebook_alone_judges_a_folder_and_a_second_run_goes_on(batch: Path) -> None:
    results, marks = batch / "results.jsonl", batch / "marks.csv"
    command = ["grade", str(batch / "solved.ipynb"), str(batch / "students"), "--jobs", "2"]
    command += ["--output", str(results), "--csv", str(marks), "--json"]
    first = CliRunner().invoke(main, command)
    assert first.exit_code == 3, first.output
    scores = {
        Path(report["notebook"]).name: report["score"]
        for report in map(json.loads, results.read_text().splitlines())
    }
    assert scores == {"right.ipynb": 1.0, "wrong.ipynb": 0.0, "broken.ipynb": None}
    assert len(marks.read_text().splitlines()) == 4
    again = CliRunner().invoke(main, [*command, "--resume"])
    assert [Path(json.loads(line)["notebook"]).name for line in again.stdout.splitlines()] == [
        "broken.ipynb"
    ]
    assert len(marks.read_text().splitlines()) == 4


def test_going_on_needs_the_results_of_an_earlier_run(batch: Path) -> None:
    result = CliRunner().invoke(main, ["grade", str(batch / "solved.ipynb"), "x", "--resume"])
    assert result.exit_code == 2
    assert "--output" in result.stderr


@pytest.mark.sandbox
def test_a_check_of_a_solved_notebook_tells_how_strong_its_questions_are(batch: Path) -> None:
    result = CliRunner().invoke(main, ["case", "check", str(batch / "solved.ipynb"), "--json"])
    report = json.loads(result.stdout)
    assert [probe["asked"] for probe in report["probes"]] == ["total"]
    assert report["strength"]["planted"] == report["strength"]["caught"] > 0


def test_the_dockerfile_of_a_case_is_printed_without_an_engine(tmp_path: Path) -> None:
    case = folder(tmp_path / "case", requirements_txt="six==1.17.0\n")
    result = CliRunner().invoke(main, ["case", "image", str(case), "--dockerfile"])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("FROM ")


def test_an_image_without_a_registry_is_refused_with_what_to_set(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["case", "image", str(folder(tmp_path / "case"))])
    assert result.exit_code == 1
    assert "CASEBOOK_IMAGE_REGISTRY" in result.stderr


def test_a_refused_requirement_is_named_with_its_line(tmp_path: Path) -> None:
    case = folder(tmp_path / "case", requirements_txt="six\n-r other.txt\n")
    result = CliRunner().invoke(main, ["case", "check", str(case)])
    assert result.exit_code == 1
    assert result.stdout.startswith("requirements.txt, line 2: `-r other.txt`: options are not")
