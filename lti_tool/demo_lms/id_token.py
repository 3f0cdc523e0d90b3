"""The claims of a resource link launch, as a Moodle-like platform sends them."""

from dataclasses import dataclass
from typing import Any

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.activities import Activity
from lti_tool.demo_lms.course import COURSE, Person
from lti_tool.demo_lms.registration import DemoRegistration, ToolEndpoints

LIFETIME_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One authorized launch."""

    person: Person
    activity: Activity
    nonce: str
    issued_at: int
    """Seconds since the epoch."""
    line_items_url: str
    line_item_url: str | None
    """None unless the resource link has exactly one column."""
    memberships_url: str
    return_url: str


def launch_claims(
    launch: Launch, registration: DemoRegistration, tool: ToolEndpoints
) -> dict[str, Any]:
    """Return the id_token's payload."""
    person = launch.person
    endpoint: dict[str, Any] = {"scope": list(vocab.AGS_SCOPES), "lineitems": launch.line_items_url}
    if launch.line_item_url is not None:
        endpoint["lineitem"] = launch.line_item_url
    return {
        "iss": registration.issuer,
        "aud": registration.client_id,
        "sub": person.id,
        "iat": launch.issued_at,
        "exp": launch.issued_at + LIFETIME_SECONDS,
        "nonce": launch.nonce,
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
        vocab.MESSAGE_TYPE: "LtiResourceLinkRequest",
        vocab.VERSION: "1.3.0",
        vocab.DEPLOYMENT_ID: registration.deployment_id,
        vocab.TARGET_LINK_URI: tool.launch_url,
        vocab.RESOURCE_LINK: {
            "id": launch.activity.resource_link_id,
            "title": launch.activity.title,
        },
        vocab.CONTEXT: {
            "id": COURSE.id,
            "label": COURSE.label,
            "title": COURSE.title,
            "type": [vocab.COURSE_SECTION],
        },
        vocab.ROLES: [person.role],
        vocab.CUSTOM: {"case": launch.activity.slug},
        vocab.LAUNCH_PRESENTATION: {
            "locale": "en",
            "document_target": "iframe",
            "return_url": launch.return_url,
        },
        vocab.TOOL_PLATFORM: {
            "guid": "casebook-demo-lms",
            "name": "Casebook demo LMS",
            "product_family_code": "casebook-demo-lms",
            "version": "1",
        },
        vocab.LIS: {"person_sourcedid": f"demo-{person.id}"},
        vocab.AGS_ENDPOINT: endpoint,
        vocab.NRPS_SERVICE: {
            "context_memberships_url": launch.memberships_url,
            "service_versions": ["2.0"],
        },
    }
