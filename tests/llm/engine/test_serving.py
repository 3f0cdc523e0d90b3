"""The llm process as it is started, called by other processes with their certificates."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from config.certificates import ensure_authority, ensure_issued
from config.roles import Role
from config.settings import Settings
from config.tls import ClientContexts
from llm.client import PROFILES, Backend, Limits, ServerModel
from llm.engine.start import LAUNCH
from llm.errors import UnavailableError
from lti_tool.cli import main
from tests.llm.contract import Contract, prompt
from tests.llm.tiny_model import tiny_model

READY_SECONDS = 60
ROLES = (Role.WEB, Role.WORKER, Role.RUNNER, Role.LLM, Role.OPERATOR)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The process, serving a tiny model, with certificates as `casebook up` issues them."""
    settings = Settings(
        state_dir=tmp_path_factory.mktemp("llm") / "state",
        port=_free_port(),
        llm_model=tiny_model(),
        llm_threads=1,
        llm_slot_tokens=2048,
    )
    authority = ensure_authority(settings.certificates_dir / "authority")
    for role in ROLES:
        ensure_issued(authority, role, settings.certificates_dir / role, timedelta(days=7))
    environment = {**os.environ, **settings.as_environment()}
    log = settings.state_dir / "llm.log"
    with log.open("w") as output:
        process = subprocess.Popen(LAUNCH.argv, env=environment, stdout=output, stderr=output)
    try:
        _wait_until_ready(settings, log)
        (settings.state_dir / "llm.pid").write_text(str(process.pid))
        yield settings
    finally:
        left = engines(process.pid)
        process.terminate()
        process.wait(timeout=20)
    assert not [engine for engine in left if Path(f"/proc/{engine}").exists()]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port - 3


def client(settings: Settings, role: Role) -> httpx.Client:
    context = ClientContexts(settings.certificates_dir / role).get()
    return httpx.Client(base_url=settings.llm_url, verify=context, timeout=20, trust_env=False)


def health(settings: Settings) -> dict[str, str]:
    with client(settings, Role.OPERATOR) as http:
        told: dict[str, str] = http.get("/health").json()
    return told


def _wait_until_ready(settings: Settings, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if health(settings)["state"] == "ready":
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def engines(process: int) -> list[int]:
    """Return the ids of the engines that a process or its children run."""
    tasks = Path(f"/proc/{process}/task")
    children = [number for one in tasks.glob("*/children") for number in one.read_text().split()]
    found = []
    for child in map(int, children):
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        found += [child] if b"llm.engine.child" in command else engines(child)
    return found


@pytest.fixture
async def model(served: Settings) -> AsyncIterator[ServerModel]:
    context = ClientContexts(served.certificates_dir / Role.WORKER).get()
    async with httpx.AsyncClient(base_url=served.llm_url, verify=context, trust_env=False) as http:
        yield ServerModel(http, PROFILES[Backend.XLLAMACPP], limits=Limits(tries=1, piece=20))


class TestContract(Contract):
    """What holds of the engine holds of it behind the process's door."""


@pytest.mark.parametrize("role", [Role.WEB, Role.RUNNER, Role.LLM])
def test_a_caller_of_another_role_is_refused(served: Settings, role: Role) -> None:
    with client(served, role) as http:
        refused = http.post("/v1/chat/completions", json={"messages": []})
        assert refused.status_code == 403
        assert role.value in refused.json()["error"]["message"]
        assert http.get("/health").status_code == 200


def test_a_caller_without_a_certificate_does_not_get_in(served: Settings) -> None:
    authority = served.certificates_dir / Role.WORKER / "current" / "ca.pem"
    context = ssl.create_default_context(cafile=str(authority))
    with pytest.raises(httpx.HTTPError), httpx.Client(verify=context, trust_env=False) as http:
        http.get(f"{served.llm_url}/health")


def test_a_caller_of_another_installation_does_not_get_in(served: Settings, tmp_path: Path) -> None:
    foreign = ensure_authority(tmp_path / "authority")
    ensure_issued(foreign, Role.WORKER, tmp_path / "worker", timedelta(days=7))
    context = ClientContexts(tmp_path / "worker").get()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(httpx.HTTPError), httpx.Client(verify=context, trust_env=False) as http:
        http.get(f"{served.llm_url}/health")


@pytest.mark.parametrize(("path", "status"), [("/slots", 404), ("/metrics", 404), ("/", 404)])
def test_nothing_else_of_the_engine_is_reached(served: Settings, path: str, status: int) -> None:
    with client(served, Role.OPERATOR) as http:
        assert http.get(path).status_code == status


def test_a_request_without_a_body_or_with_too_large_a_one_is_refused(served: Settings) -> None:
    with client(served, Role.WORKER) as http:
        assert http.post("/v1/chat/completions").status_code == 413
        large = b'{"messages": "' + b"x" * (2 * 1024 * 1024) + b'"}'
        assert http.post("/v1/chat/completions", content=large).status_code == 413


async def test_an_engine_that_dies_ends_what_it_wrote_and_is_started_again(
    served: Settings, model: ServerModel
) -> None:
    [engine] = engines(int((served.state_dir / "llm.pid").read_text()))

    async def read_and_kill() -> None:
        async for _ in model.stream(prompt("Count to a million.", max_tokens=1900)):
            with suppress(ProcessLookupError):
                os.kill(engine, signal.SIGKILL)
            await asyncio.sleep(0.2)

    with pytest.raises(UnavailableError):
        await read_and_kill()
    _wait_until_ready(served, served.state_dir / "llm.log")
    assert (await model.answer(prompt())).text
    assert engines(int((served.state_dir / "llm.pid").read_text())) != [engine]


def test_nothing_of_what_was_asked_is_in_the_log(served: Settings) -> None:
    said = (served.state_dir / "llm.log").read_text()
    assert "median" not in said
    assert "Bearer" not in said


def test_without_a_model_the_command_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEBOOK_STATE_DIR", str(tmp_path))
    done = CliRunner().invoke(main, ["llm", "serve"])
    assert done.exit_code == 1
    assert "set CASEBOOK_LLM_MODEL" in done.output
