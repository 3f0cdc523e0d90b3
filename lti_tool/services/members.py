"""Names and roles: who is in a course, as its platform tells it page by page.

https://www.imsglobal.org/spec/lti-nrps/v2p0/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from lti_tool.models import Registration
from lti_tool.services.client import ServiceClient, ServiceRequest, read_json
from lti_tool.services.errors import PlatformRefusedError
from lti_tool.services.paging import next_page
from lti_tool.vocab import MediaType, Scope

MOST_PAGES = 200
MOST_MEMBERS = 20_000
"""A roster with more of either is taken for one without an end."""
SUBJECT_LIMIT = 255
MOST_ROLES = 100

_READING = "Reading the list of participants"
_REMEDY = "Ask the administrator whether the tool may read who is in the course."


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a course; what else the platform tells of them is not looked at."""

    sub: str
    roles: tuple[str, ...]
    """Context roles as URIs, or as bare names (Moodle)."""
    active: bool
    """Whether they are in the course now; platforms also list people who were."""

    @classmethod
    def from_json(cls, entry: object) -> Self | None:
        """Read one entry; None for one that names nobody."""
        if not isinstance(entry, dict):
            return None
        sub, roles = entry.get("user_id"), entry.get("roles")
        if not isinstance(sub, str) or not 0 < len(sub) <= SUBJECT_LIMIT or "\0" in sub:
            return None
        named = roles if isinstance(roles, list) else []
        status = entry.get("status")
        return cls(
            sub=sub,
            roles=tuple(role for role in named[:MOST_ROLES] if isinstance(role, str)),
            active=not isinstance(status, str) or status.casefold() == "active",
        )


def read_members(
    client: ServiceClient, registration: Registration, url: str
) -> Mapping[str, Member]:
    """Return everybody in a course by `sub`; whole or not at all.

    Somebody on several pages has the roles of all of them, and is active if one says so. Raises
    ServiceError, also for a roster without an end.
    """
    found: dict[str, Member] = {}
    for entry in _entries(client, registration, url):
        member = Member.from_json(entry)
        if member is None:
            continue
        known = found.get(member.sub)
        found[member.sub] = member if known is None else _merged(known, member)
        if len(found) > MOST_MEMBERS:
            raise _endless()
    return found


def _entries(client: ServiceClient, registration: Registration, url: str) -> Iterator[object]:
    visited: set[str] = set()
    page: str | None = url
    while page is not None:
        if page in visited or len(visited) == MOST_PAGES:
            raise _endless()
        visited.add(page)
        answer = client.send(
            registration,
            ServiceRequest(
                method="GET",
                url=page,
                scope=Scope.MEMBERSHIP_READONLY,
                media_type=MediaType.MEMBERSHIP_CONTAINER,
            ),
        )
        container = read_json(answer, _READING)
        members = container.get("members") if isinstance(container, dict) else None
        if not isinstance(members, list):
            raise PlatformRefusedError(
                f"{_READING}: the answer is no membership container.", remedy=_REMEDY
            )
        yield from members
        page = next_page(answer.headers, page)


def _merged(one: Member, other: Member) -> Member:
    roles = tuple(dict.fromkeys((*one.roles, *other.roles)))
    return Member(sub=one.sub, roles=roles, active=one.active or other.active)


def _endless() -> PlatformRefusedError:
    return PlatformRefusedError(f"{_READING}: it has no end.", remedy=_REMEDY)
