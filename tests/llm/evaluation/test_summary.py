import json

import pytest

from llm.evaluation.items import Criterion
from llm.evaluation.judge import Judged
from llm.evaluation.report import Evaluation, as_json, as_page
from llm.evaluation.seeding import seeded
from llm.evaluation.statistics import Delivery, calibrate, risk_coverage
from llm.evaluation.summary import all_criteria, errors_of, rates
from tests.llm.evaluation.factories import item


def judged(holding: int, of: int, criterion: Criterion = Criterion.PERCEPTIVE) -> list[Judged]:
    return [Judged(item(number), criterion, number < holding) for number in range(of)]


def test_each_criterion_is_seeded_with_good_and_bad_feedback() -> None:
    known = list(seeded([item()]))
    for criterion in Criterion:
        assert {one.holds for one in known if one.criterion is criterion} == {True, False}


def test_right_work_seeds_nothing() -> None:
    assert list(seeded([item(issues=())])) == []


def test_known_feedback_that_gives_the_solution_away_holds_the_solution() -> None:
    known = [one for one in seeded([item()]) if not one.holds]
    leaking = [one for one in known if one.criterion is Criterion.NON_REVEALING]
    assert [one.item.ideal in one.item.feedback for one in leaking] == [True]


def test_a_judge_who_always_says_yes_is_of_no_use() -> None:
    known = [(one, True) for one in seeded([item(number) for number in range(40)])]
    [rate] = rates(judged(80, 100), known)
    assert rate.errors.sensitivity == 1
    assert rate.errors.specificity == 0
    assert rate.corrected is None


def test_a_judge_who_is_always_right_corrects_nothing() -> None:
    known = [(one, one.holds) for one in seeded([item(number) for number in range(40)])]
    [rate] = rates(judged(80, 100), known)
    assert rate.corrected is not None
    assert rate.corrected.holds(0.8)
    assert rate.raw.estimate == 0.8
    assert rate.tasks is not None
    assert errors_of(known, Criterion.PERCEPTIVE).kappa == 1


def test_few_tasks_say_nothing_of_tasks_to_come() -> None:
    same = [Judged(item(number, task="one"), Criterion.CORRECT, holds=True) for number in range(9)]
    assert rates(same, [])[0].tasks is None


def test_what_is_not_known_of_a_judge_is_no_number() -> None:
    found = Evaluation(
        model="m",
        judge="j",
        prompts=(),
        items=10,
        rates=rates(judged(5, 10), []),
        all_criteria=all_criteria(judged(5, 10)),
        curve=(),
        chosen=None,
        risk=0.02,
    )
    assert json.loads(as_json(found))["rates"][0]["errors"]["kappa"] is None
    assert "not known" in as_page(found)


def test_all_criteria_hold_only_where_each_does() -> None:
    found = judged(8, 10) + judged(6, 10, Criterion.CORRECT)
    assert all_criteria(found).estimate == 0.6


@pytest.mark.parametrize("wrong", [0, 40], ids=["keeps the promise", "cannot keep it"])
def test_a_report_is_json_and_a_page_that_loads_nothing(wrong: int) -> None:
    known = [(one, one.holds) for one in seeded([item(number) for number in range(20)])]
    deliveries = [Delivery(n / 400, wrong=n < wrong) for n in range(400)]
    found = Evaluation(
        model="tiny <model>",
        judge="other",
        prompts=("writer-1", "judge-1"),
        items=100,
        rates=rates(judged(90, 100) + judged(70, 100, Criterion.CORRECT), known),
        all_criteria=all_criteria(judged(60, 100)),
        curve=risk_coverage(deliveries),
        chosen=calibrate(deliveries, risk=0.02),
        risk=0.02,
    )
    told = json.loads(as_json(found))
    assert [rate["criterion"] for rate in told["rates"]] == ["perceptive", "correct"]
    assert told["rates"][0]["errors"]["sensitivity"] == 1
    assert (told["chosen"] is None) == bool(wrong)
    page = as_page(found)
    assert "tiny &lt;model&gt;" in page
    assert page.count("<svg") == 2
    assert "<script" not in page
    assert ("No threshold keeps" in page) == bool(wrong)
