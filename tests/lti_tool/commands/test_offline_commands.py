import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.settings import Settings
from lti_tool.cli import main


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
    assert {problem["file"] for problem in report["problems"]} == {"solution.ipynb"}
    assert report["probes"] == []


def test_grading_by_a_broken_case_says_why_in_words(broken: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["grade", broken, str(tmp_path / "n.ipynb")])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "solution.ipynb" in result.stderr
