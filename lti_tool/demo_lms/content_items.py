"""What a tool answers when a teacher has chosen: the LtiDeepLinkingResponse, verified and parsed.

https://www.imsglobal.org/spec/lti-dl/v2p0#deep-linking-response-message
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlsplit

import jwt
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.assertions import ToolKeys
from lti_tool.demo_lms.errors import ChoiceError, TokenError
from lti_tool.demo_lms.line_items import Coupled, first_problem
from lti_tool.demo_lms.registration import DemoRegistration

MOST_ITEMS = 50
_LEEWAY_SECONDS = 10
_UNTITLED = "Untitled activity"

_Text = Annotated[str, StringConstraints(max_length=2000)]


class _LineItem(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel)

    label: _Text | None = None
    score_maximum: float = Field(gt=0, allow_inf_nan=False)
    resource_id: _Text | None = None
    tag: _Text | None = None


class _Item(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, alias_generator=to_camel)

    type: str
    url: _Text | None = None
    title: _Text | None = None
    custom: dict[str, _Text] = Field(default_factory=dict, max_length=50)
    line_item: _LineItem | None = None


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True)

    message_type: str = Field(alias=vocab.MESSAGE_TYPE)
    version: str = Field(alias=vocab.VERSION)
    deployment_id: str = Field(alias=vocab.DEPLOYMENT_ID)
    nonce: str = Field(min_length=1, max_length=500)
    data: str | None = Field(alias=vocab.DATA, default=None)
    items: list[_Item] = Field(alias=vocab.CONTENT_ITEMS, default=[], max_length=MOST_ITEMS)
    message: _Text | None = Field(alias=vocab.MESSAGE, default=None)
    error: _Text | None = Field(alias=vocab.ERROR_MESSAGE, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentItem:
    """One activity that the tool wants to have added."""

    title: str
    url: str | None
    """Where its launches go; None for the tool's one launch URL."""
    custom: Mapping[str, str] = field(default_factory=dict)
    column: Coupled | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceMade:
    """A tool's whole answer."""

    nonce: str
    expires_at: float
    items: tuple[ContentItem, ...]
    message: str | None
    """A word of the tool's for the teacher, an error before any other."""


def read_answer(
    token: str, *, keys: ToolKeys, registration: DemoRegistration, tool_origin: str, data: str
) -> ChoiceMade:
    """Return what the tool answered, if it signed it for this platform and this dialog just now.

    Raises:
        ChoiceError: it did not, or an item is not what a platform can add; with the reason.
    """
    claims = _verified(token, keys, registration)
    try:
        payload = _Payload.model_validate(claims)
    except ValidationError as error:
        raise ChoiceError(f"The tool's answer: {first_problem(error)}") from error
    rules = (
        (payload.message_type == vocab.DEEP_LINKING_RESPONSE, "its message type"),
        (payload.version == "1.3.0", "its LTI version"),
        (payload.deployment_id == registration.deployment_id, "its deployment_id"),
        (payload.data == data, "its data, which is not what was sent along,"),
    )
    for holds, what in rules:
        if not holds:
            raise ChoiceError(f"The tool's answer is refused: {what} is wrong.")
    items = tuple(
        _item(item, number, tool_origin) for number, item in enumerate(payload.items, start=1)
    )
    message = payload.error or payload.message
    return ChoiceMade(
        nonce=payload.nonce, expires_at=float(claims["exp"]), items=items, message=message
    )


def _verified(token: str, keys: ToolKeys, registration: DemoRegistration) -> dict[str, Any]:
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
        if not isinstance(key_id, str) or not key_id:
            raise ChoiceError("The tool's answer is refused: its header names no key (kid).")
        claims: dict[str, Any] = jwt.decode(
            token,
            keys.get(key_id),
            algorithms=["RS256"],
            audience=registration.issuer,
            issuer=registration.client_id,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["iss", "aud", "iat", "exp", "nonce"]},
        )
    except (jwt.PyJWTError, TokenError) as error:
        raise ChoiceError(f"The tool's answer is refused: {error}.") from error
    return claims


def _item(item: _Item, number: int, tool_origin: str) -> ContentItem:
    if item.type != vocab.LTI_RESOURCE_LINK:
        raise ChoiceError(f"Item {number} is refused: this platform adds no {item.type!r}.")
    if item.url is not None and _origin(item.url) != tool_origin:
        raise ChoiceError(f"Item {number} is refused: its url is not the tool's: {item.url}")
    title = (item.title or "").strip() or _UNTITLED
    return ContentItem(
        title=title, url=item.url, custom=item.custom, column=_column(item.line_item, title)
    )


def _column(asked: _LineItem | None, title: str) -> Coupled | None:
    if asked is None:
        return None
    return Coupled(
        label=asked.label or title,
        score_maximum=asked.score_maximum,
        resource_id=asked.resource_id,
        tag=asked.tag,
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
