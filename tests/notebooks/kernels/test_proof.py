from notebooks.kernels.records import Answer, AskTest, AskValue
from notebooks.kernels.replay.proof import armed, proven
from notebooks.kernels.values import Bool, Str


def test_a_test_has_run_only_if_its_last_line_said_the_word() -> None:
    ask, word = armed(AskTest(source="assert x"))
    assert isinstance(ask, AskTest)
    assert ask.source.splitlines()[0] == "assert x"
    assert word is not None
    assert proven(Answer(question_id="q", value=Str(v=word)), word).value == Bool(v=True)
    for claim in (Bool(v=True), Str(v="")):
        answer = proven(Answer(question_id="q", value=claim), word)
        assert (answer.value, answer.failure is not None) == (None, True)


def test_no_two_tests_have_one_word_and_other_questions_have_none() -> None:
    assert armed(AskTest(source="x"))[1] != armed(AskTest(source="x"))[1]
    value = AskValue(expression="x")
    assert armed(value) == (value, None)
