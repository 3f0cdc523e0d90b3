"""What an author may answer, and what is said about answers that fit nothing."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from notebooks.cases.problems import Problems
from notebooks.cases.reader import read_case
from notebooks.cases.settled import SettledAnswer, answer_faults
from tests.grading.factories import cell
from tests.notebooks.cases.builder import FILES, folder

SOLUTION = [cell("a", "def mean(values, /, digits=2, *, skip=None): ...\nshare = 1", "s")]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"of": "share"}, "has to say something"),
        ({"of": "share", "may_be_empty": True}, "`may_be_empty` says nothing about a name"),
        ({"of": "mean.values", "decimals": 2}, "`decimals` says nothing about an argument"),
        ({"of": "f.x", "lowest": 2, "highest": 1}, "greater than"),
        ({"of": "a.b.c", "others": []}, "pattern"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SettledAnswer.model_validate(given)


@pytest.mark.parametrize("of", ["share", "mean", "mean.values", "mean.digits", "mean.skip"])
def test_an_answer_is_about_what_the_solution_has(of: str) -> None:
    says: dict[str, Any] = {"others": []} if "." in of else {"decimals": 1}
    assert list(answer_faults([SettledAnswer(of=of, **says)], SOLUTION)) == []


def test_answers_about_nothing_and_second_ones_are_named() -> None:
    given = ["total", "share.x", "mean.wide", "mean.digits", "mean.digits"]
    answers = [SettledAnswer(of="total", decimals=1)]
    answers += [SettledAnswer(of=of, others=()) for of in given[1:]]
    assert list(answer_faults(answers, SOLUTION)) == [
        (0, "The ideal solution defines no total."),
        (1, "share has no argument x."),
        (2, "mean has no argument wide."),
        (4, "A second answer about mean.digits: write one for both."),
    ]


def test_a_case_with_such_an_answer_is_refused_with_its_line(tmp_path: Path) -> None:
    text = FILES["case.yaml"].replace(
        "    points: ", "    answers: [{of: nowhere, decimals: 1}]\n    points: ", 1
    )
    found = read_case(folder(tmp_path, {**FILES, "case.yaml": text}))
    assert isinstance(found, Problems)
    [problem] = found.items
    assert problem.message == "The ideal solution defines no nowhere."
    assert problem.line is not None
    assert "nowhere" in text.split("\n")[problem.line - 1]
