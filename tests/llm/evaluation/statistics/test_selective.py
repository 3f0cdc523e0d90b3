import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.evaluation.statistics import (
    Delivery,
    calibrate,
    operating_point,
    risk_coverage,
    upper_bound,
)

DELIVERIES = st.lists(
    st.builds(Delivery, doubt=st.integers(0, 9).map(lambda n: n / 10), wrong=st.booleans()),
    min_size=1,
    max_size=60,
)


def drawn(rng: np.random.Generator, count: int) -> list[Delivery]:
    """Return feedback that is the more often wrong the more doubtful it is: doubt³ of it."""
    return [
        Delivery(float(doubt), wrong=bool(rng.random() < doubt**3)) for doubt in rng.random(count)
    ]


@given(DELIVERIES)
def test_the_curve_grows_to_everything_and_says_what_each_threshold_does(
    deliveries: list[Delivery],
) -> None:
    curve = risk_coverage(deliveries)
    assert curve[-1].coverage == 1
    assert [point.threshold for point in curve] == sorted({one.doubt for one in deliveries})
    assert all(point == operating_point(deliveries, point.threshold) for point in curve)


def test_a_threshold_delivers_what_is_surely_right_often_enough() -> None:
    found = calibrate(drawn(np.random.default_rng(1), 2000), risk=0.02)
    assert found is not None
    assert found.bound <= 0.02
    assert 0.2 < found.coverage < 0.5


def test_the_promise_is_broken_no_more_often_than_allowed() -> None:
    """The true risk at a threshold c is c³/4."""
    rng = np.random.default_rng(2)
    broken = 0
    for _ in range(400):
        found = calibrate(drawn(rng, 400), risk=0.05)
        broken += found is not None and found.threshold**3 / 4 > 0.05
    assert broken / 400 <= 0.05 + 0.022


def test_too_few_deliveries_promise_nothing() -> None:
    assert calibrate([Delivery(0.1, wrong=False)] * 30, risk=0.02) is None
    assert upper_bound(0, 30) > 0.02


def test_the_walk_ends_at_the_first_threshold_that_fails() -> None:
    wrong_early = [Delivery(0.1, wrong=True)] * 10 + [Delivery(0.5, wrong=False)] * 990
    assert calibrate(wrong_early, risk=0.02, steps=20) is not None
    assert calibrate(wrong_early[:100], risk=0.02, steps=20) is None


def test_nothing_delivered_has_no_risk_and_no_promise() -> None:
    nothing = operating_point([Delivery(0.5, wrong=True)], 0.1)
    assert (nothing.risk, nothing.coverage, nothing.bound) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(("risk", "steps"), [(0.0, 20), (1.0, 20), (0.1, 0)])
def test_a_walk_that_cannot_be_is_refused(risk: float, steps: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibrate([], risk=risk, steps=steps)
