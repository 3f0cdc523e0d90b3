import math

import numpy as np
import pytest

from llm.evaluation.statistics import JudgeErrors, judged_interval


def errors(tp: int, fn: int, tn: int, fp: int) -> JudgeErrors:
    return JudgeErrors(true_positive=tp, false_negative=fn, true_negative=tn, false_positive=fp)


def test_a_judge_who_says_yes_too_often_is_corrected_downwards() -> None:
    generous = errors(95, 5, 70, 30)
    found = judged_interval(150, 200, generous, rng=np.random.default_rng(1))
    assert found.high < 0.85
    assert found.estimate < 0.73
    assert found.holds((0.75 + 0.7 - 1) / (0.95 + 0.7 - 1))


def test_a_judge_of_whom_little_is_known_widens_the_interval() -> None:
    rng = np.random.default_rng(1)
    known = judged_interval(150, 200, errors(180, 20, 180, 20), rng=rng)
    unknown = judged_interval(150, 200, errors(18, 2, 18, 2), rng=rng)
    assert unknown.high - unknown.low > known.high - known.low


def test_a_judge_no_better_than_a_coin_is_refused() -> None:
    with pytest.raises(ValueError, match="hardly better than a coin"):
        judged_interval(10, 20, errors(50, 50, 50, 50), rng=np.random.default_rng(1))


def test_a_judge_of_whom_nothing_is_known_is_refused() -> None:
    with pytest.raises(ValueError, match="hardly better than a coin"):
        judged_interval(10, 20, errors(0, 0, 0, 0), rng=np.random.default_rng(1))


def test_kappa_is_agreement_beyond_chance() -> None:
    assert errors(20, 5, 15, 10).kappa == pytest.approx(0.4)
    assert errors(10, 0, 10, 0).kappa == 1
    assert math.isnan(errors(10, 0, 0, 0).kappa)


def test_nothing_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="0 of 0"):
        judged_interval(0, 0, errors(9, 1, 9, 1), rng=np.random.default_rng(1))
