import math
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from lti_tool.deep_linking.choices import (
    MOST_CHOSEN,
    MOST_POINTS,
    TITLE_LENGTH,
    Choice,
    Typed,
    choose,
)
from lti_tool.deep_linking.shelf import Offer

KEY = UUID(int=7)


def _offer(points: float = 10.0, title: str = "Wine") -> Offer:
    return Offer(version_id=KEY, title=title, points=points, subtasks=("One",))


def _typed(**fields: str) -> Typed:
    form = {f"{name}-{KEY}": value for name, value in fields.items()}
    return Typed.from_form(MultiDict({"pick": str(KEY), **form}))


def _choices(typed: Typed, offer: Offer | None = None) -> list[Choice] | None:
    return choose([typed.draft(offer or _offer(), picked=True)])


def test_what_nobody_changed_is_the_case_itself_with_every_hint() -> None:
    assert _choices(_typed()) == [Choice(version_id=KEY, title="Wine", points=10.0, hints=3)]


@pytest.mark.parametrize(
    ("text", "points"),
    [("7", 7.0), (" 7.5 ", 7.5), ("7,5", 7.5), ("0.01", 0.01), ("10000", 10_000.0)],
)
def test_points_are_read_as_people_write_them(text: str, points: float) -> None:
    choices = _choices(_typed(points=text))
    assert choices is not None
    assert choices[0].points == points


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "1e9", "10001", "ten", "1;5", "٣x"])
def test_other_points_are_refused_beside_their_field(text: str) -> None:
    typed = _typed(points=text)
    assert _choices(typed) is None
    draft = typed.draft(_offer(), picked=True)
    assert draft.faults == {"points": "fault.points"}
    assert draft.points == text


@pytest.mark.parametrize("text", ["", "4", "-1", "1.5", "many", "03"])
def test_hints_are_none_to_three(text: str) -> None:
    assert _typed(hints=text).draft(_offer(), picked=True).faults == {"hints": "fault.hints"}


@pytest.mark.parametrize("text", ["", "   ", "x" * (TITLE_LENGTH + 1), "a\nb", "a\0b"])
def test_a_title_is_one_printable_line(text: str) -> None:
    assert _typed(title=text).draft(_offer(), picked=True).faults == {"title": "fault.title"}


def test_what_is_not_picked_has_nothing_to_be_put_right() -> None:
    assert _typed(title="").draft(_offer(), picked=False).faults == {}


def test_a_long_title_of_a_case_is_cut_to_what_is_taken() -> None:
    choices = _choices(_typed(), _offer(title="x" * 500))
    assert choices is not None
    assert choices[0].title == "x" * TITLE_LENGTH


def test_boxes_are_ids_each_once_and_no_more_than_can_be_told_apart_from_too_many() -> None:
    keys = [str(uuid4()) for _ in range(100)]
    typed = Typed.from_form(MultiDict([("pick", key) for key in [keys[0], "x", *keys]]))
    assert len(typed.picked) <= MOST_CHOSEN + 1
    assert typed.picked[0] == UUID(keys[0])
    assert len(set(typed.picked)) == len(typed.picked)


@given(st.text(), st.text(), st.text())
def test_whatever_is_typed_becomes_a_sound_choice_or_is_named(
    title: str, points: str, hints: str
) -> None:
    typed = _typed(title=title, points=points, hints=hints)
    draft = typed.draft(_offer(), picked=True)
    choices = choose([draft])
    assert (choices is None) is bool(draft.faults)
    for choice in choices or ():
        assert 0 < len(choice.title) <= TITLE_LENGTH
        assert choice.title.isprintable()
        assert math.isfinite(choice.points)
        assert 0 < choice.points <= MOST_POINTS
        assert choice.hints in range(4)
