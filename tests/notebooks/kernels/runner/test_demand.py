import pytest

from notebooks.kernels.records import KernelSpec
from notebooks.kernels.runner.demand import HALF_LIFE_SECONDS, Demand

FIRST, SECOND = KernelSpec(environment="first"), KernelSpec(environment="second")


@pytest.mark.parametrize(
    ("launches", "wanted"), [(0, 0), (1, 1), (4, 1), (5, 2), (30, 8), (100, 8)]
)
def test_a_quarter_of_the_launches_is_wanted_up_to_the_limit(launches: int, wanted: int) -> None:
    demand = Demand(limit=8)
    for _ in range(launches):
        demand.note(FIRST, 0)
    assert demand.wanted(FIRST, 0) == wanted


@pytest.mark.parametrize(("half_lives", "wanted"), [(0, 2), (1, 1), (4, 1), (6, 0)])
def test_what_is_launched_no_more_is_wanted_less_and_then_not_at_all(
    half_lives: int, wanted: int
) -> None:
    demand = Demand(limit=8)
    for _ in range(8):
        demand.note(FIRST, 0)
    assert demand.wanted(FIRST, half_lives * HALF_LIFE_SECONDS) == wanted


def test_kinds_come_by_their_launches_and_old_ones_are_forgotten() -> None:
    demand = Demand(limit=8)
    demand.note(FIRST, 0)
    demand.note(SECOND, 0)
    demand.note(SECOND, 0)
    assert list(demand.kinds(0)) == [SECOND, FIRST]
    demand.forget(SECOND)
    assert list(demand.kinds(0)) == [FIRST]
    assert list(demand.kinds(10 * HALF_LIFE_SECONDS)) == []


def test_kinds_differ_by_any_part_of_their_spec() -> None:
    demand = Demand(limit=8)
    demand.note(FIRST.model_copy(update={"imports": ("json",)}), 0)
    assert demand.wanted(FIRST, 0) == 0


def test_a_limit_of_zero_wants_nothing() -> None:
    demand = Demand(limit=0)
    demand.note(FIRST, 0)
    assert demand.wanted(FIRST, 0) == 0
