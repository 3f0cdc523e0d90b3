"""Pages of services: the next one's address, in every dialect that platforms are known to speak."""

import re

import httpx

from lti_tool.services.urls import same_origin

MOST_PAGES = 50
"""A container with more of them is taken for one without an end."""

_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL_NEXT = re.compile(
    'rel\\s*=\\s*["\u201c\u201d]?\\s*next\\s*["\u201c\u201d]?\\s*(?:[;,]|$)', re.IGNORECASE
)
"""Quoted, unquoted, or in curly quotes, as Moodle's grade service sends them."""


def next_page(headers: httpx.Headers, base: str) -> str | None:
    """Return the address of the next page, letter by letter; None after the last.

    None, too, for one on another origin: a token must not go there.
    """
    link = next_link(headers)
    return None if link is None else same_origin(base, link)


def next_link(headers: httpx.Headers) -> str | None:
    """Return where the `Link` header says that the next page is, wherever that may be."""
    raw = [value for name, value in headers.raw if name.lower() == b"link"]
    for target, parameters in _LINK.findall(", ".join(map(_text, raw))):
        if _REL_NEXT.search(parameters):
            return str(target)
    return None


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
