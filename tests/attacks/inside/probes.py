"""A student's code that tries to get out or at others; prints what came of each try as JSON.

Runs as a cell, in kernels and replays; CONFIG is put before it: what the host has that nobody
inside may reach. Calls are made by their x86-64 numbers.
"""

import contextlib
import ctypes
import errno
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess  # nosec B404 - an attack
import sys
import sysconfig

config = json.loads(CONFIG)  # type: ignore[name-defined] # noqa: F821 - put before this
libc = ctypes.CDLL(None, use_errno=True)
found: dict[str, object] = {}

SIGCHLD, NEWUSER, NEWNET = 17, 0x10000000, 0x40000000
AT_FDCWD = -100
MIB = 1024 * 1024


def attempt(name: str, action: object) -> None:
    try:
        result = action()  # type: ignore[operator]
    except OSError as error:
        found[name] = errno.errorcode.get(error.errno or 0, type(error).__name__)
    except ValueError as error:
        found[name] = str(error)
    else:
        found[name] = f"done: {result!r:.200}"


def syscall(number: int, *arguments: object) -> object:
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    if number in {56, 57, 435} and result == 0:
        os._exit(0)  # a copy of this process that should not be
    return result


def connect(address: tuple[str, int], family: int = socket.AF_INET) -> None:
    with contextlib.closing(socket.socket(family)) as made:
        made.settimeout(3)
        made.connect(address)


def datagram(address: tuple[str, int]) -> None:
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as made:
        made.sendto(b"x", address)


def unix(address: str) -> None:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as made:
        made.connect(address)


def read(path: str) -> object:
    entry = pathlib.Path(path)
    return [item.name for item in entry.iterdir()] if entry.is_dir() else entry.read_bytes()[:100]


def write(path: str, text: str = "x") -> None:
    with open(path, "w") as file:  # noqa: PTH123 - an attack
        file.write(text)


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise OSError(errno.EPERM, "it failed")


def own_status() -> dict[str, str]:
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def fill(path: str) -> int:
    written = 0
    try:
        with pathlib.Path(path).open("wb") as file:
            while written < 512 * MIB:
                written += file.write(b"x" * MIB)
                file.flush()
    except OSError:
        pass
    with contextlib.suppress(OSError):
        pathlib.Path(path).unlink()
    return written


def writable_mounts() -> list[str]:
    """Every mount, however it is written down, in which a file can really be made."""
    lines = pathlib.Path("/proc/self/mounts").read_text().splitlines()
    return [place for place in (line.split()[1] for line in lines) if takes_a_file(place)]


def takes_a_file(place: str) -> bool:
    try:
        with open(f"{place}/made-by-an-attack", "x"):  # noqa: PTH123 - an attack
            return True
    except OSError:
        return False


status = own_status()
found["writable"] = writable_mounts()
found["uid"] = os.getuid()
found["groups"] = os.getgroups()
found["capabilities"] = [
    status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
]
found["no_new_privs"] = status["NoNewPrivs"]
found["seccomp"] = status["Seccomp"]
found["variables"] = dict(os.environ)
found["processes"] = {
    name: [(entry := pathlib.Path("/proc") / name).stat().st_uid, (entry / "comm").read_text()]
    for name in read("/proc")  # type: ignore[attr-defined]
    if name.isdigit()
}
found["interfaces"] = [name for _, name in socket.if_nameindex()]
found["core_limit"] = resource.getrlimit(resource.RLIMIT_CORE)
found["arguments"] = pathlib.Path("/proc/1/cmdline").read_bytes().decode()
found["descriptors"] = sorted(
    os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")  # noqa: PTH115, PTH208 - an attack
    if os.path.islink(f"/proc/self/fd/{fd}")  # noqa: PTH114 - an attack
)  # fmt: skip

# The network, and sockets that are in no network namespace.
attempt("network internet", lambda: connect(("1.1.1.1", 80)))
attempt("network internet by IPv6", lambda: connect(("2606:4700:4700::1111", 80), socket.AF_INET6))
attempt("network metadata", lambda: connect(("169.254.169.254", 80)))
attempt("network datagram", lambda: datagram(("1.1.1.1", 53)))
attempt("network host's loopback", lambda: connect(("127.0.0.1", config["port"])))
attempt("network name service", lambda: socket.getaddrinfo("example.org", 80))
attempt("network abstract socket", lambda: unix("\0" + config["abstract"]))
attempt("network host's unix socket", lambda: unix(config["unix"]))
attempt("network docker.sock", lambda: unix("/run/docker.sock"))
attempt("socket vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
attempt("socket packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("socket raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("socket ping", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1))
attempt("socket sctp", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132))
attempt("socket audit", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9))
attempt("socket kernel cryptography", lambda: socket.socket(38, socket.SOCK_SEQPACKET))
attempt("socket bluetooth", lambda: socket.socket(31, socket.SOCK_RAW))
attempt("socket can", lambda: socket.socket(29, socket.SOCK_RAW))

# Calls that govern: with arguments that would do something, where that does no harm.
path = ctypes.c_char_p(b"/tmp")
handle = (ctypes.c_uint32 * 34)(128)
uring = (ctypes.c_uint32 * 30)()
attempt("call unshare user", lambda: syscall(272, NEWUSER))
attempt("call unshare net", lambda: syscall(272, NEWNET))
attempt("call clone user", lambda: syscall(56, NEWUSER | SIGCHLD, 0, 0, 0, 0))
attempt("call clone3", lambda: syscall(435, 0, 0))
attempt("call setns", lambda: syscall(308, os.open("/proc/self/ns/net", 0), 0))
attempt("call mount", lambda: syscall(165, path, path, 0, 4096, 0))
attempt("call umount", lambda: syscall(166, path, 2))
attempt("call pivot_root", lambda: syscall(155, path, path))
attempt("call chroot", lambda: syscall(161, path))
attempt("call open_tree", lambda: syscall(428, AT_FDCWD, path, 1))
attempt("call move_mount", lambda: syscall(429, AT_FDCWD, path, AT_FDCWD, path, 0))
attempt("call fsopen", lambda: syscall(430, ctypes.c_char_p(b"tmpfs"), 0))
attempt("call mount_setattr", lambda: syscall(442, AT_FDCWD, path, 0, 0, 0))
attempt("call statmount", lambda: syscall(457, 0, 0, 0, 0))
attempt("call name_to_handle_at", lambda: syscall(303, AT_FDCWD, path, handle, handle, 0))
attempt("call open_by_handle_at", lambda: syscall(304, AT_FDCWD, handle, 0))
attempt("call ptrace attach", lambda: syscall(101, 16, 1, 0, 0))
attempt("call process_vm_readv", lambda: syscall(310, 1, 0, 0, 0, 0, 0))
attempt("call process_vm_writev", lambda: syscall(311, 1, 0, 0, 0, 0, 0))
attempt("call pidfd_getfd", lambda: syscall(438, os.pidfd_open(os.getpid()), 0, 0))
attempt("call kcmp", lambda: syscall(312, os.getpid(), os.getpid(), 0, 0, 0))
attempt("call io_uring_setup", lambda: syscall(425, 1, uring))
attempt("call io_setup", lambda: syscall(206, 1, ctypes.byref(ctypes.c_uint64())))
attempt("call bpf", lambda: syscall(321, 0, 0, 0))
attempt("call userfaultfd", lambda: syscall(323, 1))
attempt("call perf_event_open", lambda: syscall(298, (ctypes.c_uint32 * 32)(), 0, -1, -1, 0))
attempt("call keyctl", lambda: syscall(250, 0, -3, 1))
attempt("call add_key", lambda: syscall(248, path, path, path, 4, -3))
attempt("call request_key", lambda: syscall(249, path, path, 0, 0))
attempt("call memfd_secret", lambda: syscall(447, 0))
attempt("call fanotify_init", lambda: syscall(300, 0, 0))
attempt("call personality", lambda: syscall(135, 0x0040000))
attempt("call modify_ldt", lambda: syscall(154, 0, 0, 0))
attempt("call iopl", lambda: syscall(172, 0))
attempt("call syslog", lambda: syscall(103, 10, 0, 0))
attempt("call kexec_load", lambda: syscall(246, 0, 0, 0, 0))
attempt("call init_module", lambda: syscall(175, 0, 0, path))
attempt("call reboot", lambda: syscall(169, 0, 0, 0, 0))
attempt("call swapon", lambda: syscall(167, path, 0))
attempt("call acct", lambda: syscall(163, 0))
attempt("call quotactl", lambda: syscall(179, 0x80000100, 0, 0, 0))
attempt("call sethostname", lambda: syscall(170, path, 4))
attempt("call clock_settime", lambda: syscall(227, 0, 0))
attempt("call mbind", lambda: syscall(237, 0, 0, 0, 0, 0, 0))
attempt("call cachestat", lambda: syscall(451, 0, 0, 0, 0))
attempt("call of a kernel to come", lambda: syscall(999, 0))

# Files of the host, of ours, of the system.
for place in (config["secret"], config["key"], config["checkout"], "/etc/shadow", "/etc/hostname",
              "/root/.ssh", "/sys/fs/cgroup", "/sys/kernel", "/proc/1/mem", "/proc/kcore",
              "/proc/kmsg", "/dev/mem", "/dev/kvm", "/dev/fuse", "/dev/sda", "/dev/vda",
              "/var", "/run", "/boot", "/usr/local", "/usr/share/doc", "/etc/ssl"):  # fmt: skip
    attempt(f"read {'HOST ' if place in config.values() else ''}{place}", lambda p=place: read(p))
for place in ("/etc/x", "/usr/bin/x", "/usr/lib/x", "/x", "/casebook/x", f"{sys.prefix}/x",
              f"{sys.base_prefix}/x", sysconfig.get_path("purelib") + "/x", "/dev/x",
              "/home/student/data/x", "/home/student/data/table.csv",
              "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger",
              "/proc/self/uid_map",
              "/proc/1/oom_score_adj", "/etc/passwd"):  # fmt: skip
    name = place.replace(sys.base_prefix, "BASE").replace(sys.prefix, "PREFIX")
    attempt(f"write {name}", lambda p=place: write(p))
attempt("write over python", lambda: os.replace("/etc/passwd", "/home/student/p"))  # noqa: PTH105 - an attack
attempt("write oom_score_adj", lambda: write("/proc/self/oom_score_adj", "-1000"))
attempt("write chmod of data", lambda: os.chmod("/home/student/data", 0o777))  # noqa: PTH101, S103 - an attack
attempt("write chmod of the environment", lambda: os.chmod(sys.prefix, 0o777))  # noqa: PTH101, S103 - an attack
attempt("write device", lambda: os.mknod("/tmp/vda", 0o60666, os.makedev(254, 0)))

# Rights.
attempt("become root", lambda: os.setuid(0))
attempt("become another group", lambda: os.setgroups([0]))
attempt("become another by setresuid", lambda: os.setresuid(0, 0, 0))
attempt("become root by su", lambda: run("/usr/bin/su", "-c", "id"))
attempt("become root by sudo", lambda: run("/usr/bin/sudo", "-n", "id"))
attempt(
    "become root by newuidmap", lambda: run("/usr/bin/newuidmap", str(os.getpid()), "0", "0", "1")
)
attempt("become root by unshare", lambda: run("/usr/bin/unshare", "-U", "-r", "true"))
attempt("become root by mount", lambda: run("/usr/bin/mount", "-t", "tmpfs", "none", "/tmp"))


def gain_by_setuid() -> None:
    """Start a shell that asks to keep the rights of a set-user-id file of root's."""
    shutil.copy("/usr/bin/id", "/tmp/id")
    os.chmod("/tmp/id", 0o6755)  # noqa: PTH101, S103 - an attack
    said = subprocess.run(["/tmp/id", "-u"], capture_output=True, check=False).stdout
    if said.strip() not in {b"", b"0"} or os.getuid() == 0:
        raise OSError(errno.EPERM, "nothing gained")


attempt("become root by a set-user-id copy", gain_by_setuid)
attempt("become capable", lambda: os.setxattr("/tmp/id", "security.capability", b"\x01" * 20))
attempt("raise the process limit", lambda: resource.setrlimit(
    resource.RLIMIT_NOFILE, (2**20, 2**20)))  # fmt: skip
attempt("take a higher priority", lambda: os.nice(-5))
attempt("take real-time scheduling", lambda: os.sched_setscheduler(
    0, os.SCHED_FIFO, os.sched_param(50)))  # fmt: skip

for place in ("/home/student/big", "/tmp/big", "/dev/shm/big"):
    found[f"fill {place}"] = fill(place)

# Another user's process 1 cannot be signalled; one's own ignores what it has no handler for.
with contextlib.suppress(OSError):
    os.kill(1, 9)
found["alive after killing process 1"] = pathlib.Path("/proc/1").exists()
with contextlib.suppress(OSError):
    found["process 1's environment"] = pathlib.Path("/proc/1/environ").read_bytes().decode()
print(json.dumps(found))  # noqa: T201 - the answer
