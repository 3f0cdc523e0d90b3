import json
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.deep_linking.response import content_item, response_claims, sign
from lti_tool.models import ContentItem, Dialog, PlatformFamily, Registration
from lti_tool.platforms.families import PLATFORMS
from lti_tool.services.keys import SigningKey

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
URL = "https://tool.example/lti/launch"
REGISTRATION = Registration(issuer="https://lms.example", client_id="casebook")


def _item(title: str = "Wine", points: float = 7.5) -> ContentItem:
    return ContentItem(id=uuid4(), title=title, points=points, hints=1)


def _made(item: ContentItem, family: PlatformFamily, *, column: bool = True) -> dict[str, Any]:
    platform = PLATFORMS[family]
    return content_item(item, platform=platform, launch_url=URL, line_item=column)


@pytest.mark.parametrize("family", PlatformFamily)
def test_every_platform_gets_the_same_activity_and_a_column_of_its_own_kind(
    family: PlatformFamily,
) -> None:
    item = _item()
    made = _made(item, family)
    column = made.pop("lineItem")
    assert made == {
        "type": "ltiResourceLink",
        "url": URL,
        "title": "Wine",
        "custom": {"casebook_item": str(item.id)},
    }
    assert column["scoreMaximum"] == (8 if family is PlatformFamily.OPEN_EDX else 7.5)
    assert ("submissionReview" in column) is (family is PlatformFamily.MOODLE)
    assert "lineItem" not in _made(item, family, column=False)


@given(st.text(), st.floats(min_value=0.01, max_value=10_000), st.none() | st.text())
def test_an_answer_says_what_it_was_given_and_nothing_that_is_null(
    title: str, points: float, data: str | None
) -> None:
    dialog = Dialog(deployment_id="d1", data=data)
    made = _made(_item(title, points), PlatformFamily.GENERIC)
    claims = response_claims(dialog, REGISTRATION, [made], message=None, now=1000.5)
    read = json.loads(json.dumps(claims))
    assert read == claims
    assert None not in [*read.values(), *made.values(), *made["lineItem"].values()]
    assert (f"{DL}data" in read) is (data is not None)
    assert read.get(f"{DL}data") == data
    assert read[f"{DL}content_items"][0]["title"] == title
    assert all(isinstance(value, str) for value in made["custom"].values())
    assert read["iat"] < 1000 < read["exp"]


def test_an_answer_is_signed_by_the_key_that_it_names() -> None:
    key = SigningKey("k1", rsa.generate_private_key(public_exponent=65537, key_size=2048))
    token = sign({"iss": "casebook"}, key)
    assert jwt.get_unverified_header(token)["kid"] == "k1"
    public = key.private_key.public_key()
    assert jwt.decode(token, public, algorithms=["RS256"]) == {"iss": "casebook"}
