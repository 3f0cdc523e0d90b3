"""What a teacher, a browser and a platform do with the dialog in which cases are chosen."""

import re
import time
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt

from tests.conformance.launching import Browser
from tests.fakes.platform import Platform
from tests.lti_tool.factories import AGS_CLAIM, CLAIM, INSTRUCTOR

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SETTINGS = f"{DL}deep_linking_settings"
ITEMS = f"{DL}content_items"


def settings_of(platform: Platform, **changes: Any) -> dict[str, Any]:
    """Return the settings of a dialog that takes several activities; None leaves one out."""
    settings = {
        "deep_link_return_url": f'{platform.origin}/return?sesskey=a&amp;x="1"',
        "accept_types": ["link", "ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        "auto_create": False,
        "data": "op=321&v=44",
        **changes,
    }
    return {name: value for name, value in settings.items() if value is not None}


class Form(HTMLParser):
    """The only form of a page: where it goes and what it would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, list[str]] = {}
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        name = named.get("name", "")
        if tag == "form":
            assert not self.action, "two forms"
            self.action = named["action"]
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in named:
            self.fields[self._select] = [named["value"]]
        elif tag == "input" and named.get("type") != "file":
            ticked = named.get("type") not in {"checkbox", "radio"} or "checked" in named
            if ticked:
                self.fields.setdefault(name, []).append(named.get("value", ""))


@dataclass
class Dialog:
    """The page of a dialog, open in a browser."""

    browser: Browser
    page: httpx.Response

    @property
    def form(self) -> Form:
        return Form(self.page.text)

    @property
    def offered(self) -> list[str]:
        """Return the ids of the versions that can be ticked, in the page's order."""
        return re.findall(r'name="pick" value="([^"]+)"', self.page.text)

    def press(self, action: str, **changes: Any) -> httpx.Response:
        """Send the page's form by one of its buttons; underscores in names stand for hyphens."""
        form = self.form
        fields: dict[str, Any] = {**form.fields, "action": action}
        fields.update({name.replace("_", "-", 1): value for name, value in changes.items()})
        return self.browser.post(form.action, fields)


def open_dialog(browser: Browser, *, role: str = INSTRUCTOR, **changes: Any) -> httpx.Response:
    """Launch the dialog, and return what `/lti/launch` answered."""
    browser.target = f"{browser.tool}/lti/deep-link"
    browser.login()
    platform = browser.platform
    for name in (f"{CLAIM}resource_link", AGS_CLAIM):
        del browser.claims[name]
    browser.claims.update(
        {
            "sub": "teacher",
            f"{CLAIM}message_type": "LtiDeepLinkingRequest",
            f"{CLAIM}roles": [role],
            SETTINGS: settings_of(platform, **changes),
        }
    )
    return browser.launch()


def choose_in(browser: Browser, **changes: Any) -> Dialog:
    """Open the dialog as a teacher does."""
    page = browser.follow(open_dialog(browser, **changes))
    assert page.status_code == 200, page.text
    return Dialog(browser, page)


@dataclass(frozen=True)
class Returned:
    """What the platform gets from the browser."""

    url: str
    token: str
    policy: str

    @classmethod
    def from_page(cls, response: httpx.Response) -> "Returned":
        assert response.status_code == 200, response.text
        form = Form(response.text)
        assert set(form.fields) == {"JWT"}
        [token] = form.fields["JWT"]
        return cls(form.action, token, response.headers["Content-Security-Policy"])

    def verify(self, platform: Platform) -> dict[str, Any]:
        """Return the claims, verified as a platform does."""
        assert platform.tool_key_set is not None
        keys = {key["kid"]: key for key in platform.tool_key_set()["keys"]}
        header = jwt.get_unverified_header(self.token)
        assert header["alg"] == "RS256"
        claims: dict[str, Any] = jwt.decode(
            self.token,
            jwt.PyJWK(keys[header["kid"]]).key,
            algorithms=["RS256"],
            audience=platform.origin,
            issuer=platform.client_id,
            options={"require": ["exp", "iat", "nonce"]},
        )
        return claims


def launch_item(browser: Browser, item: dict[str, Any], **claims: Any) -> httpx.Response:
    """Open the activity that a platform made of a content item."""
    browser.target = item["url"]
    browser.login()
    browser.claims[f"{CLAIM}custom"] = item["custom"]
    browser.claims.update(claims)
    return browser.launch()


def origin(url: str) -> str:
    parts = urlsplit(unescape(url))
    return f"{parts.scheme}://{parts.netloc}"


def now() -> float:
    return time.time()
