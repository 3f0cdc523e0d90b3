"""Pages of a service container: `limit`, and an opaque bookmark in the next page's URL.

Bookmarks are case-sensitive, so a tool that lower-cases the URL of a Link header is found out.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from lti_tool.demo_lms.errors import ServiceError

PAGE_SIZE = 50
"""Entries of a page where the tool sets no limit or a higher one."""
_NUMBER = re.compile(r"[0-9]{1,9}")
_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Page(Generic[_Entry]):
    """One page and, unless it is the last, the URL of the next."""

    entries: Sequence[_Entry]
    next_url: str | None

    def headers(self) -> dict[str, str]:
        """Return the Link header, if there is a next page."""
        return {"Link": f'<{self.next_url}>; rel="next"'} if self.next_url else {}


def page_of(entries: Sequence[_Entry], query: Mapping[str, str], url: str) -> Page[_Entry]:
    """Return the page that the query asks for; the next URL keeps the query's filters.

    Raises:
        ServiceError: 400 for a limit that is no positive number or a bookmark of somebody else's.
    """
    limit = min(_limit(query.get("limit")), PAGE_SIZE)
    start = _offset(query.get("bookmark"))
    end = start + limit
    if end >= len(entries):
        return Page(entries[start:end], None)
    following = {**query, "bookmark": _bookmark(end)}
    return Page(entries[start:end], f"{url}?{urlencode(following)}")


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE_SIZE
    if not _NUMBER.fullmatch(text) or int(text) == 0:
        raise ServiceError(400, "limit: a positive whole number is needed")
    return int(text)


def _bookmark(offset: int) -> str:
    return base64.urlsafe_b64encode(f"offset-{offset}".encode()).rstrip(b"=").decode()


def _offset(bookmark: str | None) -> int:
    if bookmark is None:
        return 0
    try:
        padded = bookmark + "=" * (-len(bookmark) % 4)
        word, _, number = base64.b64decode(padded, b"-_", validate=True).decode().partition("-")
        if word == "offset" and _NUMBER.fullmatch(number):
            return int(number)
    except ValueError:
        pass
    raise ServiceError(400, "bookmark: not one of this platform's; follow Link rel=next verbatim")
