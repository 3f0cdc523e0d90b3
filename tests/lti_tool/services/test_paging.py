"""Link headers as platforms write them."""

import httpx
import pytest

from lti_tool.services.paging import next_page

BASE = "https://lms.example/items?limit=2"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ('<https://lms.example/items?page=2>; rel="next"', "https://lms.example/items?page=2"),
        ("<https://lms.example/items?page=2>; rel=next", "https://lms.example/items?page=2"),
        (
            "<https://lms.example/items?page=2>; rel=\u201cnext\u201d",
            "https://lms.example/items?page=2",
        ),
        ("<items?from=4>;rel=next;title=x", "https://lms.example/items?from=4"),
        ('<https://lms.example/B%3Ab>; rel="next"', "https://lms.example/B%3Ab"),
        (
            '<https://lms.example/1>; rel="first",<https://lms.example/3>; rel="next"',
            "https://lms.example/3",
        ),
        ('<https://lms.example/1>; rel="last"', None),
        ('<https://elsewhere.example/2>; rel="next"', None),
        ("nonsense", None),
    ],
)
def test_the_next_page_is_found_in_every_dialect(link: str, expected: str | None) -> None:
    headers = httpx.Headers([(b"Link", link.encode())])
    assert next_page(headers, BASE) == expected


def test_without_a_link_there_is_no_next_page() -> None:
    assert next_page(httpx.Headers(), BASE) is None


def test_quotes_that_are_no_utf_8_are_read_too() -> None:
    headers = httpx.Headers([(b"Link", b'<https://lms.example/2>; rel="next"; title="\xe9"')])
    assert next_page(headers, BASE) == "https://lms.example/2"
