import json
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from notebooks.kernels.sandboxes.seccomp import seccomp_profile, seccomp_program
from notebooks.kernels.sandboxes.system_calls import POLICY, ConditionalCall

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="makes calls by their x86-64 numbers"
)

SOCKET, IOCTL, CLONE, SIGCHLD = 41, 16, 56, 17
HIGH = 1 << 32
"""A bit of the register that the kernel does not look at in an `int`."""


def under_the_filter(argument: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", str(Path(__file__).with_name("filtered.py")), argument]
    return subprocess.run(
        command, input=seccomp_program(), capture_output=True, check=False, timeout=60
    )


def outcomes(*calls: tuple[int, ...]) -> list[str]:
    done = under_the_filter(json.dumps(calls))
    assert done.returncode == 0, done.stderr.decode()
    said: list[str] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        ((SOCKET, 1, 1, 0), "ok"),  # a unix socket
        ((SOCKET, 2, 1 | 0o2004000, 6), "ok"),  # TCP, SOCK_CLOEXEC | SOCK_NONBLOCK
        ((SOCKET, 10, 2, 0), "ok"),  # UDP
        ((SOCKET, 16, 3, 0), "ok"),  # NETLINK_ROUTE
        ((SOCKET, HIGH | 2, 1, 0), "ok"),  # the kernel sees AF_INET
        ((SOCKET, 16, 3, 9), "ENOSYS"),  # NETLINK_AUDIT
        ((SOCKET, 17, 3, 0), "ENOSYS"),  # AF_PACKET
        ((SOCKET, 38, 5, 0), "ENOSYS"),  # AF_ALG, the kernel's cryptography
        ((SOCKET, 40, 1, 0), "ENOSYS"),  # AF_VSOCK
        ((SOCKET, HIGH | 40, 1, 0), "ENOSYS"),
        ((SOCKET, 2, 3, 1), "ENOSYS"),  # raw ICMP
        ((SOCKET, 2, 1, 132), "ENOSYS"),  # SCTP, a module that the host would load
        ((SOCKET, 2, 6, 0), "ENOSYS"),  # DCCP, likewise
    ],
)
def test_only_sockets_that_a_network_namespace_holds_can_be_made(
    call: tuple[int, ...], outcome: str
) -> None:
    assert outcomes(call) == [outcome]


def test_typing_into_a_terminal_is_refused_however_the_request_is_written() -> None:
    for request in (0x5412, 0x541C):  # TIOCSTI, TIOCLINUX
        assert outcomes((IOCTL, 0, request, 0), (IOCTL, 0, HIGH | request, 0)) == ["ENOSYS"] * 2


def test_asking_about_a_terminal_is_allowed() -> None:
    assert outcomes((IOCTL, 0, 0x5401, 0)) == ["ENOTTY"]  # standard input is a pipe


@pytest.mark.parametrize("flag", [0x80, *(1 << bit for bit in (17, 25, 26, 27, 28, 29, 30))])
def test_no_namespace_comes_by_clone(flag: int) -> None:
    assert outcomes((CLONE, flag | SIGCHLD, 0, 0, 0, 0)) == ["ENOSYS"]


def test_calls_that_nobody_has_looked_at_do_not_exist() -> None:
    # clone3, whose flags no filter sees; cachestat; numbers of kernels to come.
    assert outcomes((435, 0, 0), (451, 0, 0), (480,), (1000,)) == ["ENOSYS"] * 4


def test_calls_that_govern_are_refused_with_a_plain_no() -> None:
    # mount, unshare, bpf, io_uring_setup, open_tree, userfaultfd, perf_event_open, ptrace.
    numbers = (165, 272, 321, 425, 428, 323, 298, 101)
    assert outcomes(*((number, 0, 0, 0, 0, 0) for number in numbers)) == ["EPERM"] * len(numbers)


def test_no_personality_can_be_taken_on() -> None:
    read_implies_exec, no_randomisation, linux32 = 0x0400000, 0x0040000, 0x0008
    calls = ((135, value) for value in (read_implies_exec, no_randomisation, linux32))
    assert outcomes(*calls) == ["EPERM"] * 3


def test_a_call_of_a_32_bit_program_ends_the_process() -> None:
    assert under_the_filter("int80").returncode == -signal.SIGSYS


def test_a_call_of_the_x32_abi_ends_the_process() -> None:
    assert under_the_filter(json.dumps([(0x40000000 | 39,)])).returncode == -signal.SIGSYS


def test_container_engines_are_given_the_same_policy() -> None:
    profile = json.loads(seccomp_profile())
    assert (profile["defaultAction"], profile["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 38)
    assert profile["architectures"] == ["SCMP_ARCH_X86_64"]
    always, never, absent, *sometimes = profile["syscalls"]
    assert (absent["names"], absent["errnoRet"]) == (["clone3"], 38)
    assert always == {"names": list(POLICY.allowed), "action": "SCMP_ACT_ALLOW"}
    assert (never["names"], never["errnoRet"]) == (list(POLICY.refused), 1)
    vsock_or_packet = {
        argument["valueTwo"]
        for rule in sometimes
        if rule["names"] == ["socket"]
        for argument in rule["args"]
        if argument["index"] == 0
    } & {40, 17}
    assert vsock_or_packet == set()
    assert {argument["op"] for rule in sometimes for argument in rule["args"]} == {
        "SCMP_CMP_MASKED_EQ"
    }


def test_every_call_stands_in_one_list_only() -> None:
    conditional = {call.name for call in POLICY.conditional}
    names = [*POLICY.allowed, *POLICY.refused, *conditional, "clone3"]
    assert len(names) == len(set(names))


def test_alternatives_look_at_an_argument_once() -> None:
    """Container engines take two conditions on one argument as alternatives, not as both."""

    def looked_at(call: ConditionalCall) -> list[int]:
        return [condition.index for condition in call.conditions]

    assert all(len(looked_at(call)) == len(set(looked_at(call))) for call in POLICY.conditional)
    assert all(not c.value & ~c.mask for call in POLICY.conditional for c in call.conditions)
