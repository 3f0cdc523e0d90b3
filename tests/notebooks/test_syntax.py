"""Syntax trees that are built in threads side by side."""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from notebooks.syntax import parse_expression, parse_module

NESTED = "x = " + "[" * 40 + "f(1, 2)" + "]" * 40


@pytest.fixture
def busy_collector() -> Iterator[None]:
    """Let garbage be collected all the time, which is when threads take turns in the parser."""
    before = gc.get_threshold()
    gc.set_threshold(1)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("busy_collector")
def test_threads_that_parse_side_by_side_do_not_confuse_each_other() -> None:
    def parse(number: int) -> int:
        tree = parse_module(NESTED + f"\ny = {number}")
        return len(tree.body)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(parse, range(200))) == [2] * 200


@pytest.mark.parametrize("text", ["x = (", "for", "\0"])
def test_faults_are_those_of_the_parser(text: str) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        parse_module(text)
    with pytest.raises((SyntaxError, ValueError)):
        parse_expression(text)


def test_an_expression_is_one() -> None:
    assert parse_expression("a + 1").body is not None
    with pytest.raises(SyntaxError):
        parse_expression("a = 1")
