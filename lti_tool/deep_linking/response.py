"""The answer to a platform's dialog: what was chosen, as a message that the tool signs.

https://www.imsglobal.org/spec/lti-dl/v2p0#deep-linking-response-message
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import jwt

from lti_tool.launch.cases import ITEM_PARAMETER
from lti_tool.models import ContentItem, Dialog, Registration
from lti_tool.platforms.base import Platform
from lti_tool.services.keys import SigningKey
from lti_tool.services.lineitems import TAG
from lti_tool.services.tokens import BACKDATE_SECONDS
from lti_tool.vocab import RESOURCE_LINK_ITEM, VERSION, Claim, MessageType

ANSWER_SECONDS = 300
"""How long an answer is good for: the browser posts it at once."""


def response_claims(
    dialog: Dialog,
    registration: Registration,
    items: Sequence[dict[str, Any]],
    *,
    message: str | None,
    now: float,
) -> dict[str, Any]:
    """Return what the answer says; `message` is for the person, and shown by the platform."""
    claims: dict[str, Any] = {
        "iss": registration.client_id,
        "aud": registration.issuer,
        "iat": int(now) - BACKDATE_SECONDS,
        "exp": int(now) + ANSWER_SECONDS,
        "nonce": uuid4().hex,
        Claim.DEPLOYMENT_ID: dialog.deployment_id,
        Claim.MESSAGE_TYPE: MessageType.DEEP_LINKING_RESPONSE,
        Claim.VERSION: VERSION,
        Claim.CONTENT_ITEMS: list(items),
    }
    if dialog.data is not None:
        claims[Claim.DATA] = dialog.data
    if message is not None:
        claims[Claim.MSG] = message
    return claims


def sign(claims: Mapping[str, Any], key: SigningKey) -> str:
    """Return the answer as the platform gets it."""
    return jwt.encode(dict(claims), key.private_key, algorithm="RS256", headers={"kid": key.kid})


def content_item(
    item: ContentItem, *, platform: Platform, launch_url: str, line_item: bool
) -> dict[str, Any]:
    """Return a choice as the platform stores it; custom values are texts, and nothing is null."""
    made: dict[str, Any] = {
        "type": RESOURCE_LINK_ITEM,
        "url": launch_url,
        "title": item.title,
        "custom": {ITEM_PARAMETER: str(item.id)},
    }
    if not line_item:
        return made
    column = {
        "label": item.title,
        "scoreMaximum": platform.line_item_maximum(item.points),
        "resourceId": str(item.id),
        "tag": TAG,
    }
    return {**made, "lineItem": platform.chosen_line_item(column, launch_url=launch_url)}
