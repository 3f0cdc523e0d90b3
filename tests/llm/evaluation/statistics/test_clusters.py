import numpy as np
import pytest

from llm.evaluation.statistics import (
    Cluster,
    beta_interval,
    bootstrap_interval,
    hierarchical_interval,
)


def test_groups_that_differ_widen_the_interval() -> None:
    alike = [Cluster(8, 10)] * 20
    unlike = [Cluster(10, 10)] * 16 + [Cluster(0, 10)] * 4
    rng = np.random.default_rng(1)
    narrow, wide = (bootstrap_interval(found, rng=rng) for found in (alike, unlike))
    assert narrow.estimate == wide.estimate == 0.8
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_groups_that_agree_by_luck_promise_no_more_than_their_items() -> None:
    found = bootstrap_interval([Cluster(8, 10)] * 20, rng=np.random.default_rng(1))
    items = beta_interval(160, 200)
    assert found.low <= items.low
    assert found.high >= items.high


def test_successes_without_exception_leave_room_below() -> None:
    clusters = [Cluster(5, 5)] * 12
    bootstrap = bootstrap_interval(clusters, rng=np.random.default_rng(1))
    assert (bootstrap.estimate, bootstrap.high) == (1.0, 1.0)
    assert bootstrap.low < 0.97
    assert hierarchical_interval(clusters).low < 0.97


def test_a_large_group_does_not_drown_the_others_in_the_hierarchy() -> None:
    clusters = [Cluster(0, 1000), *[Cluster(5, 5)] * 30]
    assert hierarchical_interval(clusters).estimate > 0.8


@pytest.mark.parametrize(
    "clusters", [[Cluster(1, 2)] * 2, [Cluster(0, 0)] * 5, [Cluster(3, 2)] * 5]
)
def test_groups_that_tell_nothing_are_refused(clusters: list[Cluster]) -> None:
    with pytest.raises(ValueError, match=r"groups are too few|at least one item"):
        bootstrap_interval(clusters, rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match=r"groups are too few|at least one item"):
        hierarchical_interval(clusters)
