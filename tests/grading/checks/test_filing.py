import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.checks import filing
from grading.evidence import for_student
from grading.judge import Judgement, judge
from grading.prepared import PreparedItems
from grading.probes import PreparedProbe, probes_of
from grading.verdict import Verdict
from notebooks.cases.keyed import read_column
from notebooks.kernels.records import Answer, AskFile
from notebooks.kernels.values import Bytes, Value
from tests.grading.builders import v
from tests.grading.comparison.test_properties import wild
from tests.grading.factories import cell, failing, replay, situation, subtask

LABELS = b"id,label\n1,7771\n2,8882\n3,9993\n4,7771\n"
ASKED: dict[str, Any] = {
    "kind": "file", "file": "predictions.csv", "key": "id", "column": "label",
    "against": "hidden/labels.csv", "metric": "accuracy", "at_least": 0.75,
}  # fmt: skip
RIGHT = "id,label\n1,7771\n2,8882\n3,9993\n4,0\n"


def probe(labels: bytes = LABELS, **changes: Any) -> PreparedProbe:
    made = subtask(probes=[ASKED | changes])
    [opened] = probes_of([made], {"hidden/labels.csv": labels})
    fields = {name: getattr(opened, name) for name in type(opened).model_fields}
    prepared = PreparedProbe(**fields, expected=v(1.0))
    stored = PreparedItems.dump_python((prepared,), mode="json")
    assert PreparedItems.validate_python(stored) == (prepared,)
    return prepared


def holding(content: str | bytes) -> Value:
    raw = content.encode() if isinstance(content, str) else content
    return Bytes(v=base64.b64encode(raw).decode())


def judged(answer: Any, asked: PreparedProbe | None = None, **more: Any) -> Judgement:
    given_answer = holding(answer) if isinstance(answer, str | bytes) else answer
    own = situation(cell("c", "x = 1", "s"), **more)
    return judge(own, [asked or probe()], replay({"c": None}, {"s-1": given_answer}))


@pytest.mark.parametrize(
    "content",
    [
        RIGHT,
        "\ufeffid,label\r\n1,7771\r\n2,8882\r\n3,9993\r\n4,0\r\n",
        "label;other;id\n7771;x;1\n8882;;2\n9993;z;3\n0;;4",
        ",id,label\n0,4.0,0.0\n1,3.0,9993.0\n2,2.0,8882.0\n3,1.0,7771.0\n",
        'id\tlabel\n\n"1"\t 7771\n2\t8882\n3\t9993\n4\t7771\n\n',
    ],
)
def test_predictions_are_found_by_their_key_however_the_file_is_written(content: str) -> None:
    found = judged(content)
    assert found.verdict is Verdict.APPROVED
    assert found.evidence[0].kind == "file"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (failing("FileNotFoundError"), "There is no file `predictions.csv` after your cells"),
        (failing("OverflowError"), "The file `predictions.csv` is larger than 5 MiB."),
        (failing("IsADirectoryError"), "cannot be read as a table"),
        (b"\xff\xfe1", "cannot be read as a table"),
        (3, "cannot be read as a table"),
        ("", "has no column `id`"),
        ("id,labels\n1,2\n", "has no column `label`; its columns: `id, labels`."),
        ("id,label\n1,7771\n2\n", "Line 3 of `predictions.csv` has fewer fields"),
        ("id,label\n1,1\n2,2\n1,3\n4,4\n", "has the key `1` twice, in line 4 again."),
        ("id,label\n1,1\n2,2\n4,4\n", "rows in `predictions.csv` is 3, which is not one for each"),
        (f"{RIGHT}5,1\n", "has a row for `5`, which is not asked for."),
        ("id,label\n1,1\n2,2\n7,1\n4,4\n", "has a row for `7`, which is not asked for."),
        ("id,label\n1,1\n2,two\n3,1\n4,4\n", "has `two` for `2`, which is no number."),
        ("id,label\n1,nan\n2,2\n3,1\n4,4\n", "has `nan` for `1`, which is no number."),
        ("id,label\n1,7771\n2,0\n3,0\n4,0\n", "the `accuracy` of `predictions.csv` is `0.25`"),
    ],
)
@pytest.mark.parametrize("locale", ["en", "ru"])
def test_anything_else_is_told_by_what_is_wrong_with_it(
    answer: Any, message: str, locale: str
) -> None:
    found = judged(answer, locale=locale)
    assert found.verdict is Verdict.NEEDS_WORK
    said = found.evidence[0].message
    assert "predictions.csv" in said
    assert (message in said) == (locale == "en")


def test_texts_are_compared_as_such_and_numbers_near_enough() -> None:
    words = probe(b"id,label\n1,a\n2,b\n", at_least=1)
    assert judged("id,label\n2,b\n1, a\n", words).verdict is Verdict.APPROVED
    assert judged("id,label\n2,b\n1,A\n", words).verdict is Verdict.NEEDS_WORK
    sizes = probe(b"id,label\n1,1.5\n2,3\n", metric="rmse", at_least=None, at_most=0.1)
    assert judged("id,label\n1,1.45\n2,3.05\n", sizes).verdict is Verdict.APPROVED


def test_neither_bound_nor_right_answers_are_told_or_asked_with() -> None:
    asked = probe()
    told = "".join(
        str(for_student(item)) + found.feedback
        for found in (judged("id,label\n1,0\n2,0\n3,0\n4,0\n"), judged("id,label\n1,0\n"))
        for item in found.evidence
    )
    [question] = asked.questions
    assert isinstance(question.ask, AskFile)
    for secret in ("7771", "8882", "9993", "0.75"):
        assert secret not in told + question.model_dump_json()


def test_an_ideal_whose_file_is_missing_or_not_good_enough_is_refused() -> None:
    check: Any = probe().check
    missing = Answer(question_id="q", failure=failing("FileNotFoundError"))
    assert "There is no file `predictions.csv`" in str(filing.ideal(check, missing))
    low = Answer(question_id="q", value=holding("id,label\n1,0\n2,0\n3,0\n4,7771\n"))
    assert "reaches a accuracy of 0.25 only" in str(filing.ideal(check, low))
    good = Answer(question_id="q", value=holding(RIGHT))
    assert filing.ideal(check, good) == v(0.75)


@settings(max_examples=50, deadline=None)
@given(wild)
def test_any_claim_in_place_of_a_file_is_judged(claim: Value) -> None:
    assert judged(claim).verdict is Verdict.NEEDS_WORK


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read_column(content, "id", "label")
    read_column(b"id,label\n" + content, "id", "label")
    assert judged(content).verdict is Verdict.NEEDS_WORK
