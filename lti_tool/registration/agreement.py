"""What a platform and the tool agree on, looked at before it is stored."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from lti_tool.models import PlatformFamily
from lti_tool.registration.errors import AgreementError
from lti_tool.services.registrations import IDENTIFIER

_URL = re.compile(r"[\x21-\x7e]{1,2000}")
NAME_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One platform's side; the tool's own side is the same for all."""

    issuer: str
    """`iss` of its tokens, to the letter."""
    client_id: str
    authorization_url: str
    token_url: str
    jwks_url: str
    deployment_ids: tuple[str, ...] = ()
    platform: PlatformFamily = PlatformFamily.GENERIC
    name: str
    token_audience: str | None = None
    allow_anonymous: bool = False


def check(agreement: Agreement) -> None:
    """Raise AgreementError, which names everything that is malformed."""
    problems = tuple(_problems(agreement))
    if problems:
        raise AgreementError(problems)


def _problems(agreement: Agreement) -> Iterator[str]:
    if not 0 < len(agreement.name.strip()) <= NAME_LENGTH or not agreement.name.isprintable():
        yield f"name: needs 1 to {NAME_LENGTH} printable characters."
    if (why := url_problem(agreement.issuer)) is not None:
        yield f"issuer: {why}"
    elif urlsplit(agreement.issuer).query:
        yield "issuer: has no query (`?…`); it is `iss` of the platform's tokens, to the letter."
    for name in ("authorization_url", "token_url", "jwks_url"):
        if (why := url_problem(getattr(agreement, name))) is not None:
            yield f"{name}: {why}"
    if not IDENTIFIER.fullmatch(agreement.client_id):
        yield "client_id: needs 1 to 255 visible ASCII characters."
    for deployment_id in agreement.deployment_ids:
        yield from deployment_problems(deployment_id)
    if agreement.token_audience is not None and not _URL.fullmatch(agreement.token_audience):
        yield "token_audience: needs 1 to 2000 visible ASCII characters without spaces."


def deployment_problems(deployment_id: str) -> Iterator[str]:
    """Yield what is wrong with a deployment id (LTI Core 1.3, §3.1.3: 255 ASCII characters)."""
    if not IDENTIFIER.fullmatch(deployment_id):
        yield f"deployment: {deployment_id[:80]!r} is not 1 to 255 visible ASCII characters."


def url_problem(url: str) -> str | None:
    """Return what is wrong with an address of a platform, None if nothing is.

    https, or http within one machine: a launch over plain http could be read and changed.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return f"{url[:200]!r} is no address."
    if not _URL.fullmatch(url) or not host:
        return f"{url[:200]!r} is no address."
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "has neither a login nor a fragment (`#…`)."
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return None
    return f"{url[:200]!r} has to begin with https://."


def is_loopback(host: str) -> bool:
    """Tell whether a host's name is that of this machine: `localhost`, 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
