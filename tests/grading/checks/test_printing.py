from typing import Any

import pytest

from grading.errors import CasePreparationError
from grading.feedback import wording
from grading.judge import Judgement, judge
from grading.preparation import prepare
from grading.probes import PreparedProbe
from grading.verdict import Verdict
from notebooks.kernels.records import CellResult, ReplayResult
from tests.grading.factories import Interpreter, cell, prepared, situation, subtask
from tests.grading.test_preparation import SPEC, Content, content

IDEAL = "Mean:  2.5\n\nn = 3\n"


def judged(printed: str, *, expected: str = IDEAL, **changes: Any) -> Judgement:
    """Judge a subtask whose second cell prints; the cell of an earlier one prints, too."""
    probes = prepared(subtask(probes=[{"kind": "stdout"} | changes]), {"s-1": expected})
    cells = cell("a", "", "first"), cell("b", "", "s"), cell("c", "", "s")
    result = ReplayResult(
        outcome="completed",
        cells=(
            CellResult(id="a", ok=True, stdout="noise"),
            CellResult(id="b", ok=True),
            CellResult(id="c", ok=True, stdout=printed),
        ),
    )
    return judge(situation(*cells), probes, result)


@pytest.mark.parametrize(
    "printed",
    [IDEAL, "Mean: 2.5\nn = 3", "Mean: 2.5000000001  \r\n\n n =   3\n", "Mean: 25e-1\nn = 3.0"],
)
def test_the_same_lines_are_approved_whatever_their_spaces(printed: str) -> None:
    found = judged(printed)
    assert found.verdict is Verdict.APPROVED
    assert found.evidence[0].kind == "stdout"


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("", "Your cells print nothing."),
        (" \n", "Your cells print nothing."),
        ("mean: 2.5\nn = 3", "Line 1 of what your cells print is `mean: 2.5`, which is not"),
        ("Mean: 2.5\nn = 4", "Line 2 of what your cells print is `n = 4`: a number in it"),
        ("Mean: nan\nn = 3", "Line 1 of what your cells print is `Mean: nan`, which"),
        ("Mean: 2.5", "The number of lines in what your cells print is 1,"),
        (IDEAL + "debug", "The number of lines in what your cells print is 3,"),
        (f"Mean: 1e999\n{'1' * 60_000}x", "Line 1 of what your cells print"),
    ],
)  # fmt: skip
def test_another_output_needs_work_and_the_first_line_that_differs_is_told(
    printed: str, message: str
) -> None:
    found = judged(printed)
    assert found.verdict is Verdict.NEEDS_WORK
    assert found.evidence[0].message.startswith(message)


def test_other_lines_may_stand_between_but_the_order_holds() -> None:
    more = "loading…\nMean: 2.5\nhm\nn = 3\nbye"
    assert judged(more, other_lines="allowed").verdict is Verdict.APPROVED
    turned = judged("n = 3\nMean: 2.5", other_lines="allowed")
    assert turned.verdict is Verdict.NEEDS_WORK
    assert turned.evidence[0].difference == "printed_missing"


def test_a_line_with_every_number_in_turn_is_left_to_a_person() -> None:
    every = "\n".join(["Mean: 2.5", *(f"n = {number}" for number in range(60))])
    found = judged(every, other_lines="allowed")
    assert found.verdict is Verdict.UNCERTAIN
    assert found.evidence[0].difference == "printed_many"
    some = "\n".join(["Mean: 2.5", *(f"n = {number}" for number in range(8))])
    assert judged(some, other_lines="allowed").verdict is Verdict.APPROVED


def test_the_authors_tolerance_and_name_for_it_hold() -> None:
    loose = judged("Mean: 2.6\nn = 3", tolerance={"relative": 0.1})
    assert loose.verdict is Verdict.APPROVED
    named = judged("Mean: 3.5\nn = 3", about="the report")
    assert named.evidence[0].message.startswith("Line 1 of the report is")
    secret = judged("Mean: 3.5\nn = 3", reveal="nothing")
    assert secret.evidence[0].observed is None
    assert "3.5" not in secret.evidence[0].message


async def test_what_the_ideal_prints_is_expected_unless_it_varies_or_is_nothing() -> None:
    asked = subtask(probes=[{"kind": "stdout"}])

    def of(source: str) -> Content:
        return content(cell("a", source, "s"), subtasks=(asked,))

    interpreter = Interpreter()
    (probe,) = await prepare(of("print('x =', 1)"), interpreter, spec=SPEC)
    assert isinstance(probe, PreparedProbe)
    assert probe.expected == prepared(asked, {"s-1": "x = 1\n"})[0].expected
    assert [request.questions for request in interpreter.requests] == [(), ()]
    for source, why in (
        ("import random\nprint(random.random())", "another answer each time"),
        ("'shown'", "print nothing"),
    ):
        with pytest.raises(CasePreparationError) as caught:
            await prepare(of(source), Interpreter(), spec=SPEC)
        assert why in caught.value.problems[0].message


def test_printing_what_should_be_shown_is_for_a_person_and_has_words_of_its_own() -> None:
    shown = prepared(subtask(probes=[{"expression": "_"}]), {"s-1": 3})
    done = ReplayResult(outcome="completed", cells=(CellResult(id="c", ok=True, stdout="3\n"),))
    for source, verdict in (
        ("x = 3\nprint(x)", Verdict.UNCERTAIN),
        ("x = 3\nx", Verdict.NEEDS_WORK),
    ):
        found = judge(situation(cell("c", source, "s")), shown, done)
        assert found.verdict is verdict
    assert "prints its value" in judge(
        situation(cell("c", "print(3)", "s")), shown, done
    ).feedback  # fmt: skip


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize(
    "kind",
    ["nothing", "line", "numbers", "lines", "missing", "not_shown"],
)
def test_every_finding_has_a_question(locale: str, kind: str) -> None:
    default = wording(locale).question("default")
    assert wording(locale).question(f"printed_{kind}") != default
