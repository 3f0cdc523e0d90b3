"""The LMS of `serve.py` as a process, and people who go between it and the tool with a browser."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.conformance.choosing import Form
from tests.conformance.launching import Browser
from tests.peers import peer

OPEN_EDX = ("lti-consumer-xblock==11.4.4", "cryptography==50.0.2")


@dataclass(frozen=True)
class Block:
    """A block in the course that opens the tool, with what an author copies out of Studio."""

    id: int
    location: str
    client_id: str
    keyset_url: str
    token_url: str
    authorization_url: str


@dataclass(frozen=True)
class OpenEdx:
    """The running LMS."""

    origin: str

    def add_block(
        self, tool: str, *, ags: str = "programmatic", deep_linking: bool = False
    ) -> Block:
        """Place the tool in the course, with the settings that an author chooses."""
        said = {
            "title": "Wine",
            "weight": 20,
            "tool": tool,
            "ags": ags,
            "custom": {} if deep_linking else {"case": "wine"},
            "deep_linking": deep_linking,
        }
        answer = httpx.post(f"{self.origin}/test/blocks", json=said, timeout=20, trust_env=False)
        answer.raise_for_status()
        return Block(**answer.json())

    def state(self, block: Block) -> dict[str, Any]:
        """Return the grades, line items and content that the LMS has of a block."""
        url = f"{self.origin}/test/blocks/{block.id}/state"
        found: dict[str, Any] = httpx.get(url, timeout=20, trust_env=False).json()
        return found

    def launch(
        self, block: Block, browser: Browser, person: str, *, deep_link: bool = False
    ) -> httpx.Response:
        """Open a block as a person does; return what the tool answers to the launch."""
        query = "?deep_link=1" if deep_link else ""
        start = self._get(f"{self.origin}/test/blocks/{block.id}/launch{query}", person)
        login = browser.get(start.headers["Location"])
        assert login.status_code == 302, login.text
        asked = self._get(login.headers["Location"], person)
        assert asked.status_code == 200, f"{asked.status_code}: {asked.text}"
        form = Form(asked.text)
        return browser.post(form.action, {name: one for name, [one] in form.fields.items()})

    def send(self, url: str, token: str, person: str) -> httpx.Response:
        """Post the tool's answer in a dialog back to the LMS."""
        return httpx.post(
            url, data={"JWT": token}, cookies={"person": person}, timeout=20, trust_env=False
        )

    def _get(self, url: str, person: str) -> httpx.Response:
        return httpx.get(url, cookies={"person": person}, timeout=20, trust_env=False)


@contextmanager
def running(folder: Path) -> Iterator[OpenEdx]:
    """Run the LMS with its files in a folder.

    Raises:
        PeerUnavailableError: its code cannot be installed here.
    """
    command = [str(peer(*OPEN_EDX).python), str(Path(__file__).with_name("serve.py")), str(folder)]
    with (folder / "lms.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            origin = process.stdout.readline().strip()
            assert origin, (folder / "lms.log").read_text()
            yield OpenEdx(origin)
        finally:
            process.kill()
            process.wait(timeout=20)
            if process.stdout is not None:
                process.stdout.close()
