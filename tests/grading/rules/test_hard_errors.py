import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import notebooks
from grading.errors import LinterError, NotebookTooLargeError
from grading.rules import ruff
from grading.rules.catalogue import Certainty, catalogue
from grading.rules.hard_errors import MAX_CELLS, MAX_CHARACTERS, Mark, hard_errors

HERE = Path(__file__).parent
CORPUS = HERE / "hard_errors.json"
SNIPPETS: list[dict[str, Any]] = json.loads(CORPUS.read_text(encoding="utf-8"))
PLACE = ("cell", "code", "line", "column", "end_line", "end_column", "text")


def check(*cells: str, known: tuple[str, ...] = ()) -> list[str]:
    """Marks in short, as `cell:line:column code`."""
    marks = hard_errors(cells, known=known)
    return [f"{mark.cell}:{mark.line}:{mark.column} {mark.code}" for mark in marks]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each snippet did when IPython ran it."""
    folder = tmp_path_factory.mktemp("ipython")
    out = folder / "outcomes.jsonl"
    subprocess.run(
        [sys.executable, str(HERE / "executing.py"), str(CORPUS), str(out)],
        cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        timeout=200,
        check=True,
    )
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet["name"])
def test_a_snippet_has_the_marks_that_the_corpus_gives_it(snippet: dict[str, Any]) -> None:
    marks = hard_errors(snippet["cells"], known=snippet.get("known", ()))
    expected = [tuple(mark[field] for field in PLACE) for mark in snippet["marks"]]
    assert [tuple(getattr(mark, field) for field in PLACE) for mark in marks] == expected


def test_the_corpus_is_large_and_every_rule_fires_in_it() -> None:
    assert len(SNIPPETS) >= 200
    assert len({snippet["name"] for snippet in SNIPPETS}) == len(SNIPPETS)
    fired = {mark["code"] for snippet in SNIPPETS for mark in snippet["marks"]}
    assert fired == set(catalogue().rules)


def test_every_marked_cell_raises_what_its_rule_says(executed: list[dict[str, Any]]) -> None:
    wrong: list[tuple[Any, ...]] = []
    for snippet, ran in zip(SNIPPETS, executed, strict=True):
        for mark in snippet["marks"]:
            rule = catalogue().rules[mark["code"]]
            seen = ran["cells"][mark["cell"]] or ran["call"] or {"raised": [], "lines": []}
            if not {mark.get("raises", ""), *rule.raises} & set(seen["raised"]):
                wrong.append((snippet["name"], mark["code"], seen["raised"]))
            # A class's own body fails where its decorator stands, a timed cell in IPython's code.
            timed = snippet["cells"][mark["cell"]].startswith("%%")
            exact = rule.certainty is Certainty.LINE and mark["code"] != "RUF008" and not timed
            if exact and mark["line"] not in seen["lines"]:
                wrong.append((snippet["name"], mark["line"], seen["lines"]))
    assert wrong == []


def test_every_other_cell_runs_without_an_error(executed: list[dict[str, Any]]) -> None:
    wrong: list[tuple[Any, ...]] = []
    for snippet, ran in zip(SNIPPETS, executed, strict=True):
        marked = {mark["cell"] for mark in snippet["marks"]}
        for number, outcome in enumerate(ran["cells"]):
            if outcome is not None and number not in marked:
                wrong.append((snippet["name"], number, outcome["raised"]))
        if ran["call"] is not None and not marked:
            wrong.append((snippet["name"], "call", ran["call"]["raised"]))
    assert wrong == []


@pytest.mark.parametrize("name", ["cars", "penguins", "wine"])
def test_the_examples_have_no_mark(name: str) -> None:
    path = Path(notebooks.__file__).parent / "examples" / name / "solution.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(sources) > 3
    assert hard_errors(sources) == ()


def test_every_rule_has_its_words_in_both_languages() -> None:
    for rule in catalogue().rules.values():
        for words in (rule.en, rule.ru):
            assert words.strip().endswith((".", "?")), rule.code
            assert set(_blanks(words)) <= {"text", "detail"}, rule.code
        assert set(_blanks(rule.en)) == set(_blanks(rule.ru)), rule.code


def _blanks(words: str) -> list[str]:
    return [
        part.split("}")[0] for part in words.replace("{}", "").split("{")[1:] if "0" not in part
    ]


def test_every_rule_is_one_that_the_pinned_ruff_knows() -> None:
    codes = catalogue().codes(*Certainty)
    assert ruff.check(["x = 1"], codes=codes) == [[]]
    with pytest.raises(LinterError, match="exit status"):
        ruff.check(["x = 1"], codes=["NOSUCH999"])


def test_columns_count_as_browsers_do() -> None:
    (mark,) = hard_errors(["x = '😀' + nowhere"])
    assert (mark.column, mark.end_column) == (11, 18)
    assert mark.text == "nowhere"


def test_windows_line_ends_change_no_position() -> None:
    assert check("x = 1\r\ny = nowhere\r\n") == ["0:2:4 F821"]


def test_a_lone_surrogate_and_a_long_line_are_checked() -> None:
    assert check("x = '\ud800'\n" + "y = " + "1 + " * 2_000 + "nowhere") == ["0:2:8004 F821"]


def test_code_nested_too_deeply_for_python_is_not_marked_wrongly() -> None:
    assert check("x = " + "-" * 5_000 + "1") == []


def test_a_notebook_that_is_too_large_is_refused() -> None:
    with pytest.raises(NotebookTooLargeError, match=f"At most {MAX_CELLS} cells"):
        hard_errors([""] * (MAX_CELLS + 1))
    with pytest.raises(NotebookTooLargeError, match=f"{MAX_CHARACTERS} characters"):
        hard_errors(["#" * (MAX_CHARACTERS + 1)])


def test_a_linter_that_takes_too_long_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruff, "TIMEOUT_SECONDS", 0.0001)
    with pytest.raises(LinterError, match="timed out"):
        hard_errors(["x = 1"])


def test_syntax_of_a_newer_python_is_an_error_for_an_older_kernel_alone() -> None:
    source = "type Numbers = list[int]"
    assert [mark.code for mark in hard_errors([source], python="py311")] == ["invalid-syntax"]
    assert hard_errors([source], python="py312") == ()


def test_a_mark_knows_its_certainty() -> None:
    (mark,) = hard_errors(["class A:\n    def __len__(self): return -1"])
    assert mark == Mark(
        cell=0,
        code="PLE0303",
        certainty=Certainty.CALL,
        line=2,
        column=30,
        end_line=2,
        end_column=32,
        text="-1",
        detail="`__len__` does not return a non-negative integer",
    )
