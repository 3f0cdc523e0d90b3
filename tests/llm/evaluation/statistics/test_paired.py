import numpy as np
import pytest

from llm.evaluation.statistics import Paired, mcnemar, paired_difference


def test_only_items_that_differ_count() -> None:
    assert mcnemar(Paired(both=500, only_first=5, only_second=5, neither=3)) == 1.0
    assert mcnemar(Paired(both=0, only_first=9, only_second=1, neither=0)) == pytest.approx(
        22 / 1024
    )
    assert mcnemar(Paired(both=9, only_first=0, only_second=0, neither=1)) == 1.0


def test_the_difference_has_the_sign_of_the_better_system() -> None:
    better = Paired(both=100, only_first=40, only_second=5, neither=55)
    found = paired_difference(better, rng=np.random.default_rng(1))
    assert found.estimate == pytest.approx(0.175)
    assert 0 < found.low < found.estimate < found.high


def test_no_items_are_refused() -> None:
    with pytest.raises(ValueError, match="no items"):
        paired_difference(Paired(0, 0, 0, 0), rng=np.random.default_rng(1))
