import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.cases.probes import CallProbe
from notebooks.cases.problems import Problem, ProblemLog
from notebooks.cases.profile import Profile
from notebooks.cases.profile_reader import read_profile
from tests.notebooks.cases.builder import PROFILE


def read(text: str) -> tuple[Profile | None, list[Problem]]:
    log = ProblemLog()
    found = read_profile(text, "case.yaml", log)
    return (found[0] if found else None), list(log.result().items)


def test_a_profile_is_read_with_its_probes() -> None:
    profile, problems = read(PROFILE)
    assert problems == []
    assert profile is not None
    probe = profile.subtasks[1].probes[0]
    assert isinstance(probe, CallProbe)
    assert probe.args == ([1, 2],)


def test_what_is_stored_as_json_comes_back_the_same() -> None:
    profile, _ = read(PROFILE.replace("[[1, 2]]", "[[1, 2.5], {a: null}, true, 'x']"))
    assert profile is not None
    assert Profile.model_validate(profile.model_dump(mode="json")) == profile


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("title: A small case", "title: [A", 2, "Not readable as YAML"),
        ("title: A small case", "title: \tA\n- x", 1, "Not readable as YAML"),
        ("title: A small case", "title: !!python/object:os.system x", 1, "constructor"),
        ("title: A small case\n", "", 1, "`title` is missing"),
        ("points: 2", "point: 2", 10, "`subtasks[2].point` is not known"),
        ("points: 2", "points: two", 10, "valid number"),
        ("points: 2", "points: -1", 10, "greater than or equal to 0"),
        ("id: mean", "id: Mean value", 8, "pattern"),
        ("expression: mean(rows)", "expresion: mean(rows)", 15, "not known"),
        ("expression: mean(rows)", "message: hm", 14, "probes[2].expression` is missing"),
        ("kind: value", "kind: values", 14, "values"),
        ("args: [[1, 2]]", "error: E", 13, "`subtasks[2].probes[1].error` is not known"),
        ("kind: call", "kind: raises", 13, "error` is missing"),
        ("kind: call, ", "kind: raises, error: a.B, ", 13, "pattern"),
        ("- kind: value\n        expression", "- expression", 14, "needs a `kind`"),
        ("[[1, 2]]", "[2026-01-31]", 13, "Put it in quotes"),
        ("[[1, 2]]", "[.nan]", 13, "no finite number"),
        ("[[1, 2]]", "[{1: a}]", 13, "a name that is no text"),
        ("description: Two steps.", 'description: "\\0"', 2, "cannot be stored"),
        ("description: Two steps.", "title: Again", 2, "written twice"),
        ("description: Two steps.", "x: &a [1]\ndescription: *a", 3, "Aliases"),
        ("description: Two steps.", f"x: {'9' * 5000}", None, "Not readable"),
        ("description: Two steps.", f"x: {'[' * 200_000}", 2, "nested"),
        ("description: Two steps.", "x: \x07", None, "Not readable"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(old: str, new: str, line: int | None, message: str) -> None:
    profile, problems = read(PROFILE.replace(old, new, 1))
    assert profile is None
    assert any(one.line == line and message in one.message for one in problems), problems


@pytest.mark.parametrize("text", ["", "[]", "x", "1", "null", "---\n", "a: 1\n---\nb: 2\n"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    profile, problems = read(text)
    assert profile is None
    assert problems


@given(st.text(alphabet="abz:-[]{}&*!|>'\"#%@\n\t 01.?,\\\0é", max_size=60))
def test_any_text_gives_a_profile_or_problems(text: str) -> None:
    profile, problems = read(text)
    assert (profile is None) == bool(problems)
