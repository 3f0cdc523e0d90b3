import json
from importlib import resources
from string import Formatter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import grading.feedback
from grading.comparison import DifferenceKind, render
from grading.feedback import first_sentence, wording
from grading.feedback.wording import code, locales
from grading.judge import judge
from grading.verdict import Verdict
from tests.grading.builders import frame, series, v
from tests.grading.factories import cell, prepared, replay, situation, subtask

EN = "en"


def catalogue(locale: str) -> dict[str, dict[str, str]]:
    text = resources.files(grading.feedback).joinpath(f"{locale}.json").read_text("utf-8")
    loaded: dict[str, dict[str, str]] = json.loads(text)
    return loaded


def blanks(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_there_are_an_english_and_a_russian_catalogue() -> None:
    assert locales() >= {"en", "ru"}


@pytest.mark.parametrize("locale", sorted(locales()))
def test_every_catalogue_has_every_text_with_the_same_blanks(locale: str) -> None:
    ours, english = catalogue(locale), catalogue(EN)
    assert {group: set(texts) for group, texts in ours.items()} == {
        group: set(texts) for group, texts in english.items()
    }
    for group, texts in english.items():
        for key, text in texts.items():
            assert blanks(ours[group][key]) == blanks(text), (group, key)


@pytest.mark.parametrize("locale", sorted(locales()))
@pytest.mark.parametrize("kind", list(DifferenceKind))
def test_every_difference_has_a_sentence_and_a_question(locale: str, kind: DifferenceKind) -> None:
    texts = catalogue(locale)
    assert kind.value in texts["reason"]
    assert wording(locale).question(kind.value).endswith("?")


def test_an_unknown_locale_speaks_english_and_a_region_its_language() -> None:
    assert wording("xx").locale == "en"
    assert wording("ru-RU").locale == "ru"


@pytest.mark.parametrize("text", ["plain", "a`b", "``", "`", "x\n\n# y", ""])
def test_code_is_one_inert_span(text: str) -> None:
    span = code(text)
    assert "\n" not in span
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert span.endswith(fence)
    assert fence not in span[len(fence) : -len(fence)]


def test_russian_feedback_is_russian() -> None:
    asked = prepared(subtask(probes=[{"expression": "x"}]), {"s-1": 3})
    known = situation(cell("c1", "x = 4", "s"), locale="ru")
    found = judge(known, asked, replay({"c1": None}, {"s-1": 4}))
    assert found.feedback.startswith("`x`: у вас `4`, это не тот ответ.")  # noqa: RUF001 - Russian


def test_the_first_sentence_is_plain_text() -> None:
    assert first_sentence("`x` is `4`, no.\n\nWhy?") == "x is 4, no."
    assert len(first_sentence("word " * 200)) == 200


@pytest.mark.parametrize("locale", sorted(locales()))
def test_approvals_of_several_subtasks_ask_different_questions(locale: str) -> None:
    wine = ["look", "clean", "strength", "split", "model", "judge"]
    asked = [wording(locale).approval(subtask) for subtask in wine]
    assert len(set(asked)) >= 3
    assert all(question.endswith("?") for question in asked)


def test_every_approval_ends_with_one_question() -> None:
    asked = prepared(subtask(probes=[{"expression": "x"}]), {"s-1": 3})
    found = judge(situation(cell("c1", "x = 3", "s")), asked, replay({"c1": None}, {"s-1": 3}))
    assert found.verdict is Verdict.APPROVED
    assert found.feedback.count("?") == 1


long_text = st.text(alphabet="abcdefghijk", min_size=12, max_size=14)
scalars = st.one_of(
    st.integers(10**8, 10**12),
    st.floats(min_value=1000, max_value=10**9).filter(lambda x: len(repr(x)) > 8),
    long_text,
)
answers: st.SearchStrategy[Any] = st.one_of(
    scalars,
    st.lists(scalars, min_size=1, max_size=4),
    st.dictionaries(long_text, scalars, min_size=1, max_size=3),
    st.lists(st.integers(10**8, 10**12), min_size=2, max_size=2).map(lambda a: frame({"age": a})),
    st.lists(st.integers(10**8, 10**12), min_size=2, max_size=2).map(series),
    st.booleans(),
    st.none(),
)


def atoms(thing: Any) -> set[str]:
    if isinstance(thing, list):
        return {atom for item in thing for atom in atoms(item)}
    if isinstance(thing, dict):
        return {atom for pair in thing.items() for part in pair for atom in atoms(part)}
    if isinstance(thing, (bool, type(None))):
        return set()
    return {str(thing)} if isinstance(thing, (str, int, float)) else set()


@settings(max_examples=150, deadline=None)
@given(expected=answers, observed=answers, locale=st.sampled_from(["en", "ru"]))
def test_feedback_never_prints_the_expected_answer(
    expected: Any, observed: Any, locale: str
) -> None:
    asked = prepared(subtask(probes=[{"expression": "x"}]), {"s-1": expected})
    known = situation(cell("c1", "x = 1", "s"), locale=locale)
    found = judge(known, asked, replay({"c1": None}, {"s-1": observed}))
    said = found.feedback + " ".join(item.message for item in found.evidence)
    theirs = render(v(observed), limit=10_000)
    for secret in {render(v(expected), limit=10_000), *atoms(expected)}:
        if len(secret) > 5 and secret not in theirs:
            assert secret not in said
