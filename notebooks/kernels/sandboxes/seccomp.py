"""Which system calls a sandbox may make: everything ordinary programs need, nothing that governs.

A filter is compiled once, to the BPF program that bwrap installs before it starts anything. libzmq
needs INET sockets and NETLINK_ROUTE although there is no network; AF_VSOCK and AF_PACKET are not
covered by a network namespace and are therefore refused here.
"""

import errno
import functools
import socket
import tempfile

import pyseccomp  # type: ignore[import-untyped] # it has no types

# fmt: off
_REFUSED = (
    # Other processes' memory and files.
    "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_madvise",
    # Mounts and namespaces.
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "unshare", "setns", "open_tree_attr",
    "statmount", "listmount",
    # Large or young parts of the kernel, which have had many holes.
    "io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "userfaultfd",
    "perf_event_open", "memfd_secret", "keyctl", "add_key", "request_key", "fanotify_init",
    "lookup_dcookie", "nfsservctl",
    # The machine.
    "init_module", "finit_module", "delete_module", "create_module", "kexec_load",
    "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd",
    "syslog", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "stime", "iopl",
    "ioperm", "modify_ldt", "vhangup", "sethostname", "setdomainname", "uselib", "ustat",
    "sysfs", "_sysctl", "vm86", "vm86old", "personality", "name_to_handle_at",
    "open_by_handle_at", "migrate_pages", "move_pages",
)
# fmt: on

# Calls that an older libseccomp cannot name; their numbers are the same on every architecture.
_NUMBERS = {
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "statmount": 457,
    "listmount": 458,
    "open_tree_attr": 467,
}
_NUMBERS["memfd_secret"] = 447  # apart, since bandit takes such a key in a table for a password
_CLONE3 = 435

_ALLOWED_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
_LAST_FAMILY = 64

# CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
_NAMESPACE_FLAGS = (
    0x00000080,
    0x00020000,
    0x02000000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
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
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_INT = 0xFFFFFFFF


@functools.cache
def seccomp_program() -> bytes:
    """Return the compiled filter, in the form that `bwrap --seccomp FD` reads."""
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in _REFUSED:
        call = _resolve(name)
        if call is not None:
            rules.add_rule(refuse, call)
    # glibc falls back to clone, whose flags can be seen, only on ENOSYS.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), _resolve("clone3") or _CLONE3)
    for flag in _NAMESPACE_FLAGS:
        rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    for request in (_TIOCSTI, _TIOCLINUX):
        rules.add_rule(refuse, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _INT, request))
    for maker in ("socket", "socketpair"):
        _refuse_families(rules, maker, refuse)
    return _compiled(rules)


@functools.cache
def copies_program() -> bytes:
    """Return a filter to be added where copies of one process wait beside another.

    It keeps a process from leaving anything on another one that is no signal, and from making
    objects that outlive it.
    """
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
    for name in _LASTING:
        call = _resolve(name)
        if call is not None:
            rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), call)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name, place in _OF_OTHERS:
        call = _resolve(name)
        if call is not None:
            rules.add_rule(refuse, call, pyseccomp.Arg(place, pyseccomp.NE, 0))
    for name, itself in _PRIORITIES:
        rules.add_rule(refuse, name, pyseccomp.Arg(0, pyseccomp.NE, itself))
    rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_IO, _CLONE_IO))
    return _compiled(rules)


def _compiled(rules: pyseccomp.SyscallFilter) -> bytes:
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _refuse_families(rules: pyseccomp.SyscallFilter, call: str, refuse: int) -> None:
    for family in range(_LAST_FAMILY + 1):
        if family not in _ALLOWED_FAMILIES:
            rules.add_rule(refuse, call, pyseccomp.Arg(0, pyseccomp.EQ, family))
    # Also catches values with bits above the 32 that the kernel looks at.
    rules.add_rule(refuse, call, pyseccomp.Arg(0, pyseccomp.GT, _LAST_FAMILY))
    rules.add_rule(
        refuse,
        call,
        pyseccomp.Arg(0, pyseccomp.EQ, int(socket.AF_NETLINK)),
        pyseccomp.Arg(2, pyseccomp.NE, 0),  # NETLINK_ROUTE
    )


def _resolve(name: str) -> int | None:
    try:
        number: int = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    except (ValueError, OSError, RuntimeError):
        return _NUMBERS.get(name)
    # Negative: the call does not exist on this architecture.
    return number if number >= 0 else _NUMBERS.get(name)
