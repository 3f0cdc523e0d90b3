"""The id_token's claims as frozen records, parsed once; unknown claims are ignored.

`Envelope` is what every message carries and the security checks need; one record for each type of
message is what it says beyond that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lti_tool.launch.errors import ClaimError
from lti_tool.launch.reading import (
    Payload,
    flag,
    moment,
    named,
    optional_text,
    section,
    text,
    texts,
    web_url,
)
from lti_tool.vocab import Claim

DATA_LIMIT = 32 * 1024
"""Longest state of its own that a platform may have carried through its dialog."""
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
            issuer=text(payload, "iss"),
            audience=_audience(payload),
            authorized_party=optional_text(payload, "azp"),
            subject=optional_text(payload, "sub"),
            issued_at=moment(payload, "iat"),
            expires_at=moment(payload, "exp"),
            nonce=text(payload, "nonce"),
            version=text(payload, Claim.VERSION),
            message_type=text(payload, Claim.MESSAGE_TYPE),
            deployment_id=text(payload, Claim.DEPLOYMENT_ID),
            target_link_uri=optional_text(payload, Claim.TARGET_LINK_URI),
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
        link = section(payload, Claim.RESOURCE_LINK)
        if link is None:
            raise ClaimError(Claim.RESOURCE_LINK, "is missing")
        context = section(payload, Claim.CONTEXT) or {}
        presentation = section(payload, Claim.LAUNCH_PRESENTATION) or {}
        return cls(
            resource_link_id=text(link, "id", of=Claim.RESOURCE_LINK),
            title=optional_text(link, "title", of=Claim.RESOURCE_LINK),
            context_id=optional_text(context, "id", of=Claim.CONTEXT),
            context_title=optional_text(context, "title", of=Claim.CONTEXT)
            or optional_text(context, "label", of=Claim.CONTEXT),
            roles=texts(payload, Claim.ROLES),
            custom=_custom(payload),
            return_url=web_url(presentation, "return_url"),
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
        link = section(payload, Claim.RESOURCE_LINK) or {}
        presentation = section(payload, Claim.LAUNCH_PRESENTATION) or {}
        grades = _grades(payload)
        return cls(
            for_user=text(section(payload, Claim.FOR_USER) or {}, "user_id", of=Claim.FOR_USER),
            resource_link_id=optional_text(link, "id", of=Claim.RESOURCE_LINK),
            line_item_url=None if grades is None else grades.line_item_url,
            roles=texts(payload, Claim.ROLES),
            return_url=web_url(presentation, "return_url"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLinkingRequest:
    """A dialog of the platform's in which somebody is to choose what goes into the course.

    https://www.imsglobal.org/spec/lti-dl/v2p0#deep-linking-settings
    """

    return_url: str
    """Where the choice is posted to."""
    data: str | None
    """Opaque; comes back with the choice, unaltered. None if there was none."""
    accept_types: tuple[str, ...]
    accept_multiple: bool
    accept_line_item: bool
    """Whether a choice may bring its grade book column along; True where nothing is said."""
    roles: tuple[str, ...]
    context_id: str | None
    context_title: str | None
    locale: str | None
    """The language in which the platform speaks to this person (BCP 47)."""
    page_url: str | None
    """Where the platform wants people sent when they leave."""

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read the claims; raises ClaimError naming the first that is missing or malformed."""
        name = Claim.DEEP_LINKING_SETTINGS
        settings = section(payload, name)
        if settings is None:
            raise ClaimError(name, "is missing")
        text(settings, "deep_link_return_url", of=name)
        return_url = web_url(settings, "deep_link_return_url")
        if return_url is None:
            raise ClaimError(f"{name}.deep_link_return_url", "is not an http(s) URL")
        context = section(payload, Claim.CONTEXT) or {}
        presentation = section(payload, Claim.LAUNCH_PRESENTATION) or {}
        return cls(
            return_url=return_url,
            data=_data(settings),
            accept_types=texts(settings, "accept_types", of=name),
            accept_multiple=flag(settings, "accept_multiple", otherwise=False, of=name),
            accept_line_item=flag(settings, "accept_lineitem", otherwise=True, of=name),
            roles=texts(payload, Claim.ROLES),
            context_id=optional_text(context, "id", of=Claim.CONTEXT),
            context_title=optional_text(context, "title", of=Claim.CONTEXT)
            or optional_text(context, "label", of=Claim.CONTEXT),
            locale=optional_text(presentation, "locale", of=Claim.LAUNCH_PRESENTATION),
            page_url=web_url(presentation, "return_url"),
        )


def _audience(payload: Payload) -> tuple[str, ...]:
    value = payload.get("aud")
    return (value,) if isinstance(value, str) and value else texts(payload, "aud")


def _custom(payload: Payload) -> Mapping[str, str]:
    """Return the custom parameters that have a value; `$Name` is a variable left unexpanded."""
    found = section(payload, Claim.CUSTOM) or {}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, str) and value and not value.startswith("$")
    }


def _grades(payload: Payload) -> GradeService | None:
    found = section(payload, Claim.AGS_ENDPOINT)
    if found is None:
        return None
    return GradeService(
        line_item_url=web_url(found, "lineitem"),
        line_items_url=web_url(found, "lineitems"),
        scopes=tuple(sorted(set(texts(found, "scope", of=Claim.AGS_ENDPOINT)))),
    )


def _memberships_url(payload: Payload) -> str | None:
    """Return the roster's URL; without a list of versions it is taken for one of 2.0."""
    found = section(payload, Claim.NRPS_SERVICE) or {}
    versions = found.get("service_versions", [NRPS_VERSION])
    offered = isinstance(versions, list) and NRPS_VERSION in versions
    return web_url(found, "context_memberships_url") if offered else None


def _data(settings: Payload) -> str | None:
    """Return the platform's own state; an empty text is one, and is given back, too."""
    value = settings.get("data")
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > DATA_LIMIT or "\0" in value:
        name = named("data", Claim.DEEP_LINKING_SETTINGS)
        raise ClaimError(name, f"is not a text of at most {DATA_LIMIT} characters")
    return value
