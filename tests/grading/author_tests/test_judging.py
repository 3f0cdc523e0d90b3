"""Tests taken apart say what Python says of honest work, and no to what lies to Python."""

import pytest

from grading.author_tests.records import Compares, Holds, IsInstance, Raises, Runs
from grading.author_tests.relations import typed
from grading.author_tests.settling import ideal_questions, settle
from tests.grading.author_tests.interpreter import GIVEN, answers, by_python, judged, opened

IDEAL = """
def f(n):
    if n < 0:
        raise ValueError('negative')
    return [i * i for i in range(n)]
def g(x):
    return x * 0.5
def ordered(items):
    items.sort()
x = 4
name = 'Ada'
"""
VARIANTS = {
    "ideal": IDEAL,
    "other road": IDEAL.replace("[i * i for i in range(n)]", "[*map(lambda i: i ** 2, range(n))]"),
    "tuples": IDEAL.replace("[i * i for i in range(n)]", "tuple(i * i for i in range(n))"),
    "floats": IDEAL.replace("i * i", "float(i * i)"),
    "off by one": IDEAL.replace("range(n)", "range(n + 1)"),
    "no check": IDEAL.replace("if n < 0", "if False"),
    "another error": IDEAL.replace("ValueError", "TypeError"),
    "a kind of it": IDEAL.replace("raise ValueError('negative')", "b'\\xff'.decode()"),
    "noise": IDEAL.replace("x * 0.5", "x * 0.5 + 1e-12"),
    "more noise": IDEAL.replace("x * 0.5", "x * 0.5 + 1e-6"),
    "not in place": IDEAL.replace("items.sort()", "return sorted(items)"),
    "none": "f = g = ordered = lambda *a: None\nx = name = None",
    "empty": "",
    "true": "f = g = ordered = lambda *a: True\nx = name = True",
    "text": IDEAL.replace("x = 4", "x = '4'"),
}  # fmt: skip
TESTS = [
    "assert f(3) == [0, 1, 4]",
    "assert [0, 1, 4] == f(3), 'look at the last'",
    "assert f(3) != [1]",
    "assert x == 4 and name == 'Ada'",
    "assert x >= 4",
    "assert 0 < x < 5",
    "assert x in (3, 4)",
    "assert name not in ['Bob', None]",
    "assert x is not None",
    "assert not x == 5",
    "assert not (x < 4 or name == '')",
    "assert x == 4 or name == 'Bob'",
    "assert isinstance(f(2), list)",
    "assert not isinstance(x, (str, list))",
    "assert x",
    "assert len(f(4)) == 4",
    "assert abs(g(3) - 1.5) < 1e-9",
    "assert math.isclose(g(3), 1.5)",
    "assert round(g(3), 5) == 1.5",
    "assert all(isinstance(one, int) for one in f(3))",
    "assert f(2) == f(2)",
    "assert sum(f(3)) == sum(i * i for i in range(3))",
    "data = list(GIVEN)\nordered(data)\nassert data == [1, 2, 3]",
    "data = list(GIVEN)\nwanted = sorted(data)\nordered(data)\nassert data == wanted",
    "data = list(GIVEN)\nordered(data)\nassert sorted(data) == data",
    "for n, wanted in [(0, []), (2, [0, 1])]:\n    assert f(n) == wanted",
    "for n in range(3):\n    assert len(f(n)) == n",
    "for n in f(3):\n    assert n >= 0",
    "try:\n    f(-1)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError('no error')",
    "try:\n    f(-1)\n    assert False\nexcept ValueError:\n    pass",
    "try:\n    f(-1)\nexcept (TypeError, ValueError):\n    pass\nelse:\n    assert False",
    "try:\n    f(-1)\nexcept Exception:\n    pass\nelse:\n    raise AssertionError",
    "def check(n):\n    assert len(f(n)) == n\ncheck(2)",
    "if x == 4:\n    assert name == 'Ada'\nelse:\n    assert False",
    "'''only words'''\nassert f(0) == []",
    "import math as m\nassert m.sqrt(f(3)[-1]) == 2",
    "value = f(3)\nassert value[0] == 0\nvalue = 7\nassert value == 7",
    "assert (y := f(2)) and y[1] == 1",
]


@pytest.mark.parametrize("test", TESTS)
def test_a_test_taken_apart_says_what_python_says(test: str) -> None:
    assert by_python(test, IDEAL)
    said = {name: judged(test, IDEAL, student) is None for name, student in VARIANTS.items()}
    assert said == {name: by_python(test, student) for name, student in VARIANTS.items()}


LIES = {
    "equal to everything": (
        "class Yes:\n"
        "    def __eq__(self, other): return True\n    def __ne__(self, other): return True\n"
        "    def __lt__(self, other): return True\n    __le__ = __gt__ = __ge__ = __lt__\n"
        "    def __hash__(self): return 0\n    def __bool__(self): return True\n"
        "    def __sub__(self, other): return Yes()\n    def __abs__(self): return Yes()\n"
        "    def __len__(self): return 4\n    def __contains__(self, item): return True\n"
        "f = g = lambda *a: Yes()\nx = name = Yes()\n"
    ),
    "a list equal to everything": (
        "class Yes(list):\n    def __eq__(self, other): return True\n"
        "    def __ne__(self, other): return True\n    def __hash__(self): return 0\n"
        "f = g = lambda *a: Yes()\nx = name = Yes()\n"
    ),
    "a number that is every number": (
        "class Yes(int):\n    def __eq__(self, other): return True\n"
        "    def __lt__(self, other): return True\n    __le__ = __gt__ = __ge__ = __lt__\n"
        "    def __hash__(self): return 0\n"
        "f = g = lambda *a: Yes(7)\nx = name = Yes(7)\n"
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
@pytest.mark.parametrize(
    "test",
    ["assert f(3) == [0, 1, 4]", "assert [0, 1, 4] == f(3)", "assert x == 4", "assert 4 <= x < 5",
     "assert x in (3, 4)", "assert name == 'Ada'", "assert f(3) == [i * i for i in range(3)]",
     "assert math.isclose(g(3), 1.5)"],
)  # fmt: skip
def test_a_lie_that_python_believes_is_not_believed(test: str, lie: str) -> None:
    assert judged(test, IDEAL, lie) is not None


def kinds(test: str) -> list[str]:
    return [step.check.kind for step in opened(test, IDEAL).steps]


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("assert f(2) == [0, 1]", ["compares"]),
        ("assert 0 < x < 5", ["compares", "compares"]),
        ("assert isinstance(x, int)", ["isinstance"]),
        ("assert isinstance(x, str | int)", ["holds"]),
        ("import numpy as np\nassert np.allclose(g(1), 0.5)", ["runs", "compares"]),
        ("import numpy as np\nnp.testing.assert_allclose(g(1), 0.5)", ["runs", "compares"]),
        ("import pytest\nwith pytest.raises(ValueError):\n    f(-1)", ["runs", "raises"]),
        ("assert (f(2) == [0, 1]) is True", ["compares"]),
        ("if x:\n    assert x == 4", ["runs"]),
        ("assert x.equals(GIVEN)", ["compares"]),
        ("assert (x == GIVEN).all()", ["compares"]),
        ("assert any(f(2))", ["holds"]),
    ],
)
def test_what_can_be_compared_is_compared(test: str, expected: list[str]) -> None:
    assert kinds(test) == expected


def test_what_the_test_knows_itself_is_never_asked() -> None:
    test = opened("assert f(3) == [0, 1, 4]\nassert 4 == x", IDEAL)
    asked = [question.ask.model_dump()["expression"] for question in test.questions]
    assert asked == ["f(3)", "x"]
    first = test.steps[0].check
    assert isinstance(first, Compares)
    assert first.right.value == typed([0, 1, 4])


def test_what_the_students_names_do_not_enter_is_said_by_the_ideal_solution() -> None:
    test = opened("wanted = sorted(GIVEN)\nassert f(3) == wanted", IDEAL)
    check = test.steps[1].check
    assert isinstance(check, Compares)
    assert (check.left.source, check.right.source) == ("student", "ideal")


def test_a_given_name_that_a_student_changes_helps_nobody() -> None:
    test = "assert f(3) == [GIVEN[1] - 1, 1, 4]"
    assert judged(test, IDEAL, IDEAL) is None
    cheat = "GIVEN[1] = 8\nf = lambda n: [7, 1, 4]"
    assert by_python(test, cheat)
    assert judged(test, IDEAL, cheat) is not None


def test_a_step_that_tells_nothing_of_the_ideal_solution_is_run_as_code() -> None:
    ideal = "make = object\nshape = make()"
    test = opened("assert shape == shape", ideal)
    prepared, _ = settle(test, [answers(ideal_questions(test), ideal)])
    assert prepared is not None
    assert isinstance(prepared.steps[0].check, Runs)


def test_what_the_ideal_solution_says_otherwise_each_time_is_not_expected() -> None:
    ideal = "import random\ndef f(items):\n    return sorted(items)"
    test = "items = [random.random() for _ in range(5)]\nassert f(items) == sorted(items)"
    assert judged(test, ideal, ideal) is None
    assert judged(test, ideal, ideal.replace("sorted(items)", "items")) is not None


def test_a_test_that_the_ideal_solution_fails_is_told_with_why() -> None:
    test = opened("assert f(3) == []\n", IDEAL)
    prepared, why = settle(test, [answers(ideal_questions(test), GIVEN + IDEAL)])
    assert prepared is None
    assert why == "the ideal solution fails it with AssertionError"


@pytest.mark.parametrize(
    ("source", "output", "right", "wrong"),
    [
        ("x * 2", "8", "x = 4", "x = 4.0"),
        ("x == 4", "True", "x = 4", "x = 5"),
        ("x == 5", "False", "x = 4", "x = 5"),
        ("print(x)", "4\n", "x = 4", "x = 40"),
        ("for i in range(2):\n    print(x)", "4\n4\n", "x = 4", "x = 0"),
        ("y = x\n[y]", "[4]", "x = 4", "x = [4]"),
    ],
)
def test_a_shown_output_is_compared_as_text(
    source: str, output: str, right: str, wrong: str
) -> None:
    assert judged(source, "x = 4", right, output=output) is None
    assert judged(source, "x = 4", wrong, output=output) is not None


def test_an_output_that_the_ideal_solution_does_not_show_is_told() -> None:
    test = opened("x", "x = 4", output="5")
    prepared, why = settle(test, [answers(ideal_questions(test), "x = 4")])
    assert prepared is None
    assert "is not the output of `x`" in why


def test_hidden_parts_are_marked_step_by_step() -> None:
    test = opened(
        "assert x == 4\n### BEGIN HIDDEN TESTS\nassert x != 3\n### END HIDDEN TESTS\nassert x",
        IDEAL,
    )
    assert [step.hidden for step in test.steps] == [False, True, False]
    assert all(step.hidden for step in opened("assert x", IDEAL, hidden=True).steps)


def test_a_test_of_too_many_steps_is_run_whole() -> None:
    test = opened("\n".join(["assert x == 4"] * 101), IDEAL)
    [step] = test.steps
    assert isinstance(step.check, Runs)


def test_every_kind_of_check_is_met_here() -> None:
    met = {type(step.check) for test in TESTS for step in opened(test, IDEAL).steps}
    assert met == {Compares, Holds, IsInstance, Raises, Runs}
