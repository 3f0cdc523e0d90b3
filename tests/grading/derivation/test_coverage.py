import pytest

from grading.derivation.coverage import gaps
from grading.derivation.names import answerable
from grading.probes import PreparedProbe
from notebooks.cases.profile import Subtask
from tests.grading.factories import cell, prepared, subtask

CODE = "a = 1\nb = 2\ndef f(x, y=1): return x"


def open_questions(made: Subtask, probes: tuple[PreparedProbe, ...]) -> list[str]:
    cells = [cell("c", CODE, "s"), cell("later", "a + b", "t")]
    return [gap.text for gap in gaps(answerable(made, cells), probes)]


def test_a_subtask_that_nothing_is_asked_about_is_named() -> None:
    [told] = open_questions(subtask(), ())
    assert told.startswith("Subtask s asks nothing")


@pytest.mark.parametrize(
    "words",
    [
        "`b` of subtask s is not covered",
        "`y` of `f` is only ever asked with one value",
    ],
)
def test_names_and_parameters_that_no_probe_touches_are_named(words: str) -> None:
    made = subtask(
        probes=[
            {"id": "a", "expression": "a"},
            {"id": "f1", "kind": "call", "function": "f", "args": [1, -1]},
            {"id": "f2", "kind": "call", "function": "f", "args": [-2, -1]},
        ]
    )
    told = open_questions(made, prepared(made, {"a": 1, "f1": 1, "f2": -2}))
    assert len(told) == 2
    assert any(one.startswith(words) for one in told)


def test_a_function_that_is_never_called_is_named() -> None:
    made = subtask(probes=[{"id": "a", "expression": "a + b"}])
    told = open_questions(made, prepared(made, {"a": 3}))
    assert [one for one in told if "`f` of subtask s is never called" in one] == told
