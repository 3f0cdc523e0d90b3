"""The claims of launches and of dialogs for choosing, as a Moodle-like platform sends them."""

from dataclasses import dataclass
from typing import Any

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.activities import Activity
from lti_tool.demo_lms.course import Course, Person
from lti_tool.demo_lms.registration import DemoRegistration, ToolEndpoints

LIFETIME_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What every message says: who, in which course, in answer to what."""

    person: Person
    course: Course
    nonce: str
    issued_at: int
    """Seconds since the epoch."""
    line_items_url: str
    memberships_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One authorized launch of an activity."""

    activity: Activity
    line_item_url: str | None
    """None unless the resource link has exactly one column."""
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One authorized dialog in which the tool lets a teacher choose."""

    target: str
    return_url: str
    data: str
    """Comes back with the tool's answer."""


def launch_claims(
    who: Recognised, launch: Launch, registration: DemoRegistration, tool: ToolEndpoints
) -> dict[str, Any]:
    """Return the id_token's payload for a launch."""
    claims = _common(who, registration)
    if launch.line_item_url is not None:
        claims[vocab.AGS_ENDPOINT]["lineitem"] = launch.line_item_url
    return {
        **claims,
        vocab.MESSAGE_TYPE: vocab.RESOURCE_LINK_REQUEST,
        vocab.TARGET_LINK_URI: launch.activity.url or tool.launch_url,
        vocab.RESOURCE_LINK: {
            "id": launch.activity.resource_link_id,
            "title": launch.activity.title,
        },
        vocab.CUSTOM: dict(launch.activity.custom),
        vocab.LAUNCH_PRESENTATION: {
            "locale": "en",
            "document_target": "iframe",
            "return_url": launch.return_url,
        },
    }


def choice_claims(
    who: Recognised, choice: Choice, registration: DemoRegistration
) -> dict[str, Any]:
    """Return the id_token's payload for a dialog (Deep Linking 2.0, section 4.4)."""
    return {
        **_common(who, registration),
        vocab.MESSAGE_TYPE: vocab.DEEP_LINKING_REQUEST,
        vocab.TARGET_LINK_URI: choice.target,
        vocab.LAUNCH_PRESENTATION: {"locale": "en", "document_target": "iframe"},
        vocab.DEEP_LINKING_SETTINGS: {
            "accept_types": [vocab.LTI_RESOURCE_LINK],
            "accept_presentation_document_targets": ["iframe"],
            "accept_multiple": True,
            "accept_lineitem": True,
            "auto_create": False,
            "deep_link_return_url": choice.return_url,
            "data": choice.data,
        },
    }


def _common(who: Recognised, registration: DemoRegistration) -> dict[str, Any]:
    person = who.person
    return {
        "iss": registration.issuer,
        "aud": registration.client_id,
        "sub": person.id,
        "iat": who.issued_at,
        "exp": who.issued_at + LIFETIME_SECONDS,
        "nonce": who.nonce,
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
        vocab.VERSION: "1.3.0",
        vocab.DEPLOYMENT_ID: registration.deployment_id,
        vocab.CONTEXT: {**who.course.as_context(), "type": [vocab.COURSE_SECTION]},
        vocab.ROLES: [person.role],
        vocab.TOOL_PLATFORM: {
            "guid": "casebook-demo-lms",
            "name": "Casebook demo LMS",
            "product_family_code": "casebook-demo-lms",
            "version": "1",
        },
        vocab.LIS: {"person_sourcedid": f"demo-{person.id}"},
        vocab.AGS_ENDPOINT: {"scope": list(vocab.AGS_SCOPES), "lineitems": who.line_items_url},
        vocab.NRPS_SERVICE: {
            "context_memberships_url": who.memberships_url,
            "service_versions": ["2.0"],
        },
    }
