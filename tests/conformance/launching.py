"""What a browser and a platform do in a launch, step by step, over HTTP.

The certification suite plays the platform: it answers a login with messages that are right, or
wrong in one named way, and looks at what the tool then shows.
"""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.fakes.platform import Platform
from tests.lti_tool.factories import Claims, learner_claims, sign

_CODE = re.compile(r"Error \d+ · <code>([a-z_]+)</code>")


class Browser:
    """A browser with its own cookies; `login` first, change `claims`, then `launch`."""

    def __init__(self, tool: str, platform: Platform) -> None:
        self.tool = tool
        self.platform = platform
        self.target = f"{tool}/lti/launch"
        self.state = ""
        self.claims: Claims = {}
        self.cookies: dict[str, str] = {}
        self._http = httpx.Client(base_url=tool, timeout=10, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def login(self, **changes: str) -> httpx.Response:
        """Begin a launch as the platform's page would, and note what the platform would."""
        form = {
            "iss": self.platform.origin,
            "login_hint": "hint",
            "target_link_uri": self.target,
            "client_id": self.platform.client_id,
            "lti_message_hint": "message",
            **changes,
        }
        response = self._send("POST", "/lti/login", form)
        if response.status_code == 302:
            self._arrive(response.headers["Location"])
        return response

    def again(self, action: str, fields: dict[str, str]) -> httpx.Response:
        """Press the button that begins the login again, and go where that page's script does."""
        response = self._send("POST", action, fields)
        self._arrive(unescape(response.text.split('data-url="')[1].split('"')[0]))
        return response

    def _arrive(self, authorization_url: str) -> None:
        query = parse_qs(urlsplit(authorization_url).query)
        self.state = query["state"][0]
        self.claims = learner_claims(self.platform, self.target, query["nonce"][0])

    def token(self, **options: Any) -> str:
        """Return the claims as the platform signs them; options as for `sign`."""
        return sign(self.platform, self.claims, **options)

    def launch(self, id_token: str | None = None, **form: str) -> httpx.Response:
        """Post the platform's answer."""
        answer = {"state": self.state, "id_token": id_token or self.token(), **form}
        return self._send("POST", "/lti/launch", answer)

    def error(self, name: str) -> httpx.Response:
        """Post an error instead of an answer, as platforms do."""
        return self._send("POST", "/lti/launch", {"error": name, "state": self.state})

    def follow(self, response: httpx.Response) -> httpx.Response:
        """Go where a launch that was accepted leads."""
        assert response.status_code == 303, response.text
        return self._send("GET", response.headers["Location"])

    def get(self, url: str, **headers: str) -> httpx.Response:
        return self._send("GET", url, headers=headers)

    def post(
        self, url: str, form: dict[str, Any], file: tuple[str, bytes] | None = None
    ) -> httpx.Response:
        """Send a form of a page of ours, with a file if one was chosen."""
        return self._send("POST", url, form, files=None if file is None else {"file": file})

    def _send(
        self, method: str, url: str, form: dict[str, Any] | None = None, **options: Any
    ) -> httpx.Response:
        # By hand: a cookie that is Secure comes back on localhost, which httpx does not know.
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies, **options.pop("headers", {})}
        response = self._http.request(method, url, data=form, headers=headers, **options)
        for header in response.headers.get_list("Set-Cookie"):
            name, _, rest = header.partition("=")
            value = rest.partition(";")[0]
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return response


def refusal(response: httpx.Response) -> str:
    """Return the code of a page that refuses a launch, which is what a person would report."""
    assert 400 <= response.status_code < 500, response.text
    found = _CODE.search(response.text)
    assert found is not None, response.text
    return found[1]
