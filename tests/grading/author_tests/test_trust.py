import pytest

from grading.author_tests.trust import taken_on_trust
from tests.grading.author_tests.interpreter import opened

IDEAL = "def f(n): return [i * i for i in range(n)]\nx = 4"


@pytest.mark.parametrize(
    ("test", "trusted"),
    [
        ("for n in f(3):\n    assert n >= 0", "for n in f(3): …"),
        ("def check(n):\n    assert len(f(n)) == n\ncheck(2)", "def check(n): …"),
        ("if x != 4:\n    raise ValueError", "if x != 4: …"),
        ("import unittest\nt = unittest.TestCase()\nt.assertCountEqual(f(2), [1, 0])",
         "t.assertCountEqual(f(2), [1, 0])"),
    ],
)  # fmt: skip
def test_a_check_that_runs_as_code_is_named(test: str, trusted: str) -> None:
    assert taken_on_trust(opened(test, IDEAL)) == trusted


@pytest.mark.parametrize(
    "test",
    [
        "import math\nassert f(2) == [0, 1] and math.sqrt(x) == 2",
        "data = f(3)\ndata.sort()\nassert data == [0, 1, 4]",
        "for n in range(3):\n    assert len(f(n)) == n",
        "assert any(f(2))",
    ],
)
def test_what_is_compared_outside_has_not_to_be_trusted(test: str) -> None:
    assert taken_on_trust(opened(test, IDEAL)) is None
