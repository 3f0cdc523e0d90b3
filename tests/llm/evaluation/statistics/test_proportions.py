import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.evaluation.statistics import beta_interval, lower_bound, upper_bound


@pytest.mark.parametrize(
    ("wrong", "of", "bound"),
    [(0, 59, 0.0495), (0, 149, 0.02), (0, 299, 0.01), (3, 400, 0.0193), (5, 500, 0.0209)],
)
def test_exact_bounds_are_those_of_the_tables(wrong: int, of: int, bound: float) -> None:
    assert upper_bound(wrong, of) == pytest.approx(bound, abs=2e-4)


def test_nothing_is_known_without_a_trial() -> None:
    assert upper_bound(0, 0) == 1.0
    assert lower_bound(0, 0) == 0.0
    nothing = beta_interval(0, 0)
    assert (nothing.low, nothing.high) == (0.0, 1.0)


@given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_bounds_and_intervals_hold_the_estimate(counts: tuple[int, int]) -> None:
    hits, of = counts
    interval = beta_interval(hits, of)
    assert interval.low <= interval.estimate <= interval.high
    assert lower_bound(hits, of) <= hits / of <= upper_bound(hits, of)
    assert lower_bound(hits, of) == pytest.approx(1 - upper_bound(of - hits, of))


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="3 successes in 2 trials"):
        beta_interval(3, 2)
    with pytest.raises(ValueError, match="cannot be"):
        upper_bound(-1, 2)
