import pytest

from notebooks.kernels.errors import RunnerFullError
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.runner.line import PATIENCE_SECONDS, Line

SPEC = KernelSpec(environment="e")


def test_places_are_given_in_the_order_of_the_first_question() -> None:
    line = Line(10)
    for name in ("a", "b", "a", "c"):
        line.ask(name, SPEC, 0)
    assert [line.position(name) for name in ("a", "b", "c", "d")] == [1, 2, 3, None]
    assert line.first() == ("a", SPEC)


def test_those_behind_move_up_when_somebody_leaves() -> None:
    line = Line(10)
    for name in ("a", "b", "c"):
        line.ask(name, SPEC, 0)
    line.leave("a")
    line.leave("nobody")
    assert [line.position(name) for name in ("a", "b", "c")] == [None, 1, 2]


def test_a_place_is_lost_when_nobody_asks_for_it() -> None:
    line = Line(10)
    line.ask("a", SPEC, 0)
    line.ask("b", SPEC, 0)
    line.ask("b", SPEC, PATIENCE_SECONDS)
    line.expire(PATIENCE_SECONDS + 1)
    assert line.first() == ("b", SPEC)
    assert line.ask("a", SPEC, PATIENCE_SECONDS + 2)
    assert line.position("a") == 2


def test_a_full_line_takes_nobody_else_but_keeps_its_own() -> None:
    line = Line(1)
    assert line.ask("a", SPEC, 0)
    with pytest.raises(RunnerFullError, match="1 people wait"):
        line.ask("b", SPEC, 0)
    assert not line.ask("a", SPEC, 1)
