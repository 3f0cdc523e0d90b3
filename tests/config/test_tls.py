import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest

from config.certificates import (
    Authority,
    ensure_authority,
    ensure_issued,
    issue,
    renew_due,
)
from config.errors import CertificateError
from config.roles import Action, Role, may
from config.tls import ClientContexts, ServerContexts, peer_role, server_context

WEEK = timedelta(days=7)
TIMEOUT = 5


class _AnswersWithRole(BaseRequestHandler):
    def handle(self) -> None:
        connection = self.request
        assert isinstance(connection, ssl.SSLSocket)
        try:
            answer = peer_role(connection.getpeercert()).value
        except CertificateError:
            answer = "nobody"
        connection.sendall(answer.encode())


class _Listener(ThreadingTCPServer):
    daemon_threads = True
    context: ssl.SSLContext

    def get_request(self) -> tuple[Any, Any]:
        plain, address = self.socket.accept()
        plain.settimeout(TIMEOUT)
        return self.context.wrap_socket(plain, server_side=True), address

    def handle_error(self, *_: object) -> None:
        return


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return ensure_authority(tmp_path / "authority")


@pytest.fixture
def runner(tmp_path: Path, authority: Authority) -> Path:
    issue(authority, Role.RUNNER, tmp_path / "runner", WEEK)
    return tmp_path / "runner"


@pytest.fixture
def port(runner: Path) -> Iterator[int]:
    with _Listener(("127.0.0.1", 0), _AnswersWithRole) as listener:
        listener.context = server_context(runner)
        thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield listener.server_address[1]
        listener.shutdown()
        thread.join(TIMEOUT)


def _ask(port: int, context: ssl.SSLContext, name: str = "localhost") -> tuple[str, bytes]:
    """Return the listener's answer and its certificate."""
    with (
        socket.create_connection(("127.0.0.1", port), TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        answer = connection.recv(100).decode()
        certificate = connection.getpeercert(binary_form=True)
    assert certificate is not None
    return answer, certificate


def test_a_listener_learns_the_role_of_its_caller(
    port: int, authority: Authority, tmp_path: Path
) -> None:
    for role in (Role.WORKER, Role.WEB):
        issue(authority, role, tmp_path / role, WEEK)
        answer, _ = _ask(port, ClientContexts(tmp_path / role).get())
        assert answer == role


def test_the_web_process_may_attend_to_kernels_but_not_execute() -> None:
    assert may(Role.WORKER, Action.RUNNER_EXECUTE)
    assert not may(Role.WEB, Action.RUNNER_EXECUTE)
    assert may(Role.WEB, Action.RUNNER_ATTEND)
    assert not may(Role.RUNNER, Action.RUNNER_ATTEND)
    assert not may(Role.WEB, Action.LLM_GENERATE)


def test_a_caller_without_a_certificate_is_refused(port: int, runner: Path) -> None:
    context = ssl.create_default_context(cafile=str(runner / "current" / "ca.pem"))
    with pytest.raises(ssl.SSLError, match="certificate required"):
        _ask(port, context)


def test_a_caller_with_an_expired_certificate_is_refused(
    port: int, authority: Authority, tmp_path: Path
) -> None:
    issue(authority, Role.WORKER, tmp_path / "worker", timedelta(seconds=-1))
    with pytest.raises(ssl.SSLError, match="certificate expired"):
        _ask(port, ClientContexts(tmp_path / "worker").get())


def test_a_caller_of_a_foreign_authority_is_refused_and_refuses(
    port: int, authority: Authority, tmp_path: Path
) -> None:
    foreign = ensure_authority(tmp_path / "foreign")
    generation = issue(foreign, Role.WORKER, tmp_path / "worker", WEEK)
    with pytest.raises(ssl.SSLCertVerificationError):
        _ask(port, ClientContexts(tmp_path / "worker").get())
    ours = issue(authority, Role.WORKER, tmp_path / "ours", WEEK)
    (generation / "ca.pem").write_bytes((ours / "ca.pem").read_bytes())
    with pytest.raises(ssl.SSLError, match="unknown ca"):
        _ask(port, ClientContexts(tmp_path / "worker").get())


def test_a_role_that_has_no_listener_cannot_pose_as_one(
    authority: Authority, tmp_path: Path
) -> None:
    issue(authority, Role.WEB, tmp_path / "web", WEEK)
    issue(authority, Role.WORKER, tmp_path / "worker", WEEK)
    server = server_context(tmp_path / "web")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    listening = server.wrap_bio(incoming, outgoing, server_side=True)
    to_client, from_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    calling = (
        ClientContexts(tmp_path / "worker")
        .get()
        .wrap_bio(to_client, from_client, server_hostname="localhost")
    )
    with pytest.raises(ssl.SSLWantReadError):
        calling.do_handshake()
    incoming.write(from_client.read())
    with pytest.raises(ssl.SSLWantReadError):
        listening.do_handshake()
    to_client.write(outgoing.read())
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        calling.do_handshake()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_running_listener_serves_a_renewed_certificate(
    port: int, authority: Authority, runner: Path, tmp_path: Path, name: str
) -> None:
    issue(authority, Role.WORKER, tmp_path / "worker", WEEK)
    contexts = ClientContexts(tmp_path / "worker")
    _, before = _ask(port, contexts.get(), name)
    assert _ask(port, contexts.get(), name)[1] == before
    issue(authority, Role.RUNNER, runner, WEEK)
    answer, after = _ask(port, contexts.get(), name)
    assert answer == "worker"
    assert after != before


def test_a_caller_takes_a_new_context_only_when_its_certificate_changed(
    authority: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "runner"
    issue(authority, Role.RUNNER, folder, WEEK)
    for contexts in (ClientContexts(folder), ServerContexts(folder)):
        first = contexts.get()
        assert contexts.get() is first
        issue(authority, Role.RUNNER, folder, WEEK)
        assert contexts.get() is not first


def test_a_missing_certificate_is_named(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="no usable certificate"):
        ClientContexts(tmp_path / "nobody").get()


def test_a_certificate_is_renewed_after_two_thirds_of_its_life(
    authority: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "worker"
    assert renew_due(folder)
    assert ensure_issued(authority, Role.WORKER, folder, WEEK)
    assert not ensure_issued(authority, Role.WORKER, folder, WEEK)
    issue(authority, Role.WORKER, folder, timedelta(seconds=2))  # five of its seconds lie behind
    assert renew_due(folder)
    issue(authority, Role.WORKER, folder, timedelta(seconds=30))
    assert not renew_due(folder)


def test_a_certificate_of_another_authority_is_replaced(
    authority: Authority, tmp_path: Path
) -> None:
    issue(ensure_authority(tmp_path / "foreign"), Role.WORKER, tmp_path / "worker", WEEK)
    assert ensure_issued(authority, Role.WORKER, tmp_path / "worker", WEEK)
    assert not renew_due(tmp_path / "worker", authority)


def test_old_generations_are_pruned_and_keys_are_private(
    authority: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "worker"
    for _ in range(4):
        newest = issue(authority, Role.WORKER, folder, WEEK)
    assert len(list(folder.glob("generation-*"))) == 2
    assert (folder / "current").resolve() == newest.resolve()
    for key in (newest / "key.pem", tmp_path / "authority" / "key.pem"):
        assert key.stat().st_mode & 0o077 == 0


def test_an_authority_whose_key_others_may_read_is_not_used(
    authority: Authority, tmp_path: Path
) -> None:
    assert ensure_authority(tmp_path / "authority").certificate == authority.certificate
    (tmp_path / "authority" / "key.pem").chmod(0o644)
    with pytest.raises(CertificateError, match="chmod 600"):
        ensure_authority(tmp_path / "authority")


@pytest.mark.parametrize(
    "names",
    [
        (),
        (("DNS", "localhost"),),
        (("URI", "casebook://role/king"),),
        (("URI", "casebook://role/web"), ("URI", "casebook://role/worker")),
        (("URI", "https://elsewhere/web"),),
    ],
)
def test_a_certificate_without_exactly_one_known_role_is_nobodys(names: tuple[Any, ...]) -> None:
    with pytest.raises(CertificateError):
        peer_role({"subjectAltName": names})
    with pytest.raises(CertificateError):
        peer_role(None)
