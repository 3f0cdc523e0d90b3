"""Rosters: who is in a course, page by page.

Names and Role Provisioning Services 2.0, https://www.imsglobal.org/spec/lti-nrps/v2p0/. Of each
member only the id, the roles and the status are read: names and addresses go no further than this
module's answers from the platform.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, urlsplit

from lti_tool.models import Registration
from lti_tool.services.client import ServiceClient, ServiceRequest, read_json
from lti_tool.services.errors import PlatformRefusedError
from lti_tool.services.paging import MOST_PAGES, next_link
from lti_tool.services.urls import same_origin, with_query
from lti_tool.vocab import MediaType, Scope

PAGE_SIZE = 100
"""Members asked for at a time: a page with names and addresses is some 50 kB."""
ID_LIMIT = 255
"""Longest id that a person may have, as in launches."""
ROLE_LIMIT = 100
WHAT = "Reading a course's roster"
REMEDY = "Ask the administrator whether the tool may read the course's members."


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a course, as far as it matters here."""

    user_id: str
    """The `sub` of their launches."""
    roles: tuple[str, ...]
    """URIs or short names, as the platform writes them."""
    active: bool
    """False for somebody whom the platform still lists but no longer lets in."""

    @classmethod
    def from_json(cls, entry: object) -> Self | None:
        """Read a member; None for an entry without an id that could be a launch's `sub`."""
        user_id = entry.get("user_id") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(user_id, str) or "\0" in user_id:
            return None
        if not 0 < len(user_id) <= ID_LIMIT:
            return None
        roles, status = entry.get("roles"), entry.get("status")
        listed = roles[:ROLE_LIMIT] if isinstance(roles, list) else []
        return cls(
            user_id=user_id,
            roles=tuple(role for role in listed if isinstance(role, str)),
            active=_is_active(status) if isinstance(status, str) else True,
        )


def members_of(client: ServiceClient, registration: Registration, url: str) -> list[Member]:
    """Return everybody on a course's roster, each of them once.

    A roster is whole or none: who is not on it is taken for gone. So a next page on another origin,
    one that was there before, or pages without an end raise PlatformRefusedError, as does a roster
    without anybody. Raises what `ServiceClient.send` and `read_json` raise, too.
    """
    members: list[Member] = []
    visited: set[str] = set()
    page: str | None = _first_page(url)
    while page is not None:
        if page in visited or len(visited) == MOST_PAGES:
            raise PlatformRefusedError(f"{WHAT}: its pages have no end.", remedy=REMEDY)
        visited.add(page)
        request = ServiceRequest(
            method="GET",
            url=page,
            scope=Scope.MEMBERSHIP_READONLY,
            media_type=MediaType.MEMBERSHIPS,
        )
        answer = client.send(registration, request)
        members.extend(_entries(read_json(answer, WHAT)))
        page = _following(next_link(answer.headers), page)
    if not members:
        raise PlatformRefusedError(f"{WHAT}: it names nobody.", remedy=REMEDY)
    return merged(members)


def merged(members: Iterable[Member]) -> list[Member]:
    """Return each person once.

    Somebody in two sections may be listed twice, on different pages even: all their roles count,
    and they are in the course as long as one entry says so.
    """
    found: dict[str, Member] = {}
    for member in members:
        former = found.get(member.user_id, member)
        found[member.user_id] = Member(
            user_id=member.user_id,
            roles=tuple(dict.fromkeys((*former.roles, *member.roles))),
            active=former.active or member.active,
        )
    return list(found.values())


def _first_page(url: str) -> str:
    """Ask for pages: Moodle sends none by itself, and its whole roster may be too much at once."""
    if "limit" in parse_qs(urlsplit(url).query):
        return url
    return with_query(url, {"limit": str(PAGE_SIZE)})


def _following(link: str | None, page: str) -> str | None:
    if link is None:
        return None
    following = same_origin(page, link)
    if following is None:
        raise PlatformRefusedError(f"{WHAT}: it goes on at another host.", remedy=REMEDY)
    return following


def _entries(container: object) -> list[Member]:
    entries = container.get("members") if isinstance(container, dict) else None
    if not isinstance(entries, list):
        raise PlatformRefusedError(f"{WHAT}: the answer holds no members.", remedy=REMEDY)
    parsed = (Member.from_json(entry) for entry in entries)
    return [member for member in parsed if member is not None]


def _is_active(status: str) -> bool:
    """Read a status in any case, as a short name or a URI."""
    return status.rpartition("#")[2].strip().lower() == "active"
