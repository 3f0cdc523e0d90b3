import pytest

from lti_tool.services.lineitems import LineItem, adopt, choose
from lti_tool.services.urls import below, same_origin, with_query


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a/b/lineitem", "https://a/b/lineitem/scores"),
        ("https://a/b/lineitem/", "https://a/b/lineitem/scores"),
        ("https://a/b/lineitem?type_id=1", "https://a/b/lineitem/scores?type_id=1"),
        ("https://a/b?x=1&y=%2F", "https://a/b/scores?x=1&y=%2F"),
    ],
)
def test_a_segment_goes_to_the_end_of_the_path(url: str, expected: str) -> None:
    assert below(url, "scores") == expected


def test_parameters_are_added_to_the_query_that_is_there() -> None:
    assert with_query("https://a/b?type_id=1&e=", {"user_id": "x y&z"}) == (
        "https://a/b?type_id=1&e=&user_id=x+y%26z"
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a/Bookmark%3A2", "https://a/Bookmark%3A2"),
        ("/items/1", "https://a/items/1"),
        ("https://b/items/1", None),
        ("http://a/items/1", None),
        ("https://a:8443/items/1", None),
        ("https://[", None),
    ],
)
def test_a_token_never_goes_to_another_origin(url: str, expected: str | None) -> None:
    assert same_origin("https://a/items", url) == expected


def _item(
    url: str,
    link: str | None = "link-1",
    tag: str | None = None,
    *,
    resource: str | None = None,
    label: str = "Wine",
) -> LineItem:
    return LineItem(url=url, label=label, resource_link_id=link, resource_id=resource, tag=tag)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], None),
        ([_item("a", "other"), _item("b", None)], None),
        ([_item("a"), _item("b")], "a"),
        ([_item("a"), _item("b", tag="casebook")], "b"),
        ([_item("a", "other", "casebook"), _item("b")], "b"),
    ],
)
def test_the_activitys_own_column_is_chosen_and_ours_before_others(
    items: list[LineItem], expected: str | None
) -> None:
    found = choose(items, resource_link_id="link-1")
    assert (found and found.url) == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], None),
        ([_item("a", None, "casebook")], "a"),
        ([_item("a", None, None)], None),  # not ours
        ([_item("a", "other", "casebook")], None),  # another activity's
        ([_item("a", None, "casebook", label="Iris")], None),
        ([_item("a", None, "casebook"), _item("b", None, "casebook")], None),  # which one?
        ([_item("a", None, "casebook"), _item("b", None, "casebook", resource="mine")], "b"),
    ],
)
def test_a_column_that_a_course_copy_left_without_its_activity_is_taken_up(
    items: list[LineItem], expected: str | None
) -> None:
    found = adopt(items, resource_id="mine", title="Wine")
    assert (found and found.url) == expected


@pytest.mark.parametrize("item", [None, 3, {}, {"id": 3}, {"id": "https://evil.example/1"}])
def test_a_column_without_a_url_of_the_platform_is_left_out(item: object) -> None:
    assert LineItem.from_json(item, base="https://a/items") is None
