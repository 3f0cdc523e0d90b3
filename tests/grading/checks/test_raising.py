import pytest

from grading.errors import CasePreparationError
from grading.evidence import for_student
from grading.judge import Judgement, judge
from grading.preparation import prepare
from grading.probes import PreparedProbe
from grading.verdict import Verdict
from tests.grading.factories import (
    Interpreter,
    cell,
    failing,
    prepared,
    replay,
    situation,
    subtask,
)
from tests.grading.test_preparation import SPEC, content

OWN = cell("c1", "def root(x):\n    return x ** 0.5", "s")
ASKED = {"kind": "raises", "function": "root", "args": [-1], "error": "ValueError"}
DOMAIN = failing("MathDomainError", "Negative: -1", bases=("ValueError", "Exception", "object"))


def judged(answer: object, **changes: object) -> Judgement:
    probes = prepared(subtask(probes=[ASKED | changes]), {"s-1": "ValueError"})
    return judge(situation(OWN), probes, replay({"c1": None}, {"s-1": answer}))


@pytest.mark.parametrize(
    "changes", [{}, {"error": "MathDomainError"}, {"text": "*negative*"}, {"text": "negative: -?"}]
)
def test_the_exception_asked_for_is_approved_by_its_name_or_a_bases(
    changes: dict[str, object],
) -> None:
    found = judged(DOMAIN, **changes)
    assert found.verdict is Verdict.APPROVED
    assert found.evidence[0].kind == "raises"


@pytest.mark.parametrize(
    ("answer", "changes", "message"),
    [
        (None, {}, "Calling `root(-1)` raised no error, where one is asked for."),
        (7, {}, "Calling `root(-1)` raised no error, where one is asked for."),
        (failing("TypeError", "secret input"), {}, "raised `TypeError`, which is not the error"),
        (DOMAIN, {"text": "*positive*"}, "raised `MathDomainError`, but its message is not"),
        (DOMAIN, {"text": "negative"}, "but its message is not the one"),
        (DOMAIN, {"about": "a root of -1", "error": "KeyError"}, "Calling a root of -1 raised"),
        (failing("NameError", "name 'root' is not defined"), {}, "There is no `root`"),
    ],
)
def test_anything_else_needs_work_and_says_what_was_raised(
    answer: object, changes: dict[str, object], message: str
) -> None:
    found = judged(answer, **changes)
    assert found.verdict is Verdict.NEEDS_WORK
    assert message in found.evidence[0].message
    assert "secret" not in str([for_student(item) for item in found.evidence])


@pytest.mark.parametrize(
    "answer",
    [
        failing("E", "negative", bases=("ValueError", "TypeError", "KeyError", "LookupError")),
        failing("ValueError", "negative " + "zero empty missing " * 60),
    ],
)
def test_an_exception_that_would_pass_for_any_is_left_to_a_person(answer: object) -> None:
    found = judged(answer, text="*negative*")
    assert found.verdict is Verdict.UNCERTAIN
    assert not found.passed


def test_an_exception_of_two_kinds_is_one() -> None:
    both = failing("JSONDecodeError", bases=("ValueError", "OSError", "Exception", "object"))
    assert judged(both).verdict is Verdict.APPROVED


def test_what_a_stub_raises_is_not_taken_for_the_error_it_derives_from() -> None:
    stub = failing("NotImplementedError", bases=("RuntimeError", "Exception"))
    assert judged(stub, error="RuntimeError").verdict is Verdict.NEEDS_WORK
    assert judged(stub, error="NotImplementedError").verdict is Verdict.APPROVED


def test_a_template_that_was_left_is_said_to_be_one() -> None:
    probes = prepared(subtask(probes=[ASKED | {"error": "TypeError"}]), {"s-1": "TypeError"})
    known = situation(cell("c1", "root = ...", "s"))
    answer = failing("TypeError", "'ellipsis' object is not callable", bases=("Exception",))
    found = judge(known, probes, replay({"c1": None}, {"s-1": answer}))
    assert found.verdict is Verdict.NEEDS_WORK
    assert found.evidence[0].difference == "placeholder"


async def test_the_ideal_solution_has_to_raise_it() -> None:
    source = (
        "def root(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x ** 0.5"
    )
    good = subtask(probes=[ASKED | {"text": "NEG*"}])
    (probe,) = await prepare(
        content(cell("a", source, "s"), subtasks=(good,)), Interpreter(), spec=SPEC
    )
    assert isinstance(probe, PreparedProbe)
    assert probe.expected == prepared(good, {"s-1": "ValueError"})[0].expected
    for args, why in (([4], "raises nothing"), ([None], "raises TypeError")):
        wrong = content(
            cell("a", source, "s"), subtasks=(subtask(probes=[ASKED | {"args": args}]),)
        )
        with pytest.raises(CasePreparationError) as caught:
            await prepare(wrong, Interpreter(), spec=SPEC)
        assert why in caught.value.problems[0].message


def test_a_function_that_returns_nothing_is_told_that_printing_is_not_returning() -> None:
    call = {"kind": "call", "function": "root", "args": [4]}
    probes = prepared(subtask(probes=[call]), {"s-1": 2})
    found = judge(situation(OWN), probes, replay({"c1": None}, {"s-1": None}))
    assert found.evidence[0].message.startswith("Calling `root(4)` returned nothing (`None`).")
