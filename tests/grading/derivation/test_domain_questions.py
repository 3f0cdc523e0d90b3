"""What an author is asked about arguments and values, and that an answer ends the question."""

import ast
from typing import Any

import pytest
import yaml

from grading.derivation.coverage import gaps
from grading.derivation.domain_questions import OpenQuestion, about_arguments
from grading.derivation.names import answerable
from grading.derivation.recording import Call
from notebooks.cases.settled import SettledAnswer
from notebooks.kernels.values import DataFrame, Index
from tests.grading.builders import v
from tests.grading.factories import cell, prepared, subtask

[MEAN] = ast.parse("def mean(values): ...").body
assert isinstance(MEAN, ast.FunctionDef)


def asked(*values: Any, **known: Any) -> list[OpenQuestion]:
    assert isinstance(MEAN, ast.FunctionDef)
    calls = [Call((v(value),)) for value in values]
    answers = {"values": SettledAnswer(of="mean.values", **known)} if known else {}
    return list(about_arguments(MEAN, calls, answers))


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        (([1, 2], [3, 5, 9]), {"may_be_empty", "may_be_unsorted", "may_repeat", "may_be_negative"}),
        (([2, 1], [-3, 5, 9]), {"may_be_empty", "may_repeat"}),
        (([2, 1, 2], []), {"may_be_negative"}),
        ((["b", "a", "c"],), {"may_be_empty", "may_repeat"}),
        (("ab", "c"), {"may_be_empty"}),
        ((3, 4.5), {"may_be_negative"}),
        ((3, -4), set()),
        ((True, None), set()),
        (([[1]], [["a"], [2]]), {"may_be_empty", "may_repeat"}),
    ],
)  # fmt: skip
def test_what_all_calls_have_in_common_is_asked_in_one_line(
    values: tuple[Any, ...], fields: set[str]
) -> None:
    questions = asked(*values)
    assert len(questions) == bool(fields)
    for question in questions:
        assert set((question.answer or {}).values()) == {"mean.values", False}
        assert set(question.answer or ()) == fields | {"of"}


def test_what_is_answered_is_asked_no_more() -> None:
    [question] = asked([1, 2], may_be_empty=False, may_repeat=True, may_be_negative=False)
    assert question.text == "May `values` of `mean` be unsorted? No call so far has it so."
    assert asked([1, 2], may_be_unsorted=False, may_be_empty=True, may_repeat=True,
                 may_be_negative=False) == []  # fmt: skip


def test_an_answer_as_it_is_printed_can_be_put_into_case_yaml() -> None:
    [question] = asked([1, 2])
    written = yaml.safe_load(yaml.safe_dump(dict(question.answer or {})))
    answered = SettledAnswer.model_validate(written)
    assert asked([1, 2], **answered.model_dump(exclude={"of"}, exclude_none=True)) == []


def _about(code: str, name: str, value: Any, *answers: dict[str, Any]) -> list[OpenQuestion]:
    made = subtask(probes=[{"id": "a", "expression": name}], answers=list(answers))
    cells = [cell("c", code, "s"), cell("later", f"print({name})", "t")]
    return list(gaps(answerable(made, cells), prepared(made, {"a": value})))


def test_a_solution_that_rounds_is_asked_how_many_decimals_count() -> None:
    [question] = _about("share = round(1 / 3, 2)", "share", 0.33)
    assert question.answer == {"of": "share", "decimals": 6}
    assert _about("share = round(1 / 3, 2)", "share", 0.33, {"of": "share", "decimals": 2}) == []
    assert _about("share = 1 / 3", "share", 0.33) == []


FRAME = DataFrame(index=Index(levels=()), columns=())


@pytest.mark.parametrize(
    ("code", "questions"), [("tidy = df.dropna()", 1), ("tidy = df.sort_values('a')", 0)]
)
def test_the_order_of_rows_is_asked_about_where_nothing_sorts(code: str, questions: int) -> None:
    found = _about(code, "tidy", FRAME)
    assert [question.answer for question in found] == [
        {"of": "tidy", "row_order": True}
    ] * questions
    assert _about(code, "tidy", FRAME, {"of": "tidy", "row_order": False}) == []
