"""The id_token's claims as frozen records, parsed once; unknown claims are ignored.

`Envelope` is what every message carries and the security checks need; `ResourceLinkLaunch` is what
the launch of an activity says beyond it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from lti_tool.launch.errors import ClaimError
from lti_tool.vocab import Claim

Payload = Mapping[str, object]

TEXT_LIMIT = 4096
"""Longest text that is taken from a claim; a longer one is malformed."""
LIST_LIMIT = 100
MOMENT_LIMIT = 1e12
"""Seconds from 1970 to far beyond any date."""
NRPS_VERSION = "2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who speaks, to whom, about whom, when, and in answer to which login."""

    issuer: str
    audience: tuple[str, ...]
    authorized_party: str | None
    subject: str | None
    """None for an anonymous launch."""
    issued_at: float
    """Seconds since 1970."""
    expires_at: float
    nonce: str
    version: str
    message_type: str
    deployment_id: str
    target_link_uri: str | None
    """None is legal in deep linking only."""

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read the claims; raises ClaimError naming the first that is missing or malformed."""
        return cls(
            issuer=_text(payload, "iss"),
            audience=_audience(payload),
            authorized_party=_optional_text(payload, "azp"),
            subject=_optional_text(payload, "sub"),
            issued_at=_moment(payload, "iat"),
            expires_at=_moment(payload, "exp"),
            nonce=_text(payload, "nonce"),
            version=_text(payload, Claim.VERSION),
            message_type=_text(payload, Claim.MESSAGE_TYPE),
            deployment_id=_text(payload, Claim.DEPLOYMENT_ID),
            target_link_uri=_optional_text(payload, Claim.TARGET_LINK_URI),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeService:
    """The AGS endpoint claim: what the tool may do with grades, and where."""

    line_item_url: str | None
    """Absent where the activity has no column yet, or several."""
    line_items_url: str | None
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLinkLaunch:
    """An activity that somebody opened."""

    resource_link_id: str
    title: str | None
    context_id: str | None
    """None where the activity stands outside any course."""
    context_title: str | None
    roles: tuple[str, ...]
    custom: Mapping[str, str]
    """Without the values that the platform left empty or did not expand."""
    return_url: str | None
    grades: GradeService | None
    memberships_url: str | None
    """Where the course's roster is; None where the platform offers none in version 2.0."""

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read the claims; raises ClaimError naming the first that is missing or malformed."""
        link = _section(payload, Claim.RESOURCE_LINK)
        if link is None:
            raise ClaimError(Claim.RESOURCE_LINK, "is missing")
        context = _section(payload, Claim.CONTEXT) or {}
        presentation = _section(payload, Claim.LAUNCH_PRESENTATION) or {}
        return cls(
            resource_link_id=_text(link, "id", of=Claim.RESOURCE_LINK),
            title=_optional_text(link, "title", of=Claim.RESOURCE_LINK),
            context_id=_optional_text(context, "id", of=Claim.CONTEXT),
            context_title=_optional_text(context, "title", of=Claim.CONTEXT)
            or _optional_text(context, "label", of=Claim.CONTEXT),
            roles=_texts(payload, Claim.ROLES),
            custom=_custom(payload),
            return_url=_web_url(presentation, "return_url"),
            grades=_grades(payload),
            memberships_url=_memberships_url(payload),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionReview:
    """Somebody's work that is to be looked at, from its place in the grade book.

    https://www.imsglobal.org/spec/lti-sr/v1p0
    """

    for_user: str
    """The `sub` of whose work it is."""
    resource_link_id: str | None
    line_item_url: str | None
    """The column; an activity is found by it where no resource link is named."""
    roles: tuple[str, ...]
    """Of the person who looks."""
    return_url: str | None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read the claims; raises ClaimError naming the first that is missing or malformed."""
        link = _section(payload, Claim.RESOURCE_LINK) or {}
        presentation = _section(payload, Claim.LAUNCH_PRESENTATION) or {}
        grades = _grades(payload)
        return cls(
            for_user=_text(_section(payload, Claim.FOR_USER) or {}, "user_id", of=Claim.FOR_USER),
            resource_link_id=_optional_text(link, "id", of=Claim.RESOURCE_LINK),
            line_item_url=None if grades is None else grades.line_item_url,
            roles=_texts(payload, Claim.ROLES),
            return_url=_web_url(presentation, "return_url"),
        )


def _named(name: str, of: str | None) -> str:
    return f"{of}.{name}" if of else name


def _optional_text(values: Payload, name: str, *, of: str | None = None) -> str | None:
    value = values.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > TEXT_LIMIT or "\0" in value:
        raise ClaimError(_named(name, of), f"is not a text of at most {TEXT_LIMIT} characters")
    return value


def _text(values: Payload, name: str, *, of: str | None = None) -> str:
    value = _optional_text(values, name, of=of)
    if value is None:
        raise ClaimError(_named(name, of), "is missing")
    return value


def _texts(values: Payload, name: str, *, of: str | None = None) -> tuple[str, ...]:
    value = values.get(name)
    if value is None:
        raise ClaimError(_named(name, of), "is missing")
    if not isinstance(value, list) or len(value) > LIST_LIMIT:
        raise ClaimError(_named(name, of), f"is not a list of at most {LIST_LIMIT} texts")
    texts = tuple(item for item in value if isinstance(item, str))
    if len(texts) != len(value):
        raise ClaimError(_named(name, of), "holds something other than texts")
    return texts


def _audience(payload: Payload) -> tuple[str, ...]:
    value = payload.get("aud")
    return (value,) if isinstance(value, str) and value else _texts(payload, "aud")


def _moment(payload: Payload, name: str) -> float:
    value = payload.get(name)
    if value is None:
        raise ClaimError(name, "is missing")
    if isinstance(value, bool) or not isinstance(value, int | float) or not _in_time(value):
        raise ClaimError(name, "is not a number of seconds")
    return value


def _in_time(seconds: float) -> bool:
    """Tell whether it is a moment at all: JSON readers take NaN, which is never too late."""
    return -MOMENT_LIMIT < seconds < MOMENT_LIMIT


def _section(payload: Payload, name: str) -> Payload | None:
    value = payload.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ClaimError(name, "is not an object")
    return value


def _custom(payload: Payload) -> Mapping[str, str]:
    """Return the custom parameters that have a value; `$Name` is a variable left unexpanded."""
    section = _section(payload, Claim.CUSTOM) or {}
    return {
        name: value
        for name, value in section.items()
        if isinstance(value, str) and value and not value.startswith("$")
    }


def _web_url(values: Payload, name: str) -> str | None:
    """Return an http(s) URL; anything else there is treated as absent, not as an error."""
    value = values.get(name)
    if not isinstance(value, str) or len(value) > TEXT_LIMIT or "\0" in value:
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme in {"http", "https"} and parts.hostname else None


def _grades(payload: Payload) -> GradeService | None:
    section = _section(payload, Claim.AGS_ENDPOINT)
    if section is None:
        return None
    return GradeService(
        line_item_url=_web_url(section, "lineitem"),
        line_items_url=_web_url(section, "lineitems"),
        scopes=tuple(sorted(set(_texts(section, "scope", of=Claim.AGS_ENDPOINT)))),
    )


def _memberships_url(payload: Payload) -> str | None:
    """Return the roster's URL; without a list of versions it is taken for one of 2.0."""
    section = _section(payload, Claim.NRPS_SERVICE) or {}
    versions = section.get("service_versions", [NRPS_VERSION])
    offered = isinstance(versions, list) and NRPS_VERSION in versions
    return _web_url(section, "context_memberships_url") if offered else None
