"""A platform that tools register themselves at, as Moodle and others describe themselves."""

import json
from typing import Any

from tests.fakes.server import Fault, Reply, Seen

PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"


class RegisteringPlatform:
    """Answers with what a test set, and remembers what it was sent; `serve` gives it a port."""

    def __init__(self) -> None:
        self.origin = ""
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []
        self.says: dict[str, Any] = {}
        """What differs in the platform's configuration; None leaves a member out."""
        self.answers: dict[str, Any] = {
            "client_id": "client-1",
            TOOL_CONFIGURATION: {"deployment_id": "7"},
        }

    @property
    def configuration_url(self) -> str:
        return f"{self.origin}/configuration"

    def configuration(self) -> dict[str, Any]:
        usual = {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "jwks_uri": f"{self.origin}/jwks",
            "registration_endpoint": f"{self.origin}/register",
            PLATFORM_CONFIGURATION: {"product_family_code": "moodle"},
        }
        return {name: value for name, value in (usual | self.says).items() if value is not None}

    def answer(self, seen: Seen) -> Reply:
        if seen.path == "/configuration":
            return Reply(body=json.dumps(self.configuration()).encode())
        if seen.path == "/register" and seen.method == "POST":
            return Reply(body=json.dumps({**seen.json, **self.answers}).encode())
        return Reply(404)

    def fault_for(self, seen: Seen) -> Fault | None:
        for fault in self.faults:
            if fault.path in seen.path and fault.times > 0:
                fault.times -= 1
                return fault
        return None
