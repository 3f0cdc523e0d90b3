"""Writes down the policy on system calls for whoever installs it: as BPF, and as engines' JSON."""

import errno
import functools
import json
import platform
import tempfile
from collections.abc import Iterator

import pyseccomp  # type: ignore[import-untyped] # it has no types

from notebooks.kernels.sandboxes.system_calls import NEWER_NUMBERS, POLICY, Policy

_ARCHITECTURES = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}
_BINARY_TREE = 2
"""libseccomp's optimisation that finds a call in few steps, where the kernel caches no answers."""

# System V and POSIX objects with names of their own.
_LASTING = ("shmget", "semget", "msgget", "mq_open", "mq_unlink")
# Calls that change a process named by this argument; 0 is the caller.
_OF_OTHERS = (
    ("prlimit64", 0),
    ("sched_setaffinity", 0),
    ("sched_setscheduler", 0),
    ("sched_setparam", 0),
    ("sched_setattr", 0),
    ("setpriority", 1),
    ("ioprio_set", 1),
)
# The first argument says that the second is a process.
_PRIORITIES = (("setpriority", 0), ("ioprio_set", 1))
_CLONE_IO = 0x80000000


@functools.cache
def seccomp_program(policy: Policy = POLICY) -> bytes:
    """Return the compiled filter: an array of `struct sock_filter`.

    `bwrap --seccomp FD` and prctl(PR_SET_SECCOMP) take it as it is.

    Raises:
        OSError: libseccomp refuses a rule.
    """
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ERRNO(errno.ENOSYS))
    rules.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    rules.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, _BINARY_TREE)
    for number in _numbers(policy.allowed):
        rules.add_rule(pyseccomp.ALLOW, number)
    for number in _numbers(policy.refused):
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), number)
    for call in policy.conditional:
        arguments = (
            pyseccomp.Arg(condition.index, pyseccomp.MASKED_EQ, condition.mask, condition.value)
            for condition in call.conditions
        )
        for number in _numbers((call.name,)):
            rules.add_rule(pyseccomp.ALLOW, number, *arguments)
    return _compiled(rules)


@functools.cache
def copies_program() -> bytes:
    """Return a filter to be added where copies of one process wait beside another.

    It keeps a process from leaving anything on another one that is no signal, and from making
    objects that outlive it.
    """
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
    for number in _numbers(_LASTING):
        rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), number)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name, place in _OF_OTHERS:
        for number in _numbers((name,)):
            rules.add_rule(refuse, number, pyseccomp.Arg(place, pyseccomp.NE, 0))
    for name, itself in _PRIORITIES:
        rules.add_rule(refuse, name, pyseccomp.Arg(0, pyseccomp.NE, itself))
    rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_IO, _CLONE_IO))
    return _compiled(rules)


def _compiled(rules: pyseccomp.SyscallFilter) -> bytes:
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


@functools.cache
def seccomp_profile(policy: Policy = POLICY) -> str:
    """Return the same filter as the JSON that Docker and Podman read.

    It names this machine's own architecture only: the engines' libseccomp ends a process that makes
    a call of another.
    """
    refused = {"names": policy.refused, "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EPERM}
    # Docker before version 23 knows no other error number than EPERM for what is not listed, and
    # glibc makes threads without clone3 on this one only.
    absent = {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOSYS}
    conditional = (
        {
            "names": [call.name],
            "action": "SCMP_ACT_ALLOW",
            "args": [
                {
                    "index": condition.index,
                    "op": "SCMP_CMP_MASKED_EQ",
                    "value": condition.mask,
                    "valueTwo": condition.value,
                }
                for condition in call.conditions
            ],
        }
        for call in policy.conditional
    )
    profile = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": errno.ENOSYS,
        "architectures": [_ARCHITECTURES[platform.machine()]],
        "syscalls": [
            {"names": policy.allowed, "action": "SCMP_ACT_ALLOW"},
            refused,
            absent,
            *conditional,
        ],
    }
    return json.dumps(profile)


def _numbers(names: tuple[str, ...]) -> Iterator[int]:
    """Yield the numbers of those calls that this architecture has."""
    for name in names:
        try:
            number: int = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
        except (ValueError, OSError, RuntimeError):
            number = -1
        if number < 0:
            number = NEWER_NUMBERS.get(name, -1)
        if number >= 0:
            yield number
