"""Which system calls a sandbox may make, as data: what ordinary programs need, and no more.

A list of what is allowed, in the manner of the container engines' default profiles, so that a call
which a newer kernel brings is refused until somebody has looked at it. Beyond what the engines
refuse it leaves out whatever looks into other processes, and the large or young parts of the kernel
that have had many holes. `seccomp` compiles it for jails and grading children; a container engine
is given the same table as JSON.

A refused call fails with ENOSYS, on which programs fall back to older calls; one that governs the
machine or others fails with EPERM, which tells a curious student the truth.
"""

import socket
from dataclasses import dataclass
from typing import Final

_INT = 0xFFFFFFFF
"""The bits of an `int` argument: the kernel drops the upper half of the register, so must we."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds if the argument at `index` (from 0), under `mask`, is `value`."""

    index: int
    value: int
    mask: int = _INT


@dataclass(frozen=True, slots=True)
class ConditionalCall:
    """A call that is allowed if all conditions hold; several records of a call are alternatives."""

    name: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a filter says to each system call; whatever is in none of the lists fails with ENOSYS.

    Only the machine's own calls exist: those of another architecture (32-bit programs, x32) end
    the process.
    """

    allowed: tuple[str, ...]
    conditional: tuple[ConditionalCall, ...]
    refused: tuple[str, ...]
    """Fail with EPERM."""


# fmt: off
_ALLOWED = (
    # Files and folders.
    "access", "chdir", "chmod", "chown", "close", "close_range", "copy_file_range", "creat", "dup",
    "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod",
    "fchmodat", "fchmodat2", "fchown", "fchownat", "fcntl", "fdatasync", "fgetxattr", "flistxattr",
    "flock", "fremovexattr", "fsetxattr", "fstat", "fstatfs", "fsync", "ftruncate", "futimesat",
    "getcwd", "getdents", "getdents64", "getxattr", "inotify_add_watch", "inotify_init",
    "inotify_init1", "inotify_rm_watch", "lchown", "lgetxattr", "link", "linkat", "listxattr",
    "llistxattr", "lremovexattr", "lseek", "lsetxattr", "lstat", "mkdir", "mkdirat", "mknod",
    "mknodat", "newfstatat", "open", "openat", "openat2", "pread64", "preadv", "preadv2",
    "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv",
    "removexattr", "rename", "renameat", "renameat2", "rmdir", "sendfile", "setxattr", "splice",
    "stat", "statfs", "statx", "symlink", "symlinkat", "sync", "sync_file_range", "syncfs", "tee",
    "truncate", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimes", "vmsplice", "write",
    "writev",
    # Memory.
    "brk", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "mincore", "mlock",
    "mlock2", "mlockall", "mmap", "mprotect", "mremap", "mseal", "msync", "munlock", "munlockall",
    "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect",
    # Processes, threads and their own rights.
    "arch_prctl", "capget", "capset", "execve", "execveat", "exit", "exit_group", "fork",
    "futex", "futex_requeue", "futex_wait", "futex_waitv", "futex_wake", "get_robust_list",
    "get_thread_area", "getcpu", "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp",
    "getpid", "getppid", "getpriority", "getresgid", "getresuid", "getrlimit", "getrusage",
    "getsid", "gettid", "getuid", "ioprio_get", "ioprio_set", "kill", "landlock_add_rule",
    "landlock_create_ruleset", "landlock_restrict_self", "pidfd_open", "pidfd_send_signal",
    "prctl", "prlimit64", "restart_syscall", "rseq", "sched_get_priority_max",
    "sched_get_priority_min", "sched_getaffinity", "sched_getattr", "sched_getparam",
    "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity", "sched_setattr",
    "sched_setparam", "sched_setscheduler", "sched_yield", "seccomp", "set_robust_list",
    "set_thread_area", "set_tid_address", "setfsgid", "setfsuid", "setgid", "setgroups",
    "setpgid", "setpriority", "setregid", "setresgid", "setresuid", "setreuid", "setrlimit",
    "setsid", "setuid", "sysinfo", "tgkill", "time", "times", "tkill", "uname", "vfork", "wait4",
    "waitid",
    # Signals and time.
    "alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "gettimeofday",
    "nanosleep", "pause", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo",
    "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo", "setitimer",
    "sigaltstack", "signalfd", "signalfd4", "timer_create", "timer_delete", "timer_getoverrun",
    "timer_gettime", "timer_settime", "timerfd_create", "timerfd_gettime", "timerfd_settime",
    # Waiting, pipes and sockets (whose families are below).
    "accept", "accept4", "bind", "connect", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "getpeername",
    "getrandom", "getsockname", "getsockopt", "listen", "pipe", "pipe2", "poll", "ppoll",
    "pselect6", "recvfrom", "recvmmsg", "recvmsg", "select", "sendmmsg", "sendmsg", "sendto",
    "setsockopt", "shutdown",
    # What processes of one sandbox share.
    "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink",
    "msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop", "shmat",
    "shmctl", "shmdt", "shmget",
)

_REFUSED = (
    # Other processes' memory and files.
    "kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace",
    # Mounts, namespaces, and files by handle.
    "chroot", "fsconfig", "fsmount", "fsopen", "fspick", "listmount", "mount", "mount_setattr",
    "move_mount", "name_to_handle_at", "open_by_handle_at", "open_tree", "open_tree_attr",
    "pivot_root", "setns", "statmount", "umount2", "unshare",
    # Large or young parts of the kernel, which have had many holes.
    "add_key", "bpf", "fanotify_init", "fanotify_mark", "io_uring_enter", "io_uring_register",
    "io_uring_setup", "keyctl", "lookup_dcookie", "memfd_secret", "modify_ldt", "nfsservctl",
    "perf_event_open", "request_key", "userfaultfd",
    # The machine.
    "_sysctl", "acct", "adjtimex", "clock_adjtime", "clock_settime", "create_module",
    "delete_module", "finit_module", "get_mempolicy", "init_module", "ioperm", "iopl",
    "kexec_file_load", "kexec_load", "mbind", "migrate_pages", "move_pages", "personality",
    "quotactl", "quotactl_fd", "reboot", "set_mempolicy", "setdomainname", "sethostname",
    "settimeofday", "swapoff", "swapon", "sysfs", "syslog", "uselib", "ustat", "vhangup",
)

_IOCTLS = (
    # Terminals, as far as a program asks about them or has a pseudo-terminal of its own. TIOCSTI
    # and TIOCLINUX, which type for others, are not among them.
    0x5401, 0x5402, 0x5403, 0x5404, 0x5409, 0x540A, 0x540B,  # TCGETS … TCFLSH
    0x802C542A, 0x402C542B, 0x402C542C, 0x402C542D,  # TCGETS2, TCSETS2, TCSETSW2, TCSETSF2
    0x540E, 0x540F, 0x5410, 0x5411, 0x5413, 0x5414,  # TIOCSCTTY … TIOCSWINSZ
    0x5422, 0x5429, 0x80045430, 0x40045431, 0x5441,  # TIOCNOTTY, TIOCGSID, TIOCGPTN … TIOCGPTPEER
    # Descriptors: FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, FIOASYNC.
    0x541B, 0x5421, 0x5450, 0x5451, 0x5452,
    # Copies of files: FICLONE, FICLONERANGE, FS_IOC_FIEMAP.
    0x40049409, 0x4020940D, 0xC020660B,
    # Network interfaces, to read: name, list, flags, address, … and SIOCATMARK.
    0x8905, 0x8910, 0x8912, 0x8913, 0x8915, 0x8919, 0x891B, 0x8921, 0x8927, 0x8933,
)
# fmt: on

_CLONE_NAMESPACES = 0x7E020080
"""CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET together."""

_SOCKET_KIND = 0xF
"""The bits of a socket's type beside SOCK_CLOEXEC and SOCK_NONBLOCK."""
_NETLINK_ROUTE = 0

NEWER_NUMBERS: Final = {
    "memfd_" + "secret": 447,  # in two words, since scanners take such a key for a password
    "map_shadow_stack": 453,
    "futex_wake": 454,
    "futex_wait": 455,
    "futex_requeue": 456,
    "fchmodat2": 452,
    "statmount": 457,
    "listmount": 458,
    "mseal": 462,
    "open_tree_attr": 467,
}
"""Calls that an older libseccomp cannot name; their numbers are the same on every architecture."""


def _sockets() -> tuple[ConditionalCall, ...]:
    """Return the sockets that there may be.

    libzmq needs INET ones and NETLINK_ROUTE although there is no network. Kinds and protocols are
    named, since asking for a rare one makes the host load its module. AF_VSOCK and others are in no
    network namespace: they would reach beyond it.
    """
    internet = (
        ConditionalCall(
            "socket",
            (Condition(0, family), Condition(1, kind, _SOCKET_KIND), Condition(2, protocol)),
        )
        for family in (socket.AF_INET, socket.AF_INET6)
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        for protocol in (0, socket.IPPROTO_TCP, socket.IPPROTO_UDP)
    )
    return (
        ConditionalCall("socket", (Condition(0, socket.AF_UNIX),)),
        ConditionalCall("socketpair", (Condition(0, socket.AF_UNIX),)),
        ConditionalCall("socket", (Condition(0, socket.AF_NETLINK), Condition(2, _NETLINK_ROUTE))),
        *internet,
    )


POLICY: Final = Policy(
    allowed=_ALLOWED,
    conditional=(
        # glibc's threads come by clone3 where it exists. Its flags lie in memory, where no filter
        # can see them; it is in no list, and on ENOSYS glibc takes clone.
        ConditionalCall("clone", (Condition(0, 0, _CLONE_NAMESPACES),)),
        *(ConditionalCall("ioctl", (Condition(1, request),)) for request in _IOCTLS),
        *_sockets(),
    ),
    refused=_REFUSED,
)
"""The one policy of every sandbox, whoever makes it."""
