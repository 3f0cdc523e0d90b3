"""One worker, forked from a process that had the application loaded and in use."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.lti_tool.site import Site

PROGRAM = """
from lti_tool.app import create_app
from lti_tool.wiring import EXTENSION
import uuid

app = create_app()
# As bad as it gets: the parent's tailer runs before the fork.
app.extensions[EXTENSION].live.subscribe(uuid.uuid4(), after=0).close()
"""


@pytest.fixture
def gunicorn(site: Site, tmp_path: Path) -> Iterator[str]:
    (tmp_path / "preloaded.py").write_text(PROGRAM)
    assert site.settings.database_url
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        sys.executable, "-m", "gunicorn", "--preload", "--worker-class", "gthread",
        "--workers", "1", "--threads", "4", "--graceful-timeout", "1", "--bind", address,
        "--pythonpath", str(tmp_path), "preloaded:app",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "DATABASE_URL": site.settings.database_url.get_secret_value(),
        "CASEBOOK_STATE_DIR": str(site.settings.state_dir),
    }
    server = subprocess.Popen(command, env=environment, cwd=Path.cwd())
    try:
        _wait_for(f"http://{address}/healthz")
        yield f"http://{address}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(15)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"{url} does not answer")


def test_a_worker_forked_from_a_running_parent_follows_the_journal_itself(
    site: Site, gunicorn: str
) -> None:
    launched = site.launch()
    with httpx.stream(
        "GET", f"{gunicorn}{launched.api}/events", headers=launched.bearer, timeout=30
    ) as response:
        lines = response.iter_lines()
        assert next(lines) == "retry: 1000"
        site.happen(launched, 5)
        assert "id: 1" in [next(lines) for _ in range(4)]
