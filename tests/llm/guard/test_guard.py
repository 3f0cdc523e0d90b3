import pytest

from llm.guard import Guard, Sentences, secret_of
from tests.llm.leaks import comes_through, harmless, leaks, pairs

MOST_THROUGH = 0.02
"""Of either part here; `./run bench guard` prints what it is."""


@pytest.mark.parametrize("part", ["development", "held_out"])
def test_leaks_are_stopped_and_harmless_sentences_are_not(part: str) -> None:
    replies = [(pair, reply) for pair in pairs(part) for reply in leaks(pair)]
    assert len(replies) >= 100
    through = [reply for pair, reply in replies if comes_through(pair.hidden, reply)]
    assert len(through) <= MOST_THROUGH * len(replies), through
    sentences = [(pair, text) for pair in pairs(part) for text in harmless(pair)]
    held = [(pair.id, text) for pair, text in sentences if Guard(pair.hidden).leak(text)]
    assert len(held) <= 0.02 * len(sentences), held


def test_a_guard_without_a_secret_holds_nothing() -> None:
    secret = secret_of("x = 1", "x = 1")
    assert Guard(secret).leak("Use `x = 1`, and then dropna.") is None


def test_what_the_student_wrote_may_be_spoken_of() -> None:
    secret = secret_of("y = df.dropna()", "y = df.fillna(0)")
    assert Guard(secret).leak("Why did you call `df.fillna(0)`?") is None
    assert Guard(secret).leak("Why did you not call `df.dropna()`?") is not None


def test_hints_add_up_over_a_conversation() -> None:
    guard = Guard(secret_of("t = a.merge(b).groupby('k').median()", "t = a"))
    for harmless_alone in ("Is there anything about groups?", "Have you heard of joins?"):
        assert guard.leak(harmless_alone) is None
        guard.say(harmless_alone)
    assert guard.margin < 0.5
    assert guard.leak("What do you know of the median?") == "hints that add up"


def test_nothing_comes_out_before_its_sentence_is_whole() -> None:
    sentences = Sentences(Guard(secret_of("y = n % 2", "y = n / 2")))
    assert list(sentences.feed("Think about it. You should use the modu")) == ["Think about it. "]
    assert list(sentences.feed("lo operator. And so on.")) == []
    assert sentences.held is not None
    assert list(sentences.end()) == []
    assert sentences.released == "Think about it. "


def test_a_sentence_that_never_ends_is_not_released() -> None:
    sentences = Sentences(Guard(secret_of("y = n % 2", "y = n / 2")))
    assert list(sentences.feed("word " * 2000)) == []
    assert sentences.held is not None
