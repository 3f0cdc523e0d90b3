"""The llm process as `casebook up` starts it, for tests and benchmarks."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from config.certificates import ensure_authority, ensure_issued
from config.roles import Role
from config.settings import Settings
from config.tls import ClientContexts
from llm.engine.start import LAUNCH

READY_SECONDS = 300
ROLES = (Role.WEB, Role.WORKER, Role.RUNNER, Role.LLM, Role.OPERATOR)


@contextmanager
def serving(
    state: Path, model: Path, *, threads: int, slot_tokens: int = 2048
) -> Iterator[Settings]:
    """Serve a model with certificates as they are issued there; its log is `llm.log`."""
    settings = Settings(
        state_dir=state,
        port=_free_port(),
        llm_model=model,
        llm_threads=threads,
        llm_slot_tokens=slot_tokens,
    )
    authority = ensure_authority(settings.certificates_dir / "authority")
    for role in ROLES:
        ensure_issued(authority, role, settings.certificates_dir / role, timedelta(days=7))
    environment = {**os.environ, **settings.as_environment()}
    log = settings.state_dir / "llm.log"
    with log.open("w") as output:
        process = subprocess.Popen(LAUNCH.argv, env=environment, stdout=output, stderr=output)
    try:
        wait_until_ready(settings)
        (settings.state_dir / "llm.pid").write_text(str(process.pid))
        yield settings
    finally:
        left = engines(process.pid)
        process.terminate()
        process.wait(timeout=20)
    assert not [engine for engine in left if Path(f"/proc/{engine}").exists()]


def client(settings: Settings, role: Role) -> httpx.Client:
    """Return a client with the certificate of a role."""
    context = ClientContexts(settings.certificates_dir / role).get()
    return httpx.Client(base_url=settings.llm_url, verify=context, timeout=20, trust_env=False)


def wait_until_ready(settings: Settings) -> None:
    """Return when the model is loaded."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with client(settings, Role.OPERATOR) as http:
                if http.get("/health").json()["state"] == "ready":
                    return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError((settings.state_dir / "llm.log").read_text())


def engines(process: int) -> list[int]:
    """Return the ids of the engines that a process or its children run."""
    tasks = Path(f"/proc/{process}/task")
    children = [number for one in tasks.glob("*/children") for number in one.read_text().split()]
    found = []
    for child in map(int, children):
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        found += [child] if b"llm.engine.child" in command else engines(child)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port - 3
