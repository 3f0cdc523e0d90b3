"""The tool's own side of a registration: its addresses, and what it asks platforms for."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from lti_tool.vocab import Scope

NAME = "Casebook"
DESCRIPTION = "Data-science homework in a notebook, judged at once, with feedback and a score."
SCOPES = (Scope.LINE_ITEM, Scope.RESULT_READONLY, Scope.SCORE, Scope.MEMBERSHIP_READONLY)
"""What it takes to bring a score to a grade book, to see whether it is there, and to know who has
not begun."""
CLAIMS = ("iss", "sub")
"""Whom an id_token is about. No name and no e-mail address: nothing here needs them."""


@dataclass(frozen=True, slots=True)
class ToolAddresses:
    """Where platforms find the tool."""

    origin: str
    """Without a slash at the end."""

    @property
    def domain(self) -> str:
        """Return the host, with the port if it is not the usual one."""
        return urlsplit(self.origin).netloc

    @property
    def login_url(self) -> str:
        """Return where logins are initiated."""
        return f"{self.origin}/lti/login"

    @property
    def launch_url(self) -> str:
        """Return the one redirect URI, which is the target of launches, too."""
        return f"{self.origin}/lti/launch"

    @property
    def deep_link_url(self) -> str:
        """Return the target of the dialog in which cases are chosen."""
        return f"{self.origin}/lti/deep-link"

    @property
    def keys_url(self) -> str:
        """Return where the tool's public keys are."""
        return f"{self.origin}/lti/jwks"

    @property
    def canvas_url(self) -> str:
        """Return where Canvas reads the tool's configuration."""
        return f"{self.origin}/lti/canvas.json"

    @property
    def icon_url(self) -> str:
        """Return a square picture."""
        return f"{self.origin}/static/icon.svg"
