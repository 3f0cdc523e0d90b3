import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from config.certificates import ensure_authority, issue
from config.roles import Role
from config.settings import Settings

APP = """
import os
made_in = os.getpid()
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    ours = str(os.getpid() == made_in)
    return [ours.encode() if environ["PATH_INFO"] == "/made-here" else b"hello"]
"""

Serve = Callable[[Settings], int]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    started: list[subprocess.Popen[bytes]] = []
    (tmp_path / "trivial.py").write_text(APP)

    def serve(settings: Settings) -> int:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn", "trivial:app"],
            env={**os.environ, **settings.as_environment(), "PYTHONPATH": str(tmp_path)},
        )
        started.append(process)
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", settings.tool_port)) == 0:
                    return settings.tool_port
            assert time.monotonic() < deadline
            time.sleep(0.05)

    yield serve
    for process in started:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_the_tool_is_served_on_its_port_of_loopback(serve: Serve, settings: Settings) -> None:
    port = serve(settings)
    assert httpx.get(f"http://127.0.0.1:{port}/", timeout=10).text == "hello"


def test_the_application_is_made_once_for_all_workers(serve: Serve, settings: Settings) -> None:
    port = serve(settings)
    assert httpx.get(f"http://127.0.0.1:{port}/made-here", timeout=10).text == "False"


def test_a_public_listener_serves_a_replaced_certificate_without_restart(
    serve: Serve, settings: Settings, tmp_path: Path
) -> None:
    authority = ensure_authority(tmp_path / "authority")
    folder = tmp_path / "public"
    issue(authority, Role.RUNNER, folder, timedelta(days=1))
    port = serve(
        settings.model_copy(
            update={
                "tls_certificate": folder / "current" / "cert.pem",
                "tls_key": folder / "current" / "key.pem",
            }
        )
    )
    context = ssl.create_default_context(cafile=str(folder / "current" / "ca.pem"))

    def served() -> bytes | None:
        with (
            socket.create_connection(("127.0.0.1", port), 10) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            return connection.getpeercert(binary_form=True)

    before = served()
    issue(authority, Role.RUNNER, folder, timedelta(days=1))
    assert served() != before
    answer = httpx.get(f"https://localhost:{port}/", verify=context, timeout=10)
    assert answer.text == "hello"
