import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from llm.engine.checking import TRIES, Findings, sentences
from lti_tool.cli import main
from tests.llm.tiny_model import tiny_model


def findings(**changes: float) -> Findings:
    usual = {
        "load_seconds": 12.0,
        "schema_kept": TRIES,
        "prompt_speed": 400.0,
        "cached_share": 0.9,
        "speed": 40.0,
        "speed_together": 120.0,
        "slots": 4,
    }
    return Findings(**{**usual, **changes})  # type: ignore[arg-type]  # counts are numbers, too


def test_a_model_is_loaded_tried_and_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBOOK_LLM_THREADS", "1")
    monkeypatch.setenv("CASEBOOK_LLM_SLOT_TOKENS", "4096")
    done = CliRunner().invoke(main, ["llm", "check", str(tiny_model()), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["schema_kept"] == TRIES
    assert found["usable"]
    assert min(found["speed"], found["speed_together"], found["prompt_speed"]) > 10
    assert found["cached_share"] > 0.8


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "That serves a class."),
        ({"speed": 12.0}, "serves a small group"),
        ({"speed": 3.0, "prompt_speed": 14.0}, "enough to try it out, not for a class"),
        ({"schema_kept": TRIES - 1}, "Choose another model."),
    ],
)
def test_what_it_means_is_said_in_words(changes: dict[str, float], words: str) -> None:
    assert words in list(sentences(findings(**changes)))[-1]


def test_a_model_that_is_held_to_no_schema_is_named_as_the_reason() -> None:
    assert any("Only 3 of 4 answers kept" in one for one in sentences(findings(schema_kept=3)))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"nothing")
    done = CliRunner().invoke(main, ["llm", "check", str(broken)])
    assert done.exit_code == 1
    assert "cannot be loaded" in done.output
