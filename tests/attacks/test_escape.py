import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

import pytest

from config.paths import runtime_dir
from config.settings import Settings
from notebooks.kernels.records import KernelSpec, Limits
from notebooks.kernels.sandboxes.base import CODE, Program
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from tests.environments import shared_environments_dir

pytestmark = pytest.mark.sandbox

MEGABYTE = 1024 * 1024


async def try_out(settings: Settings, environment: str, port: int, name: str) -> dict[str, Any]:
    launcher = BwrapLauncher(settings, runtime_dir(settings))
    probes = launcher.publish(Path(__file__).with_name("probes.py"), PurePosixPath("attacks"))
    secret = settings.state_dir / "secret"
    secret.write_text("the host's secret")
    place = CODE / "probes.py"
    program = Program(
        arguments=(str(place), str(port), str(secret), name), code=((probes, place),), piped=True
    )
    limits = Limits(memory_bytes=512 * MEGABYTE, home_bytes=32 * MEGABYTE)
    spec = KernelSpec(environment=environment, limits=limits)
    sandbox = await launcher.start(spec, program, launcher.new_uid())
    assert sandbox.answers is not None
    try:
        async with asyncio.timeout(60):
            said = await sandbox.answers.read()
        assert said, sandbox.last_words()
        found: dict[str, Any] = json.loads(said)
        return found
    finally:
        await sandbox.close()
        launcher.close()


@pytest.fixture(scope="module")
def found(environment: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What came of every try, with a host that listens on a port and an abstract socket."""
    settings = Settings(
        state_dir=tmp_path_factory.mktemp("attack"),
        environments_dir_override=shared_environments_dir(),
    )
    name = uuid4().hex
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as hidden:
        hidden.bind(f"\0{name}")
        hidden.listen()
        port = server.getsockname()[1]
        yield asyncio.run(try_out(settings, environment, port, name))


def test_it_has_no_rights_at_all(found: dict[str, Any]) -> None:
    assert found["uid"] >= 1000
    assert found["capabilities"] == ["0" * 16] * 5
    assert found["no_new_privs"] == "1"
    assert found["seccomp"] == "2"
    assert found["setuid"].startswith("errno")
    assert found["userns"] != 0
    assert found["su"] != 0


@pytest.mark.parametrize("name", ["internet", "metadata", "host_port", "dns", "abstract_socket"])
def test_nobody_can_be_reached(found: dict[str, Any], name: str) -> None:
    assert found[name].startswith("errno")
    assert found["interfaces"] == ["lo"]


@pytest.mark.parametrize("name", ["vsock", "packet", "netlink_audit"])
def test_no_socket_passes_the_network_namespace(found: dict[str, Any], name: str) -> None:
    assert found[name] in {"errno 1", "errno 38"}


@pytest.mark.parametrize(
    "name",
    [
        "io_uring_setup", "bpf", "userfaultfd", "keyctl", "perf_event_open", "ptrace", "mount",
        "process_vm_readv", "unshare", "setns", "pidfd_getfd", "chroot", "add_key", "kexec_load",
        "open_by_handle_at", "move_mount",
    ],
)  # fmt: skip
def test_calls_that_govern_the_machine_are_refused(found: dict[str, Any], name: str) -> None:
    assert found[name] == "refused 1"


def test_new_namespaces_cannot_come_by_clone3(found: dict[str, Any]) -> None:
    assert found["clone3"] == "refused 38"


def test_host_files_are_not_there(found: dict[str, Any]) -> None:
    read = {name: result for name, result in found.items() if name.startswith("read ")}
    # An ordinary user's sandbox may look at its own process 1, which holds nothing.
    assert read.pop("read /proc/1/environ") in {"errno 13", r"b'PWD=/\x00'"}
    assert "work" not in read.pop("read /proc/1/root")
    assert len(read) == 7
    assert {name: result for name, result in read.items() if not result.startswith("errno")} == {}


def test_nothing_of_ours_or_the_systems_can_be_written(found: dict[str, Any]) -> None:
    written = {name: result for name, result in found.items() if name.startswith("write ")}
    assert len(written) == 6
    assert {name: got for name, got in written.items() if not got.startswith("errno")} == {}
    assert found["core_pattern"].startswith("errno")


def test_it_sees_and_signals_only_its_own_processes(found: dict[str, Any]) -> None:
    assert found["processes"] == [1, 2]
    assert found["signal_1"] == "errno 1"
    assert found["oom_score"].startswith("errno")


def test_the_environment_tells_nothing_of_the_host(found: dict[str, Any]) -> None:
    assert found["environment"] == [
        "HOME", "LANG", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH",
        "PWD", "PYTHONDONTWRITEBYTECODE", "USER",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["/home/student/big", "/tmp/big", "/dev/shm/big"])
def test_disks_are_small(found: dict[str, Any], place: str) -> None:
    assert found[f"fill {place}"] <= 64 * MEGABYTE
