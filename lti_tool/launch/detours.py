"""Ways on for a browser that keeps no cookie of ours in the platform's frame.

The browser's secret lies in a partitioned cookie; else in the storage of the platform's page
(https://www.imsglobal.org/spec/lti-pm-s/v0p1); else the login is begun again in a tab of its own,
where our cookie is a first-party one. In all three only the browser that began can go on.
"""

from dataclasses import dataclass

from lti_tool.launch.origins import origin_of
from lti_tool.models import Registration
from lti_tool.platforms.families import PLATFORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedStorage:
    """A frame of the platform that keeps data for tools."""

    target: str
    """Its name among the frames of the page around ours; `_parent` is that page itself."""
    origin: str
    """The only one that may read what is posted there, and answer it."""


@dataclass(frozen=True, slots=True)
class NewTab:
    """The login can be begun again in a tab of its own, once."""

    ticket: str


Detour = OfferedStorage | NewTab


def offered_storage(registration: Registration, target: str | None) -> OfferedStorage | None:
    """Return the storage that a login request named; None if it named none that can be used."""
    own = origin_of(registration.authorization_url)
    if target is None or own is None:
        return None
    platform = PLATFORMS[registration.platform]
    return OfferedStorage(target=target, origin=platform.storage_origin(registration.issuer, own))
