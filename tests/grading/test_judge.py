from typing import Any

import pytest

from grading.evidence import for_student
from grading.judge import judge
from grading.verdict import Verdict
from notebooks.kernels.values import Opaque
from tests.grading.factories import cell, failing, prepared, replay, situation, subtask

OWN = cell("c1", "x = 1\ny = 2", "s")
ONE = subtask(probes=[{"expression": "x"}])
X_IS_3 = prepared(ONE, {"s-1": 3})


def test_right_answers_are_approved_and_every_probe_leaves_evidence() -> None:
    found = judge(situation(OWN), X_IS_3, replay({"c1": None}, {"s-1": 3.0}))
    assert found.verdict is Verdict.APPROVED
    assert [(item.id, item.outcome, item.observed) for item in found.evidence] == [
        ("s-1", "pass", "3.0")
    ]


def test_a_wrong_answer_needs_work_and_is_placed_where_the_name_is_bound() -> None:
    found = judge(situation(OWN), X_IS_3, replay({"c1": None}, {"s-1": 4}))
    assert found.verdict is Verdict.NEEDS_WORK
    item = found.evidence[0]
    assert item.message == "`x` is `4`, which is not the answer."
    assert item.expected == "3"
    assert for_student(item)["locus"] == {"cell": "c1", "line": 1}
    assert found.feedback.startswith(item.message)
    assert found.feedback.endswith("?")


def test_the_exception_of_an_own_cell_is_told_with_its_line() -> None:
    broken = replay({"c1": failing("ZeroDivisionError", "division by zero", 2)}, {"s-1": 3})
    found = judge(situation(OWN), X_IS_3, broken)
    assert found.verdict is Verdict.NEEDS_WORK
    assert found.evidence[0].kind == "run"
    assert found.evidence[0].message == (
        "This cell stopped in line 2 with `ZeroDivisionError`: `division by zero`"
    )


def test_a_failing_cell_of_an_approved_subtask_is_evidence_and_nothing_more() -> None:
    earlier = cell("c0", "z = 1 / 0", "first")
    claimed = replay({"c0": failing("ZeroDivisionError", "division by zero"), "c1": None},
                     {"s-1": 3})  # fmt: skip
    found = judge(situation(earlier, OWN, verdicts={"first": Verdict.APPROVED}), X_IS_3, claimed)
    assert found.verdict is Verdict.APPROVED
    assert found.evidence[0].id == "run-c0"
    assert "earlier task" in found.feedback


def test_a_missing_name_has_a_message_of_its_own() -> None:
    claimed = replay({"c1": None}, {"s-1": failing("NameError", "name 'x' is not defined")})
    found = judge(situation(OWN), X_IS_3, claimed)
    assert found.evidence[0].message == "There is no `x` after your cells have run."


def test_a_name_that_only_hidden_code_uses_is_not_told() -> None:
    claimed = replay({"c1": None}, {"s-1": failing("NameError", "name 'secret' is not defined")})
    found = judge(situation(OWN), X_IS_3, claimed)
    assert "secret" not in found.evidence[0].message
    assert "NameError" in found.evidence[0].message


def test_what_a_probe_raises_is_told_by_its_type_alone() -> None:
    claimed = replay({"c1": None}, {"s-1": failing("KeyError", "hidden input 42")})
    found = judge(situation(OWN), X_IS_3, claimed)
    assert "KeyError" in found.feedback
    assert "hidden input" not in str([for_student(item) for item in found.evidence])


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("x = ...", Opaque(type="builtins.ellipsis", repr="Ellipsis")),
        ("x = ...", failing("AttributeError", "'ellipsis' object has no attribute 'shape'")),
    ],
)
def test_a_stub_that_still_stands_is_called_one(source: str, answer: Any) -> None:
    found = judge(situation(cell("c1", source, "s")), X_IS_3, replay({"c1": None}, {"s-1": answer}))
    assert found.evidence[0].message == ("`x` still holds the placeholder `...` from the template.")


@pytest.mark.parametrize(
    ("outcome", "words"), [("timeout", "120 seconds"), ("died", "ran out of memory")]
)
def test_a_replay_that_stops_in_an_own_cell_needs_work(outcome: Any, words: str) -> None:
    found = judge(situation(OWN), X_IS_3, replay({}, outcome=outcome))
    assert found.verdict is Verdict.NEEDS_WORK
    assert words in found.evidence[0].message
    assert found.evidence[0].locus is not None
    assert found.evidence[0].locus.cell == "c1"


def test_a_replay_that_stops_in_an_earlier_cell_is_uncertain() -> None:
    earlier = cell("c0", "while True: pass", "first")
    found = judge(situation(earlier, OWN), X_IS_3, replay({}, outcome="timeout"))
    assert found.verdict is Verdict.UNCERTAIN


def test_a_replay_that_stops_at_a_probe_names_it_and_says_nothing_of_the_rest() -> None:
    call = {"kind": "call", "function": "f", "args": [1]}
    probes: list[dict[str, Any]] = [{"expression": "x"}, call, {"expression": "y"}]
    asked = prepared(subtask(probes=probes), {"s-1": 1, "s-2": 2, "s-3": 3})
    found = judge(situation(OWN), asked, replay({"c1": None}, {"s-1": 1}, outcome="timeout"))
    assert [item.id for item in found.evidence] == ["s-1", "s-2"]
    assert "f(1)" in found.evidence[1].message
    assert found.verdict is Verdict.NEEDS_WORK


def test_a_question_without_an_answer_fails() -> None:
    found = judge(situation(OWN), X_IS_3, replay({"c1": None}))
    assert found.evidence[0].difference == "unanswered"


def test_of_two_answers_to_one_question_the_first_counts() -> None:
    claimed = replay({"c1": None}, {"s-1": 4})
    doubled = claimed.model_copy(
        update={"answers": claimed.answers + replay({}, {"s-1": 3}).answers}
    )
    assert judge(situation(OWN), X_IS_3, doubled).verdict is Verdict.NEEDS_WORK


def test_a_probe_that_reveals_nothing_tells_neither_answer_nor_arguments() -> None:
    probe = {"kind": "call", "function": "f", "args": [77], "reveal": "nothing"}
    asked = prepared(subtask(probes=[probe]), {"s-1": 5})
    found = judge(situation(OWN), asked, replay({"c1": None}, {"s-1": 66}))
    seen = str([for_student(item) for item in found.evidence]) + found.feedback
    assert "66" not in seen
    assert "77" not in seen
    assert "`f(…)` does not give the answer." in seen


def test_a_subtask_that_reads_from_an_unapproved_one_is_blocked_by_name() -> None:
    earlier = cell("c0", "df = 1", "first")
    own = cell("c1", "x = df + 2", "s")
    found = judge(situation(earlier, own), X_IS_3, replay({"c0": None, "c1": None}, {"s-1": 3}))
    assert found.verdict is Verdict.BLOCKED
    assert found.blocked_by == (("first", "df"),)
    assert found.feedback.startswith("This task builds on `df` from “First”")
    for verdict in (Verdict.APPROVED, Verdict.UNCERTAIN):
        settled = situation(earlier, own, verdicts={"first": verdict})
        claimed = replay({"c0": None, "c1": None}, {"s-1": 3})
        assert judge(settled, X_IS_3, claimed).verdict is Verdict.APPROVED


def test_an_authors_message_is_the_question_that_is_asked() -> None:
    asked = prepared(subtask(probes=[{"expression": "x", "message": "Which unit is it in?"}]),
                     {"s-1": 3})  # fmt: skip
    found = judge(situation(OWN), asked, replay({"c1": None}, {"s-1": 4}))
    assert found.feedback.endswith("Which unit is it in?")


def test_an_author_names_what_an_expression_asks_for_in_words() -> None:
    probe = {"expression": "[int(n) for n in x]", "about": "the list of sizes in `x`"}
    asked = prepared(subtask(probes=[probe]), {"s-1": [1, 2]})

    wrong = judge(situation(OWN), asked, replay({"c1": None}, {"s-1": [1, 3, 4]}))
    assert wrong.evidence[0].message.startswith(
        "The number of items in the list of sizes in `x` is"
    )
    raised = judge(situation(OWN), asked, replay({"c1": None}, {"s-1": failing("TypeError")}))
    assert raised.evidence[0].message.startswith("The list of sizes in `x` could not be worked out")

    for found in (wrong, raised):
        seen = str([for_student(item) for item in found.evidence]) + found.feedback
        assert "int(n)" not in seen
        assert found.evidence[0].asked == "[int(n) for n in x]"


def test_an_author_s_words_go_together_with_a_place_within_the_answer() -> None:
    probe = {"expression": "dict(x)", "about": "the count per column in `x`"}
    asked = prepared(subtask(probes=[probe]), {"s-1": {"ash": 3}})
    found = judge(situation(OWN), asked, replay({"c1": None}, {"s-1": {"ash": 4}}))
    assert found.evidence[0].message.startswith("The count per column in `x`, at `['ash']`, is `4`")


def test_after_a_stop_the_names_that_are_missing_for_it_are_not_listed() -> None:
    claimed = replay(
        {"c1": failing("NameError", "name 'wines' is not defined", 1)},
        {"s-1": failing("NameError", "name 'x' is not defined")},
    )
    found = judge(situation(OWN), X_IS_3, claimed)
    assert len(found.evidence) == 2
    assert "'wines'" in found.feedback
    assert "There is no" not in found.feedback


def test_where_nothing_is_written_yet_no_remark_about_answers_is_made() -> None:
    asked = prepared(subtask(probes=[{"expression": "x", "message": "Which unit?"}]), {"s-1": 3})
    claimed = replay({"c1": None}, {"s-1": Opaque(type="builtins.ellipsis", repr="Ellipsis")})
    found = judge(situation(cell("c1", "x = ...", "s")), asked, claimed)
    assert "Which unit?" not in found.feedback


def test_text_that_a_database_refuses_does_not_get_into_evidence() -> None:
    claimed = replay({"c1": failing("Bad\0Error", "half \ud83d pair")}, {"s-1": 3})
    found = judge(situation(OWN), X_IS_3, claimed)
    stored = found.evidence[0].model_dump_json() + found.feedback
    assert "\0" not in stored
    assert "\\u0000" not in stored
    stored.encode()


def test_what_is_for_a_person_says_so_and_asks_for_no_other_reading() -> None:
    found = judge(situation(OWN, for_person=True), (), replay({"c1": None}))
    assert found.verdict is Verdict.UNCERTAIN
    assert found.feedback.startswith("A person reads this one.")
    assert "more than one way" not in found.feedback


def test_a_right_answer_with_a_rubric_still_waits_for_its_person() -> None:
    found = judge(situation(OWN, for_person=True), X_IS_3, replay({"c1": None}, {"s-1": 3}))
    assert found.verdict is Verdict.UNCERTAIN
    assert found.feedback.startswith("A person reads this one.")
