from collections.abc import Mapping
from typing import Any

import pytest

from grading.checks.records import Keeps
from grading.errors import CasePreparationError
from grading.evidence import for_student
from grading.feedback import wording
from grading.judge import Judgement, judge
from grading.preparation import prepare
from grading.prepared import PreparedItems
from grading.probes import PreparedProbe
from grading.properties.ready_made import PREDICATES
from grading.verdict import Verdict
from notebooks.cases.expressions import READY_MADE
from notebooks.kernels.records import AskCall, ReplayRequest
from notebooks.kernels.values import Opaque
from tests.grading.factories import Interpreter, cell, failing, replay, situation, subtask
from tests.grading.test_preparation import SPEC, content

SHARES = "def shares(xs):\n    return [x / sum(xs) for x in xs]"
STATED: dict[str, Any] = {
    "kind": "property",
    "function": "shares",
    "given": [{"xs": [1, 3]}, {"xs": [2.0, 2.0, 4.0]}],
    "holds": ["abs(sum(result) - 1) < 1e-9", "same_length"],
}


async def built(source: str = SHARES, **changes: Any) -> PreparedProbe:
    case = content(cell("a", source, "s"), subtasks=(subtask(probes=[STATED | changes]),))
    [probe] = await prepare(case, Interpreter(), spec=SPEC)
    assert isinstance(probe, PreparedProbe)
    assert PreparedItems.validate_python(PreparedItems.dump_python((probe,), mode="json")) == (
        probe,
    )
    return probe


async def refused(source: str = SHARES, **changes: Any) -> str:
    with pytest.raises(CasePreparationError) as caught:
        await built(source, **changes)
    [problem] = caught.value.problems
    return problem.message


async def judged(probe: PreparedProbe, source: str, **more: Any) -> Judgement:
    """Judge a student's own text, which we wrote, so that it may run here."""
    cells = [cell("c", source, "s")]
    request = ReplayRequest(
        replay_id="r",
        spec=SPEC,
        cells=tuple({"id": one.id, "source": one.source} for one in cells),
        questions=probe.questions,
    )
    result = await Interpreter().replay(request)
    return judge(situation(*cells, **more), [probe], result)


def calls_of(probe: PreparedProbe) -> list[str]:
    assert isinstance(probe.check, Keeps)
    return [call.args[0].model_dump_json() for call in probe.check.calls]


async def test_another_answer_is_right_if_all_that_is_stated_holds() -> None:
    probe = await built()
    other = await judged(probe, "def shares(xs):\n    return [1.0] + [0.0] * (len(xs) - 1)")
    assert other.verdict is Verdict.APPROVED
    assert other.evidence[0].kind == "property"
    assert other.evidence[0].expected == "'abs(sum(result) - 1) < 1e-9; same_length'"


def test_every_property_that_has_a_name_can_be_worked_out_and_said() -> None:
    assert set(PREDICATES) == READY_MADE
    for locale in ("en", "ru"):
        assert all(wording(locale).text("property", name) for name in READY_MADE)


async def test_a_counterexample_is_told_with_what_is_asked_observed_and_expected() -> None:
    probe = await built()
    wrong = await judged(probe, "def shares(xs):\n    return [x / max(xs) for x in xs]")
    [found] = wrong.evidence
    assert wrong.verdict is Verdict.NEEDS_WORK
    assert found.asked == "shares(…): abs(sum(result) - 1) < 1e-9; same_length"
    assert found.observed == "shares([1, 3]) → [0.3333333333333333, 1.0]"
    assert found.message == (
        "`shares([1, 3])` returns `[0.3333333333333333, 1.0]`, but this has to hold of every "
        "result: `abs(sum(result) - 1) < 1e-9`."
    )


async def test_calls_near_the_given_ones_are_asked_within_what_these_have_in_common() -> None:
    probe = await built(variations=10)
    assert len(set(calls_of(probe))) == len(calls_of(probe)) == 11
    assert '"v":"-' not in "".join(calls_of(probe))
    assert len(calls_of(await built(variations=0))) == 2
    only_first = "def shares(xs):\n    return {2: [.25, .75], 3: [.25, .25, .5]}[len(xs)]"
    assert (await judged(probe, only_first)).verdict is Verdict.NEEDS_WORK


async def test_variations_that_the_ideal_refuses_or_the_author_excludes_are_not_asked() -> None:
    picky = "def shares(xs):\n    assert xs[0] < xs[-1]\n    return [x / sum(xs) for x in xs]"
    given = [{"xs": [1, 3]}, {"xs": [2.0, 2.0, 4.0]}, {"xs": [1, 5, 3]}]
    probe = await built(picky, given=given, variations=30)
    assert 3 < len(calls_of(probe)) < 33
    assert (await judged(probe, picky)).verdict is Verdict.APPROVED
    narrow = await built(given=given, variations=30, where="len(xs) == 3 or xs == [1, 3]")
    assert all(one.count('"t":"') == 4 or '"1"' in one for one in calls_of(narrow))


async def test_the_ideals_own_calls_are_asked_where_none_are_given() -> None:
    called = f"{SHARES}\nx = shares([5, 5]), shares(xs=[1, 2, 3])"
    probe = await built(called, given=[], variations=0)
    assert isinstance(probe.check, Keeps)
    assert probe.check.names == ("xs",)
    assert len(calls_of(probe)) == 2


EXAMPLES: Mapping[str, tuple[str, str, list[Any]]] = {
    "same_length": ("return [x * 2 for x in xs]", "return xs[1:]", [3, 1, 2]),
    "sorted": ("return sorted(xs)", "return xs", [3, 1, 2]),
    "unique": ("return list(set(xs))", "return xs", [3, 1, 3]),
    "subset_of_input": ("return xs[:2]", "return [9]", [3, 1, 2]),
    "permutation_of_input": ("return xs[::-1]", "return sorted(set(xs))", [3, 3, 1]),
    "permutation_invariant": ("return sum(xs)", "return xs[0]", [3, 1, 2]),
    "idempotent": ("return sorted(set(xs))", "return [x + 1 for x in xs]", [3, 1, 2]),
    "repeatable": (
        "return len(xs)",
        "shares.n = getattr(shares, 'n', 0) + 1\n    return shares.n",
        [3, 1],
    ),
    "keeps_arguments": ("return sorted(xs)", "xs.sort()\n    return xs", [3, 1, 2]),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
async def test_a_property_that_has_a_name_tells_right_from_wrong(name: str) -> None:
    right, wrong, given = EXAMPLES[name]
    probe = await built(f"def shares(xs):\n    {right}", given=[{"xs": given}], holds=name)
    assert (await judged(probe, f"def shares(xs):\n    {right}")).verdict is Verdict.APPROVED
    for locale in ("en", "ru"):
        found = await judged(probe, f"def shares(xs):\n    {wrong}", locale=locale)
        assert found.verdict is Verdict.NEEDS_WORK
        assert found.evidence[0].difference == "property_broken"
        assert name not in found.evidence[0].message


@pytest.mark.parametrize(
    ("name", "right", "wrong"), [("increasing", "n * 2", "-n"), ("decreasing", "5 - n", "n")]
)
async def test_what_grows_with_its_argument_is_seen_over_all_calls(
    name: str, right: str, wrong: str
) -> None:
    given = [{"n": 1}, {"n": 4}]
    probe = await built(f"def shares(n): return {right}", given=given, holds=name)
    assert (await judged(probe, f"def shares(n): return {right}")).verdict is Verdict.APPROVED
    assert (await judged(probe, f"def shares(n): return {wrong}")).verdict is Verdict.NEEDS_WORK


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def shares(xs): pass", "Calling `shares([1, 3])` returned nothing"),
        ("def shares(xs): raise KeyError", "Calling `shares([1, 3])` raised `KeyError`."),
        ("share = 1", "There is no `shares` after your cells have run."),
        ("def shares(xs): return 'ab'", "but this has to hold of every result"),
    ],
)
async def test_no_answer_at_all_is_told_by_its_call(source: str, message: str) -> None:
    found = await judged(await built(), source)
    assert found.verdict is Verdict.NEEDS_WORK
    assert message in found.evidence[0].message


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("builtins.ellipsis", "`shares([1, 3])` still holds the placeholder `...`"),
        ("builtins.object", "`shares([1, 3])` is a value that cannot be read."),
    ],
)
async def test_a_result_without_an_exact_kind_has_no_property(kind: str, message: str) -> None:
    probe = await built()
    answers = {question.id: Opaque(type=kind) for question in probe.questions}
    found = judge(situation(cell("c", SHARES, "s")), [probe], replay({"c": None}, answers))
    assert found.verdict is Verdict.NEEDS_WORK
    assert message in found.evidence[0].message


async def test_nothing_of_a_hidden_property_is_told_but_that_it_does_not_hold() -> None:
    probe = await built(reveal="nothing", given=[{"xs": [7771, 8882]}])
    found = await judged(probe, "def shares(xs): return [x / 3 for x in xs]")
    told = str(for_student(found.evidence[0])) + found.feedback
    assert "`shares(…)` does not give the answer" in told
    assert not any(secret in told for secret in ("7771", "8882", "1e-9"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"holds": "sorted", "given": [{"xs": [3, 1]}]}, "`sorted` does not hold of the ideal"),
        ({"holds": "sorted", "given": [{"xs": [3, 1]}]}, "`shares([3, 1])` returns"),
        ({"given": [{"xs": [1]}, {"xs": []}], "holds": "len(result) == 1"}, "`shares([])` returns"),
        ({"given": [{"xs": [0, 0]}]}, "`shares([0, 0])` of the ideal solution raises ZeroDivision"),
        ({"given": [], "holds": "sorted"}, "never calls `shares`"),
        ({"where": "max(xs) > 3"}, "`where: max(xs) > 3` is not true of `shares([1, 3])`"),
        ({"holds": "permutation_invariant", "given": [{"xs": 1}]}, "raises TypeError"),
    ],
)
async def test_what_the_ideal_does_not_keep_is_refused_by_the_argument(
    changes: dict[str, Any], why: str
) -> None:
    assert why in await refused(**changes)


async def test_a_property_that_says_nothing_of_any_call_is_refused() -> None:
    source = "def shares(n): return n"
    message = await refused(source, given=[{"n": 1}], holds="increasing", variations=0)
    assert "says nothing of the arguments" in message


async def test_an_argument_that_the_function_does_not_have_is_named() -> None:
    source = f"{SHARES}\nx = shares([5, 5])"
    assert "`ys` is no argument of `shares`" in await refused(source, given=[], holds="ys == 1")


async def test_no_result_and_nothing_that_is_stated_is_in_a_question() -> None:
    for question in (await built(holds=["idempotent", *STATED["holds"]])).questions:
        assert isinstance(question.ask, AskCall)
        assert "1e-9" not in question.model_dump_json()


async def test_a_replay_that_ends_before_every_call_is_answered_is_told_so() -> None:
    probe = await built()
    first = {probe.questions[0].id: [0.25, 0.75]}
    own = situation(cell("c", SHARES, "s"))
    found = judge(own, [probe], replay({"c": None}, first, outcome="timeout"))
    assert found.verdict is not Verdict.APPROVED
    assert found.evidence[-1].difference == "timeout"
    lost = judge(own, [probe], replay({"c": None}, first))
    assert lost.evidence[0].difference == "unanswered"
    failed = judge(own, [probe], replay({"c": failing("KeyError")}, first))
    assert failed.verdict is Verdict.NEEDS_WORK


@pytest.mark.parametrize(
    ("holds", "difference"),
    [
        ("all(a == a for a in result for b in result)", "too_large"),
        ("unique", "too_large"),
        ("same_length", "property_broken"),  # for which one look is enough
    ],
)
async def test_results_that_take_too_long_to_look_at_are_told_so(
    holds: str, difference: str
) -> None:
    source = "def shares(xs): return list(xs)"
    probe = await built(source, given=[{"xs": [3, 1]}], holds=holds)
    found = await judged(probe, "def shares(xs): return [xs[0]] + list(range(10, 4_000))")
    assert found.evidence[0].difference == difference
    assert found.verdict is Verdict.NEEDS_WORK
