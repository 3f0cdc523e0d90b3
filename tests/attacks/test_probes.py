"""One piece of code tries every door of a sandbox; a table says what each try must meet."""

import json
import socket
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from notebooks.kernels.records import Limits
from tests.attacks.conftest import Hosts
from tests.attacks.targets import CHECKOUT, EACH_TARGET, SECRET, Target

pytestmark = pytest.mark.parametrize("target", EACH_TARGET, scope="module")

MEGABYTE = 1024 * 1024
LIMITS = Limits(memory_bytes=512 * MEGABYTE, home_bytes=32 * MEGABYTE, run_seconds=60)
PROBES = Path(__file__).parent / "inside" / "probes.py"

VARIABLES = {
    "HOME", "LANG", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH", "PWD",
    "PYTHONDONTWRITEBYTECODE", "USER",
    # Of the program that runs the cells, and what IPython sets.
    "IPYTHONDIR", "MPLBACKEND", "PYTHONHASHSEED", "JPY_PARENT_PID", "JPY_SESSION_NAME", "TERM",
    "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "PAGER", "GIT_PAGER", "PYDEVD_USE_FRAME_EVAL",
}  # fmt: skip

OF_PROGRAMS = {"PYTHONPATH", "CASEBOOK_STREAM_CHARACTERS"}
"""What the program that runs the cells is told, and takes out before it runs any."""

OF_THE_IMAGE = {
    "/boot", "/etc/hostname", "/etc/ssl", "/proc/kcore", "/run", "/sys/fs/cgroup", "/sys/kernel",
    "/usr/local", "/usr/share/doc", "/var",
}  # fmt: skip
"""What a container has of its image's own, or what the engine shows in the place of the host's."""


@pytest.fixture(scope="module")
def found(target: Target, hosts: Hosts) -> Any:
    """What came of every try, beside a host that listens and a neighbour that works."""
    host = hosts.of(target)
    before = host.held()
    abstract = uuid4().hex
    place = host.world / "host.sock"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as hidden,
        socket.socket(socket.AF_UNIX) as named,
    ):
        hidden.bind(f"\0{abstract}")
        named.bind(str(place))
        place.chmod(0o777)
        hidden.listen()
        named.listen()
        config = {
            "port": server.getsockname()[1],
            "abstract": abstract,
            "unix": str(place),
            "secret": str(host.world / "state" / "secret"),
            "key": str(host.world / "state" / "certificates" / "key.pem"),
            "checkout": str(CHECKOUT / "setup.cfg"),
        }
        source = f"CONFIG = {json.dumps(config)!r}\n{PROBES.read_text()}"
        told = host.begin(target.place, source, limits=LIMITS).told(90)
    place.unlink()
    assert told.outcome == "ok", told
    host.neighbour_answers()
    host.end()
    assert host.left_over(before) == set()
    return json.loads(told.text)


def tries(found: dict[str, Any], kind: str) -> dict[str, str]:
    return {name: what for name, what in found.items() if name.startswith(f"{kind} ")}


def succeeded(tried: dict[str, str]) -> dict[str, str]:
    return {name: what for name, what in tried.items() if what.startswith("done")}


def test_it_has_no_rights_at_all(found: dict[str, Any]) -> None:
    assert found["uid"] >= 1000
    assert 0 not in found["groups"]
    assert found["capabilities"] == ["0" * 16] * 5
    assert found["no_new_privs"] == "1"
    assert int(found["seccomp"]) == 2


def test_no_rights_can_be_gained(found: dict[str, Any]) -> None:
    gains = {**tries(found, "become"), **tries(found, "raise"), **tries(found, "take")}
    assert len(gains) == 13
    assert succeeded(gains) == {}


def test_nobody_can_be_reached(found: dict[str, Any]) -> None:
    reached = tries(found, "network")
    assert len(reached) == 9
    assert succeeded(reached) == {}
    assert set(found["interfaces"]) <= {"lo"}


def test_no_socket_passes_the_network_namespace(found: dict[str, Any]) -> None:
    made = tries(found, "socket")
    assert len(made) == 9
    assert set(made.values()) <= {"ENOSYS", "EPERM"}, made


def test_calls_that_govern_are_refused_before_the_kernel_looks_at_them(
    found: dict[str, Any],
) -> None:
    calls = tries(found, "call")
    assert len(calls) == 46
    assert {name: what for name, what in calls.items() if what not in {"EPERM", "ENOSYS"}} == {}


def test_files_of_the_host_are_not_there(target: Target, found: dict[str, Any]) -> None:
    read = tries(found, "read")
    assert len(read) == 22
    shown = succeeded(read)
    if target.contained:
        assert {name.removeprefix("read ") for name in shown} <= OF_THE_IMAGE
        assert shown["read /etc/hostname"].startswith("done: b'casebook")
    else:
        assert shown == {}
    assert SECRET not in json.dumps(found)


def test_nothing_of_ours_or_the_systems_can_be_written(found: dict[str, Any]) -> None:
    written = tries(found, "write")
    assert len(written) == 22
    assert succeeded(written) == {}


def test_files_can_be_made_in_three_sized_places_only(found: dict[str, Any]) -> None:
    assert sorted(found["writable"]) == ["/dev/shm", "/home/student", "/tmp"]


def test_it_sees_only_its_own_processes(target: Target, found: dict[str, Any]) -> None:
    processes = found["processes"]
    # What may not be looked into seems to be root's: bwrap, as process 1.
    users = {user for number, (user, _) in processes.items() if number != "1" or target.contained}
    assert users == {found["uid"]}
    # In a container an init, and two shells that start the program and wait for our word.
    assert len(processes) == (4 if target.contained else 2), processes
    assert found["alive after killing process 1"] is True


def test_nothing_tells_of_the_host_that_started_it(target: Target, found: dict[str, Any]) -> None:
    assert set(found["variables"]) <= VARIABLES
    of_process_1 = found.get("process 1's environment", "").split("\0")[:-1]
    if target.contained:
        assert {variable.partition("=")[0] for variable in of_process_1} <= VARIABLES | OF_PROGRAMS
    else:
        assert of_process_1 in ([], ["PWD=/"])
    # How the jail was made is not for its inmates: bwrap has that by a descriptor.
    assert "bind" not in found["arguments"]


def test_it_holds_no_descriptor_of_the_hosts(found: dict[str, Any]) -> None:
    own = ("socket:", "pipe:", "anon_inode:", "/dev/null", "/proc/", "/home/student", "/tmp")
    assert [what for what in found["descriptors"] if not what.startswith(own)] == []


def test_disks_are_small(found: dict[str, Any]) -> None:
    assert 0 < found["fill /home/student/big"] <= LIMITS.home_bytes
    assert 0 < found["fill /tmp/big"] <= 64 * MEGABYTE
    assert 0 < found["fill /dev/shm/big"] <= 64 * MEGABYTE


def test_a_crash_hands_no_memory_to_a_helper_of_the_hosts(found: dict[str, Any]) -> None:
    """With a limit of 0 a host whose core pattern is a pipe would still be given the memory."""
    assert found["core_limit"] == [1, 1]
