"""The llm process as it is started, called by other processes with their certificates."""

import asyncio
import os
import signal
import ssl
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
from llm.errors import UnavailableError
from lti_tool.cli import main
from tests.llm.contract import Contract, prompt
from tests.llm.serving import client, engines, serving, wait_until_ready
from tests.llm.tiny_model import tiny_model


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with serving(tmp_path_factory.mktemp("llm") / "state", tiny_model(), threads=1) as settings:
        yield settings


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
    wait_until_ready(served)
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
