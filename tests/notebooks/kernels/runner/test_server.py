import asyncio
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import httpx
import pytest

from config.certificates import ensure_authority, issue
from config.paths import runtime_dir
from config.roles import Role
from config.settings import Settings
from config.tls import ClientContexts
from notebooks.errors import KernelError
from notebooks.kernels import calls
from notebooks.kernels.client import RunnerAttendant, RunnerClient
from notebooks.kernels.errors import (
    KernelBusyError,
    KernelMissingError,
    RunnerRefusedError,
    RunnerUnreachableError,
    RunUnknownError,
)
from notebooks.kernels.records import (
    AskValue,
    CodePosition,
    Completion,
    Finished,
    Inspection,
    KernelSpec,
    Limits,
    OutputSet,
    Question,
    ReplayCell,
    ReplayRequest,
    RunEvent,
    RunRequest,
    Variables,
)
from notebooks.kernels.values import Int
from tests.environments import shared_environments_dir

pytestmark = pytest.mark.sandbox

Answer = TypeVar("Answer", Completion, Inspection, Variables)

LIFETIME = timedelta(hours=1)


@dataclass
class Runner:
    """A runner process and how to reach it."""

    settings: Settings
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return self.settings.runner_url

    def folder(self, role: Role) -> Path:
        return self.settings.certificates_dir / role


def start(settings: Settings) -> Runner:
    program = [sys.executable, "-m", "tests.notebooks.kernels.runner.runner_process"]
    process = subprocess.Popen([*program, settings.model_dump_json()])
    runner = Runner(settings, process)
    context = ClientContexts(runner.folder(Role.OPERATOR)).get()
    deadline = time.monotonic() + 60
    with httpx.Client(verify=context, trust_env=False) as client:
        while True:
            try:
                assert client.get(f"{runner.url}/casebook/health").json() == {"ok": True}
            except httpx.TransportError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return runner


def stop(runner: Runner) -> None:
    runner.process.send_signal(signal.SIGTERM)
    assert runner.process.wait(timeout=20) == 0


@pytest.fixture(scope="module")
def runner_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(
        state_dir=tmp_path_factory.mktemp("runner"),
        environments_dir_override=shared_environments_dir(),
        runner_port_override=20000 + os.getpid() % 10000,
    )
    authority = ensure_authority(settings.certificates_dir / "authority")
    for role in Role:
        issue(authority, role, settings.certificates_dir / role, LIFETIME)
    return settings


@pytest.fixture(scope="module")
def runner(runner_settings: Settings) -> Iterator[Runner]:
    started = start(runner_settings)
    yield started
    stop(started)


@pytest.fixture
async def client(runner: Runner) -> AsyncIterator[RunnerClient]:
    async with RunnerClient(runner.folder(Role.WORKER)) as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "PATIENCE_SECONDS", 0.3)


async def collect(
    client: RunnerClient, url: str, attempt: str, run: str, after: int = 0
) -> list[RunEvent]:
    return [event async for event in client.events(url, attempt, run, after)]


async def test_a_run_is_started_followed_read_again_and_acknowledged(
    runner: Runner, client: RunnerClient, environment: str
) -> None:
    attempt, run = uuid4().hex, uuid4().hex
    spec = KernelSpec(environment=environment)
    status = await client.ensure_kernel(runner.url, attempt, spec)
    assert status.state == "starting"
    request = RunRequest(run_id=run, source="print('hello')\n6 * 7")
    await client.start_run(runner.url, attempt, request)
    await client.start_run(runner.url, attempt, request)
    events = await collect(client, runner.url, attempt, run)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    texts = [event.body.output for event in events if isinstance(event.body, OutputSet)]
    assert [output.text or output.data["text/plain"] for output in texts] == ["hello\n", "42"]
    assert events[-1].body == Finished(outcome="ok", execution_count=1)
    assert await collect(client, runner.url, attempt, run, after=2) == events[2:]
    await client.acknowledge(runner.url, attempt, run, 2)
    assert await collect(client, runner.url, attempt, run) == events[2:]
    await client.kill(runner.url, attempt)
    assert await client.status(runner.url, attempt) is None


async def test_events_arrive_live_and_web_can_stop_the_run(
    runner: Runner, client: RunnerClient, environment: str
) -> None:
    attempt, run = uuid4().hex, uuid4().hex
    await client.ensure_kernel(runner.url, attempt, KernelSpec(environment=environment))
    source = "import time\nprint('on', flush=True)\ntime.sleep(60)"
    await client.start_run(runner.url, attempt, RunRequest(run_id=run, source=source))
    attendant = RunnerAttendant(runner.folder(Role.WEB))
    outcome = ""
    async for event in client.events(runner.url, attempt, run):
        if event.body.kind == "output" and not outcome:
            with pytest.raises(KernelBusyError):
                await client.start_run(runner.url, attempt, RunRequest(run_id="b", source="1"))
            outcome = "stopping"
            await asyncio.to_thread(attendant.stop, runner.url, attempt)
        if isinstance(event.body, Finished):
            outcome = event.body.outcome
    assert outcome == "stopped"
    found = await until(lambda: attendant.complete(runner.url, attempt, place("time.slee")))
    assert (found.matches, found.start, found.end) == (("sleep",), 5, 9)
    described = await until(lambda: attendant.inspect(runner.url, attempt, place("time.sleep")))
    assert "seconds" in described.text
    listed = await until(lambda: attendant.variables(runner.url, attempt))
    assert listed.variables == ()
    status = attendant.status(runner.url, attempt)
    assert status is not None
    assert status.state == "idle"
    attendant.close()
    await client.kill(runner.url, attempt)


def place(code: str) -> CodePosition:
    return CodePosition(code=code, cursor=len(code))


async def until(call: Callable[[], Answer]) -> Answer:
    """Try a call with a budget of 300 ms until it is kept; the machine may be busy."""
    for _ in range(40):
        try:
            found = await asyncio.to_thread(call)
        except KernelError:
            continue
        if found != type(found)() or isinstance(found, Variables):
            return found
    raise AssertionError("there was no answer in time")


async def test_web_can_restart_a_kernel_and_the_worker_hears_of_deaths(
    runner: Runner, client: RunnerClient, environment: str
) -> None:
    attempt = uuid4().hex
    start = await client.changes(runner.url, "", 0)
    before = await client.ensure_kernel(runner.url, attempt, KernelSpec(environment=environment))
    attendant = RunnerAttendant(runner.folder(Role.WEB))
    await asyncio.to_thread(attendant.restart, runner.url, attempt)
    after = await client.status(runner.url, attempt)
    assert after is not None
    assert after.kernel_id not in {None, before.kernel_id}
    with pytest.raises(KernelMissingError):
        await asyncio.to_thread(attendant.restart, runner.url, "unknown")
    attendant.close()
    hearing = asyncio.create_task(client.changes(runner.url, start.epoch, start.last))
    await client.kill(runner.url, attempt)
    (change,) = (await hearing).changes
    assert (change.attempt_id, change.status.kernel_id) == (attempt, after.kernel_id)


async def test_errors_come_back_as_what_they_are(runner: Runner, client: RunnerClient) -> None:
    attempt = uuid4().hex
    with pytest.raises(KernelMissingError):
        await client.start_run(runner.url, attempt, RunRequest(run_id="a", source="1"))
    with pytest.raises(RunUnknownError):
        await collect(client, runner.url, attempt, "unknown")
    with pytest.raises(RunnerRefusedError) as caught:
        await client._send("PUT", f"{runner.url}/casebook/kernels/a", Limits())
    assert caught.value.status == 422


async def test_a_replay_is_done_once_for_two_who_ask(
    runner: Runner, client: RunnerClient, environment: str
) -> None:
    request = ReplayRequest(
        replay_id=uuid4().hex,
        spec=KernelSpec(environment=environment),
        cells=(ReplayCell(id="a", source="import time\nx = time.time_ns()"),),
        questions=(Question(id="q", ask=AskValue(expression="x")),),
    )
    first, second = await asyncio.gather(
        client.replay(runner.url, request), client.at(runner.url).replay(request)
    )
    assert first == second
    assert isinstance(first.answers[0].value, Int)


@pytest.mark.usefixtures("impatient")
async def test_an_unreachable_runner_is_given_up_after_a_while(
    runner: Runner, unused_tcp_port: int
) -> None:
    async with RunnerClient(runner.folder(Role.WORKER)) as client:
        with pytest.raises(RunnerUnreachableError):
            await client.kill(f"https://localhost:{unused_tcp_port}", "a")


async def test_a_caller_without_a_certificate_is_refused(runner: Runner) -> None:
    authority = runner.folder(Role.WORKER) / "current" / "ca.pem"
    context = ssl.create_default_context(cafile=str(authority))
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        with pytest.raises((httpx.TransportError, ssl.SSLError)):
            await client.get(f"{runner.url}/casebook/health")


async def test_a_certificate_of_somebody_else_is_refused(runner: Runner, tmp_path: Path) -> None:
    stranger = ensure_authority(tmp_path / "authority")
    issue(stranger, Role.WORKER, tmp_path / "worker", LIFETIME)
    context = ssl.create_default_context(
        cafile=str(runner.folder(Role.WORKER) / "current" / "ca.pem")
    )
    current = tmp_path / "worker" / "current"
    context.load_cert_chain(current / "cert.pem", current / "key.pem")
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        with pytest.raises((httpx.TransportError, ssl.SSLError)):
            await client.get(f"{runner.url}/casebook/health")


@pytest.mark.parametrize(
    ("role", "method", "path", "expected"),
    [
        (Role.WEB, "PUT", "/casebook/kernels/a", 403),
        (Role.WEB, "POST", "/casebook/kernels/a/runs", 403),
        (Role.WEB, "GET", "/casebook/kernels/a/runs/b/events", 403),
        (Role.WEB, "POST", "/casebook/replays", 403),
        (Role.WEB, "GET", "/casebook/changes", 403),
        (Role.WORKER, "GET", "/casebook/changes?after=x", 422),
        (Role.WEB, "GET", "/casebook/kernels/a", 404),
        (Role.WEB, "GET", "/casebook/health", 200),
        (Role.LLM, "POST", "/casebook/kernels/a/stop", 403),
        (Role.LLM, "GET", "/casebook/health", 200),
        (Role.OPERATOR, "PUT", "/casebook/kernels/a", 422),
    ],
)
async def test_a_role_may_do_only_what_the_table_says(
    runner: Runner, role: Role, method: str, path: str, expected: int
) -> None:
    context = ClientContexts(runner.folder(role)).get()
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        reply = await client.request(method, f"{runner.url}{path}", content=b"{}")
    assert reply.status_code == expected
    assert expected == 200 or "error" in reply.json()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/contents",
        "/api/kernels",
        "/api/kernelspecs",
        "/api/sessions",
        "/api/terminals",
        "/api/status",
        "/api/shutdown",
        "/files/etc/passwd",
        "/login",
        "/lab",
        "/metrics",
        "/static/favicon.ico",
        "/casebook/unknown",
    ],
)
async def test_none_of_jupyter_servers_own_services_answers(runner: Runner, path: str) -> None:
    context = ClientContexts(runner.folder(Role.OPERATOR)).get()
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        assert (await client.get(f"{runner.url}{path}")).status_code == 404
        assert (await client.post(f"{runner.url}{path}")).status_code == 404


async def test_new_certificates_are_used_without_a_restart(
    runner: Runner, client: RunnerClient
) -> None:
    assert await client.health(runner.url)
    authority = ensure_authority(runner.settings.certificates_dir / "authority")
    for role in (Role.RUNNER, Role.WORKER):
        issue(authority, role, runner.folder(role), LIFETIME)
    assert await client.health(runner.url)
    assert len(client._clients) == 2


def sandboxes_of(settings: Settings) -> list[str]:
    return [path.name for path in (runtime_dir(settings) / "k").glob("*")]


async def test_a_killed_runner_leaves_no_sandbox_and_its_successor_sweeps(
    runner_settings: Settings, environment: str, tmp_path: Path, unused_tcp_port: int
) -> None:
    settings = runner_settings.model_copy(
        update={"state_dir": tmp_path, "runner_port_override": unused_tcp_port}
    )
    (tmp_path / "certificates").symlink_to(runner_settings.certificates_dir)
    first = await asyncio.to_thread(start, settings)
    attempt, run = uuid4().hex, uuid4().hex
    spec = KernelSpec(environment=environment)
    async with RunnerClient(first.folder(Role.WORKER)) as client:
        await client.ensure_kernel(first.url, attempt, spec)
        source = "import time; time.sleep(60)"
        await client.start_run(first.url, attempt, RunRequest(run_id=run, source=source))
        async for _ in client.events(first.url, attempt, run):
            break
        assert len(sandboxes_of(settings)) == 1
        first.process.kill()
        first.process.wait()
        second = await asyncio.to_thread(start, settings)
        assert sandboxes_of(settings) == []
        with pytest.raises(RunUnknownError):
            await collect(client, second.url, attempt, run)
        assert (await client.ensure_kernel(second.url, attempt, spec)).state == "starting"
    await asyncio.to_thread(stop, second)
    assert sandboxes_of(settings) == []
